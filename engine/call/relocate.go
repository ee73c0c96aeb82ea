package call

// relocate has the peer send its audio to another address of ours, by re-INVITE. In a
// call that is not up yet the 2xx says it, or what follows it; while another change is
// under way this one waits. Only with Now does what we say meanwhile show the new address:
// then nobody listens at the old one.
func (u *UA) relocate(l *leg, o Relocate) {
	if l.Media.Addr == o.Addr && l.Away == nil || l.State == early && l.SDP == nil {
		u.do(Relocated{Leg: l.ID, Addr: o.Addr}) // nothing has been said yet: Accept tells it
		return
	}
	if o.Now {
		l.Media.Addr = o.Addr
	}
	l.Away = &o.Addr
	u.goAway(l)
}

// goAway offers the address that the leg is to have, when its turn has come.
func (u *UA) goAway(l *leg) {
	switch {
	case l.Away == nil || l.Silent || l.State == early:
	case l.Change != nil || l.OK != nil || l.Updating != "":
		u.arm(l.owner(), "away", u.cfg.Timers.T1)
	default:
		m := l.Media
		m.Addr = *l.Away
		u.reinvite(l, Reinvite{Leg: l.ID, Media: m})
	}
}

// gone takes the peer's yes to what we offered.
func (u *UA) gone(l *leg) {
	if l.Away != nil && l.Media.Addr == *l.Away {
		u.atHome(l)
		u.do(Relocated{Leg: l.ID, Addr: l.Media.Addr})
	}
}

// stays takes its no: the call goes on as it is.
func (u *UA) stays(l *leg, why string) {
	if l.Away != nil && l.Change.Addr == *l.Away {
		u.atHome(l)
		u.refused(l.ID, "relocate", why)
		return
	}
	u.refused(l.ID, "reinvite", why)
}

func (u *UA) atHome(l *leg) {
	if l.Away != nil {
		l.Away = nil
		u.disarm(l.owner(), "away")
	}
}
