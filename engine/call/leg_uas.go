package call

import (
	"time"

	"github.com/callwright/callwright/media/sdp"
)

// invite makes a leg of an INVITE that passed all checks.
func (u *UA) invite(f Flow, m *Message) {
	s := u.newServer(f, m)
	u.arm(s.owner(), timerTrying, tryingTime)
	l := &leg{
		ID: u.id(), State: early, Flow: f, NAT: behindNAT(f, m),
		CallID: m.CallID, Local: m.To, Remote: m.From, Target: m.Contact,
		Routes: m.Routes, RemoteSeq: m.CSeq, // §12.1.1: the route set in the order it came
		Invite: m, Transaction: s.Key,
		Media: sdp.Local{ID: u.number(1 << 62)},
	}
	l.Local.Tag = u.id()
	if l.Target == "" {
		l.Target = m.From.URI // RFC 2543 senders
	}
	s.Leg = l.ID
	u.own(l.ID, s.owner())
	u.addLeg(l)
	u.do(Invited{Leg: l.ID, Flow: f, Msg: m, HasOffer: len(m.Body) > 0})
}

// tryingTime is how long a call may be without a response before 100 tells the peer that
// its INVITE has come (RFC 3261 §17.2.1). Most flows answer sooner, and a peer that has
// 100 stops repeating its INVITE: until then it must be kept that there is such a call.
const tryingTime = 200 * time.Millisecond

const timerTrying = "trying"

// trying sends the 100 of a call that has no response yet.
func (u *UA) trying(s *server) {
	if l := u.s.Legs[s.Leg]; l != nil && s.State == proceeding && s.Last == nil {
		u.respond(s, u.response(l.Invite, 100, "", ""))
	}
}

// ring sends 180.
func (u *UA) ring(l *leg, o Ring) {
	if l.Dialed || l.State != early {
		u.refused(l.ID, "ring", "the call is not waiting for an answer")
		return
	}
	u.sendEarly(l, u.dialogResponse(l, l.Invite, 180), o.Headers)
}

// progressed sends 183, with the answer if the offer came with the INVITE: one of
// ours may not go into a response that is not reliable (RFC 3261 §13.2.1).
func (u *UA) progressed(l *leg, o Progress) {
	if l.Dialed || l.State != early {
		u.refused(l.ID, "progress", "the call is not waiting for an answer")
		return
	}
	if !u.answerOffer(l, o.Media) {
		return
	}
	m := u.dialogResponse(l, l.Invite, 183)
	m.carry(l.SDP)
	u.sendEarly(l, m, o.Headers)
	u.agreeFirst(l)
}

func (u *UA) sendEarly(l *leg, m *Message, headers []Header) {
	s := u.s.Servers[l.Transaction]
	if s == nil {
		return
	}
	m.Headers = append(m.Headers, extra(headers)...)
	u.respond(s, m)
	l.Early = m
	u.arm(l.owner(), "early", u.cfg.Timers.Early)
}

// answerOffer writes the answer to the INVITE's offer, once. If there is none to
// write, the leg ends with 488.
func (u *UA) answerOffer(l *leg, m sdp.Local) bool {
	if len(l.Invite.Body) == 0 || l.SDP != nil {
		return true
	}
	a, err := l.writeAnswer(l.Invite.Body, m)
	if err != nil {
		no := checkOffer(err)
		u.final(l, no.status, no.reason, no.headers)
		c := CauseByName("not-acceptable")
		c.Text = err.Error()
		u.end(l, by("engine", c))
		return false
	}
	l.Agreed = a
	return true
}

// agreeFirst tells the agreement that answerOffer came to.
func (u *UA) agreeFirst(l *leg) {
	if l.SDP != nil && l.Agreed.Generation == 0 {
		u.agree(l, l.Agreed)
	}
}

// accept sends the 200 and repeats it until its ACK.
func (u *UA) accept(l *leg, o Accept) {
	if l.Dialed || l.State != early {
		u.refused(l.ID, "answer", "the call is not waiting for an answer")
		return
	}
	s := u.s.Servers[l.Transaction]
	if s == nil || !u.answerOffer(l, o.Media) {
		return
	}
	late := len(l.Invite.Body) == 0
	if late {
		l.writeOffer(o.Media)
	}
	m := u.dialogResponse(l, l.Invite, 200)
	m.Headers = append(m.Headers, extra(o.Headers)...)
	u.agreeTimer(l, l.Invite, m)
	u.sendOK(l, s, m, late)
	l.State, l.Invite = up, nil
	u.stopEarly(l)
	if !late {
		u.agreeFirst(l)
	}
}

func (u *UA) stopEarly(l *leg) {
	if l.Early != nil {
		l.Early = nil
		u.disarm(l.owner(), "early")
	}
}

// reject sends a final response to the INVITE.
func (u *UA) reject(l *leg, o Reject) {
	switch {
	case l.Dialed || l.State != early:
		u.refused(l.ID, "reject", "the call is not waiting for an answer")
		return
	case o.Status < 300 || o.Status > 699:
		u.refused(l.ID, "reject", "the status is not one of 300-699")
		return
	}
	headers := extra(o.Headers)
	for _, c := range o.Contacts {
		headers = append(headers, Header{"Contact", "<" + c + ">"})
	}
	u.final(l, o.Status, o.Reason, headers)
	cause := o.Cause
	if cause.Name == "" {
		cause = by("script", CauseByStatus(o.Status))
	}
	u.end(l, cause)
}

// final answers the INVITE of a leg that is about to end.
func (u *UA) final(l *leg, status int, reason string, headers []Header) {
	s := u.s.Servers[l.Transaction]
	if s == nil {
		return
	}
	m := u.response(l.Invite, status, reason, l.Local.Tag)
	m.Headers = append(m.Headers, headers...)
	u.respond(s, m)
}
