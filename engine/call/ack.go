package call

import "github.com/callwright/callwright/media/sdp"

// sendOK sends a 2xx to an INVITE and repeats it until its ACK, whatever the
// transport: a proxy behind it may lose one (RFC 3261 §13.3.1.4).
func (u *UA) sendOK(l *leg, s *server, m *Message, late bool) {
	m.carry(l.SDP)
	u.respond(s, m)
	t := u.cfg.Timers
	l.OK, l.OKFlow, l.OKEvery, l.Late = m, s.Flow, t.T1, late
	l.AckBy = u.now.Add(t.long()).Round(0)
	u.arm(l.owner(), "2xx", t.T1)
	u.arm(l.owner(), "ack", t.long())
}

func (u *UA) repeatOK(l *leg) {
	if l.OK == nil {
		return
	}
	u.repeat(l.OKFlow, l.OK, "")
	l.OKEvery = min(2*l.OKEvery, u.cfg.Timers.T2)
	u.arm(l.owner(), "2xx", l.OKEvery)
}

func (u *UA) stopOK(l *leg) {
	if l.OK != nil {
		l.OK = nil
		u.disarm(l.owner(), "2xx", "ack")
	}
}

// ackTimeout ends a dialog whose 2xx was never acknowledged. A firing before the
// time belongs to a 2xx before this one.
func (u *UA) ackTimeout(l *leg) {
	if l.OK == nil || u.now.Before(l.AckBy) {
		return
	}
	u.stopOK(l)
	c := by("engine", CauseByName("timeout"))
	c.Text = "No ACK"
	headers := []Header{reasonHeader(c)}
	if l.Silent {
		headers = l.Reason
	}
	u.sendBye(l, headers)
	u.end(l, c)
}

// ack takes an ACK: of a final response by its transaction, of a 2xx by its dialog.
func (u *UA) ack(f Flow, m *Message) {
	if s := u.s.Servers[serverKey(m, "INVITE")]; s != nil && s.State != accepted {
		u.acked(s)
		return
	}
	l := u.s.Legs[u.s.Tags[m.To.Tag]]
	if l == nil || l.CallID != m.CallID || l.Remote.Tag != m.From.Tag || l.OK == nil || l.OK.CSeq != m.CSeq {
		return
	}
	u.mark(l.ID)
	l.Flow = f
	late := l.Late
	u.stopOK(l)
	if l.Silent {
		u.sendBye(l, l.Reason)
		u.dropLeg(l)
		return
	}
	if late && !u.takeLateAnswer(l, m) {
		return
	}
	if !l.Acked {
		l.Acked = true
		u.do(Confirmed{Leg: l.ID})
	}
	u.goAway(l)
}

// takeLateAnswer reads the answer in an ACK. Without a good one the call has no
// media, and ends.
func (u *UA) takeLateAnswer(l *leg, m *Message) bool {
	var a sdp.Agreement
	err := sdp.ErrNoCodec
	if checkBody(m) == nil {
		a, err = sdp.Accept(m.Body, l.Media)
	}
	if err != nil {
		c := by("engine", CauseByName("not-acceptable"))
		c.Text = "No usable answer in the ACK"
		u.sendBye(l, []Header{reasonHeader(c)})
		u.end(l, c)
		return false
	}
	u.agree(l, a)
	return true
}
