package call

// bye takes the peer's BYE. Before our answer it ends an early dialog (RFC 3261
// §15.1.2); before the ACK of our 2xx, the repeating of that.
func (u *UA) bye(l *leg, f Flow, m *Message) {
	u.answer(f, m, 200)
	if l.State == early && !l.Dialed {
		u.final(l, 487, "", nil)
	}
	u.end(l, by(l.peer(), readReason(m, CauseByName("normal"))))
}

// sendBye says good-bye in a leg's dialog. The leg can be forgotten at once: the
// transaction goes on by itself.
func (u *UA) sendBye(l *leg, headers []Header) {
	m := u.inDialog(l, "BYE", 0)
	m.Headers = append(m.Headers, headers...)
	c := u.request(u.nextHop(l), m, toBye, l.ID)
	c.User, c.Password = l.User, l.Password
	u.s.Closing[l.Local.Tag] = c.Key
}

// hangup ends a leg however it stands.
func (u *UA) hangup(l *leg, o Hangup) {
	c := o.Cause.complete()
	headers := append([]Header{reasonHeader(c)}, extra(o.Headers)...)
	switch {
	case l.State == up && l.OK != nil && !l.Acked:
		// §15: a callee must not send BYE before the ACK. It follows then.
		l.Reason = headers
		u.tell(l, c)
	case l.State == up:
		u.sendBye(l, headers)
		u.end(l, c)
	case l.Dialed:
		u.giveUp(l, headers)
		u.tell(l, c)
	default:
		u.final(l, c.SIP, "", headers)
		u.end(l, c)
	}
}
