package call

// received sorts a message: response, ACK, repeated request, CANCEL, request within
// a dialog, request outside one.
func (u *UA) received(f Flow, m *Message) {
	switch {
	case m.Status != 0:
		u.responded(m)
		return
	case m.Method == "ACK":
		u.ack(f, m)
		return
	}
	s := u.s.Servers[serverKey(m, m.Method)]
	switch {
	case s != nil:
		u.repeated(s)
	case m.Method == "CANCEL":
		u.cancel(f, m)
	case m.To.Tag != "":
		u.within(f, m)
	default:
		u.outside(f, m)
	}
}

// outside takes a request that is in no dialog.
func (u *UA) outside(f Flow, m *Message) {
	if no := u.check(m); no != nil {
		u.refuse(f, m, no.status, no.reason, no.headers...)
		return
	}
	switch {
	case u.asks(m.Method):
		u.ask(nil, f, m)
		return
	case m.Method == "OPTIONS":
		u.refuse(f, m, 200, "", u.capabilities()...) // no refusal, but as stateless
		return
	}
	if no := u.checkInvite(m); no != nil {
		u.refuse(f, m, no.status, no.reason, no.headers...)
		return
	}
	u.invite(f, m)
}

// within takes a request with a To tag (RFC 3261 §12.2.2).
func (u *UA) within(f Flow, m *Message) {
	l := u.find(m)
	if l == nil {
		u.lost(f, m)
		return
	}
	u.mark(l.ID)
	if l.Silent {
		u.leaving(l, f, m)
		return
	}
	if m.CSeq < l.RemoteSeq {
		u.answer(f, m, 500)
		return
	}
	l.RemoteSeq = m.CSeq
	f.Name = l.Flow.Name // a peer that calls back is still the one that was called
	l.Flow, l.NAT = f, behindNAT(f, m)
	if no := checkExtensions(m); no != nil {
		u.answer(f, m, no.status, no.headers...)
		return
	}
	switch m.Method {
	case "INVITE":
		u.reinvited(l, f, m)
	case "BYE":
		u.bye(l, f, m)
	case "OPTIONS":
		u.answer(f, m, 200, u.capabilities()...)
	case "INFO":
		u.info(l, f, m)
	case "UPDATE":
		u.updated(l, f, m)
	default:
		if u.asks(m.Method) {
			u.ask(l, f, m)
			return
		}
		u.answer(f, m, 405, u.allowed())
	}
}

// find brings back the leg whose dialog a request of the peer is in.
func (u *UA) find(m *Message) *leg {
	l := u.s.Legs[u.s.Tags[m.To.Tag]]
	if l == nil || l.CallID != m.CallID || l.Remote.Tag != m.From.Tag {
		return nil
	}
	return l
}

// leaving answers a request for a leg that was hung up before the ACK of its 2xx.
func (u *UA) leaving(l *leg, f Flow, m *Message) {
	if m.Method != "BYE" {
		u.refuse(f, m, 481, "")
		return
	}
	u.answer(f, m, 200)
	u.dropLeg(l)
}

// lost answers a request for a dialog that is not here. A BYE that crosses ours is
// welcome; all else gets 481.
func (u *UA) lost(f Flow, m *Message) {
	status := 481
	if m.Method == "BYE" {
		if c := u.s.Clients[u.s.Closing[m.To.Tag]]; c != nil && c.Request.CallID == m.CallID {
			status = 200
		}
	}
	u.refuse(f, m, status, "")
}
