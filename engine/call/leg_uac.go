package call

import (
	"slices"

	"github.com/callwright/callwright/media/sdp"
)

// dial places a call (RFC 3261 §13.2.1).
func (u *UA) dial(o Dial) {
	switch {
	case o.Leg == "" || u.s.Legs[o.Leg] != nil:
		u.refused(o.Leg, "dial", "the leg's id is not a new one")
		return
	case !knownScheme(o.URI):
		u.refused(o.Leg, "dial", "not a SIP URI")
		return
	case len(u.s.Legs) >= u.cfg.MaxLegs:
		u.refused(o.Leg, "dial", "too many calls")
		return
	}
	l := &leg{
		ID: o.Leg, Dialed: true, State: early, Flow: o.Flow, CallID: u.id(), Local: o.From, Remote: o.To, Target: o.URI,
		User: o.User, Password: o.Password, Media: sdp.Local{ID: u.number(1 << 62)}, Others: o.Others, Routes: o.Routes,
	}
	l.Local.Tag, l.Remote.Tag = u.id(), ""
	if l.Local.URI == "" {
		l.Local.URI = "sip:anonymous@anonymous.invalid"
	}
	if l.Remote.URI == "" {
		l.Remote.URI = o.URI
	}
	l.writeOffer(o.Media)
	u.addLeg(l)
	hops := Header{"Max-Forwards", "70"}
	if o.Hops > 0 && o.Hops < 255 {
		hops.Value = itoa(uint32(o.Hops))
	}
	u.sendInvite(l, append([]Header{hops}, extra(o.Headers)...))
}

// sendInvite sends the INVITE of a new leg, the first time or with credentials.
func (u *UA) sendInvite(l *leg, headers []Header) {
	l.LocalSeq++
	m := &Message{
		Method: "INVITE", URI: l.Target, From: l.Local, To: l.Remote, CallID: l.CallID, CSeq: l.LocalSeq,
		Contact: u.cfg.Contact(l.Flow), Routes: slices.Clone(l.Routes),
		Headers: append([]Header{u.allowed(), {"Supported", supported}}, headers...),
	}
	m.carry(l.SDP)
	u.stamp(m, l.Flow)
	c := u.request(l.Flow, m, toInvite, l.ID)
	c.User, c.Password = l.User, l.Password
	l.Transaction = c.Key
}

// progress takes a provisional response to the INVITE of a leg. SDP in one is a
// preview of the answer: media may flow by it (§13.2.1).
func (u *UA) progress(c *client, m *Message) {
	l := u.s.Legs[c.Leg]
	if l == nil || l.Transaction != c.Key {
		return
	}
	if l.Canceling {
		if _, sent := u.s.Clients[clientKey(c.Request.Branch, "CANCEL")]; !sent {
			u.sendCancel(l, c)
		}
		return
	}
	if m.Status == 100 {
		return
	}
	u.do(Ringing{Leg: l.ID, Status: m.Status})
	if len(m.Body) > 0 && checkBody(m) == nil {
		if a, err := sdp.Accept(m.Body, l.Media); err == nil {
			u.agreeAnew(l, a)
		}
	}
}

// agreeAnew tells an agreement unless it is the one that holds already.
func (u *UA) agreeAnew(l *leg, a sdp.Agreement) {
	if a.Generation = l.Agreed.Generation; l.agreed() && a == l.Agreed {
		return
	}
	u.agree(l, a)
}

// succeeded takes a 2xx to an INVITE of ours. Each To tag is a dialog of its own: the
// first is the call, others are ended at once (§13.2.2.4).
func (u *UA) succeeded(c *client, m *Message) {
	if c.State == completed || u.ackAgain(c, m.To.Tag) || len(c.Acks) >= maxForks {
		return
	}
	first := c.State != accepted
	if first {
		if c.State == calling {
			u.disarm(c.owner(), "A", "B")
		}
		c.State = accepted
		u.arm(c.owner(), "M", u.cfg.Timers.long())
	}
	l := u.s.Legs[c.Leg]
	if c.Use == toReinvite {
		u.changed(c, l, m)
	} else if first && l != nil && l.Transaction == c.Key && !l.Silent {
		u.answered(c, l, m)
	} else {
		u.hangUpFork(c, m)
		if first && l != nil {
			u.dropLeg(l) // hung up while this answer was on its way
		}
	}
	c.slim()
}

// enter takes the dialog of a 2xx into a leg (§12.1.2).
func (l *leg) enter(c *client, m *Message) {
	l.State, l.Remote, l.Routes = up, m.To, slices.Clone(m.Routes)
	slices.Reverse(l.Routes)
	if m.Contact != "" {
		l.Target = m.Contact
	}
	l.LocalSeq = max(l.LocalSeq, c.Request.CSeq)
}

func (u *UA) answered(c *client, l *leg, m *Message) {
	l.enter(c, m)
	l.Acked = true
	u.sendAck(c, l, m.To.Tag)
	var a sdp.Agreement
	err := sdp.ErrNoCodec
	if len(m.Body) == 0 && l.agreed() {
		a, err = l.Agreed, nil // what the preview said stands
	} else if checkBody(m) == nil {
		a, err = sdp.Accept(m.Body, l.Media)
	}
	if err != nil {
		no := by("engine", CauseByName("not-acceptable"))
		no.Text = "No usable answer: " + err.Error()
		u.sendBye(l, []Header{reasonHeader(no)})
		u.end(l, no)
		return
	}
	u.takeTimer(l, m)
	u.do(Answered{Leg: l.ID, Msg: m})
	u.agreeAnew(l, a)
	u.goAway(l)
}

// sendAck acknowledges a 2xx: a request in the dialog with the INVITE's CSeq and
// credentials, outside all transactions (§13.2.2.4).
func (u *UA) sendAck(c *client, l *leg, tag string) {
	ack := u.inDialog(l, "ACK", c.Request.CSeq)
	ack.Headers = append(ack.Headers, credentials(c.Request)...)
	f := u.nextHop(l)
	c.Acks = append(c.Acks, acked{tag, f, ack})
	u.send(f, ack, "")
}

// hangUpFork ends the dialog of a 2xx that came too late or second.
func (u *UA) hangUpFork(c *client, m *Message) {
	r := c.Request
	l := &leg{Dialed: true, Flow: c.Flow, CallID: r.CallID, Local: r.From, Target: r.URI, User: c.User, Password: c.Password}
	l.enter(c, m)
	u.sendAck(c, l, m.To.Tag)
	u.sendBye(l, nil)
}

// failed takes the failure of a request of ours: a final response m, or none.
func (u *UA) failed(c *client, m *Message, cause Cause) {
	if c.Use == toFlow {
		cause.By = "engine"
		u.replied(c, nil, cause)
		return
	}
	cause.By = "callee"
	if m == nil {
		cause.By = "engine"
	} else {
		if cause.Name == "unavailable" || cause.Name == "rejected" {
			if better := readReason(m, cause); better.Name != "normal" { // a Reason may say it better
				cause = better
			}
		}
		cause.SIP, cause.By, cause.Text = m.Status, "callee", m.Reason
	}
	l := u.s.Legs[c.Leg]
	switch {
	case l == nil:
	case c.Use == toInvite && l.Transaction == c.Key:
		if u.elsewhere(c, l, m) {
			return
		}
		u.endAt(l, cause, contactsOf(m))
	case c.Use == toUpdate && l.Updating == c.Key:
		u.notRefreshed(l, m, cause)
	case c.Use == toReinvite && l.Changing == c.Key:
		u.changeFailed(l, m, cause)
	}
}
