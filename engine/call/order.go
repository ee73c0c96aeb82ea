package call

// order carries out what a flow wants of a leg. One that does not fit is refused and
// changes nothing.
func (u *UA) order(in Input) {
	id, name := orderOf(in)
	if name == "" {
		return
	}
	u.mark(id)
	l := u.s.Legs[id]
	if l == nil || l.Silent {
		u.refused(id, name, "there is no such call")
		return
	}
	switch in := in.(type) {
	case Ring:
		u.ring(l, in)
	case Progress:
		u.progressed(l, in)
	case Accept:
		u.accept(l, in)
	case Reject:
		u.reject(l, in)
	case Hangup:
		u.hangup(l, in)
	case Reinvite:
		u.reinvite(l, in)
	case Relocate:
		u.relocate(l, in)
	}
}

func orderOf(in Input) (leg, name string) {
	switch in := in.(type) {
	case Ring:
		return in.Leg, "ring"
	case Progress:
		return in.Leg, "progress"
	case Accept:
		return in.Leg, "answer"
	case Reject:
		return in.Leg, "reject"
	case Hangup:
		return in.Leg, "hangup"
	case Reinvite:
		return in.Leg, "reinvite"
	case Relocate:
		return in.Leg, "relocate"
	}
	return "", ""
}
