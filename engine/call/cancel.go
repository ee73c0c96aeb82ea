package call

import "slices"

// cancel takes a CANCEL (RFC 3261 §9.2): it has its own answer, and the INVITE gets
// its final one if it has none.
func (u *UA) cancel(f Flow, m *Message) {
	s := u.s.Servers[serverKey(m, "INVITE")]
	if s == nil {
		u.refuse(f, m, 481, "")
		return
	}
	u.answer(f, m, 200)
	u.mark(s.Leg)
	l := u.s.Legs[s.Leg]
	if s.State != proceeding || l == nil || l.Transaction != s.Key || l.Invite == nil {
		return // too late: the final response is on its way (or was acknowledged)
	}
	u.final(l, 487, "", nil)
	cause := readReason(m, CauseByName("canceled"))
	if cause.Name == "normal" { // Q.850 16 is all that most can say
		cause = CauseByName("canceled")
	}
	u.end(l, by("caller", cause))
}

// giveUp withdraws an INVITE of ours. A CANCEL may leave only after a provisional
// response (§9.1).
func (u *UA) giveUp(l *leg, reason []Header) {
	l.Canceling, l.Reason = true, reason
	if c := u.s.Clients[l.Transaction]; c != nil && c.State == proceeding {
		u.sendCancel(l, c)
	}
}

func (u *UA) sendCancel(l *leg, c *client) {
	r := c.Request
	m := &Message{
		Method: "CANCEL", URI: r.URI, Branch: r.Branch, SentBy: r.SentBy, Vias: r.Vias[:1], Routes: slices.Clone(r.Routes),
		From: r.From, To: r.To, CallID: r.CallID, CSeq: r.CSeq,
		Headers: append([]Header{{"Max-Forwards", "70"}}, l.Reason...),
	}
	u.request(c.Flow, m, toCancel, l.ID)
	u.arm(l.owner(), "cancel", u.cfg.Timers.long())
}

// cancelTimeout forgets an INVITE that a peer neither answered nor let be cancelled.
func (u *UA) cancelTimeout(l *leg) {
	if c := u.s.Clients[l.Transaction]; c != nil {
		u.forgetClient(c)
	}
	u.dropLeg(l)
}
