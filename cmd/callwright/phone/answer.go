package phone

import (
	"time"

	"github.com/callwright/callwright/engine/call"
)

// us is our side of the call, as causes name it.
func (p *phone) us() string {
	if p.incoming {
		return "callee"
	}
	return "caller"
}

// invited takes the call that is waited for; any other finds us busy.
func (p *phone) invited(a call.Invited) {
	if !p.waiting {
		p.step(call.Reject{Leg: a.Leg, Status: 486})
		return
	}
	p.waiting, p.incoming, p.leg, p.began = false, true, a.Leg, time.Now()
	p.report.URI = a.Msg.From.URI
	p.mark("call from " + a.Msg.From.URI)
	switch {
	case p.cfg.Refuse != 0:
		p.refuseCall(p.cfg.Refuse)
	case p.cfg.Decide != nil:
		p.step(call.Ring{Leg: p.leg})
	case p.cfg.Ring == 0:
		p.take()
	case p.cfg.Early:
		p.step(call.Progress{Leg: p.leg, Media: p.local})
		p.frames.Reset(frameTime)
		p.answered = time.Now() // what is said counts from here
		p.rings.Reset(p.cfg.Ring)
	default:
		p.step(call.Ring{Leg: p.leg})
		p.rings.Reset(p.cfg.Ring)
	}
}

// decide ends the ringing of a call, if it still rings.
func (p *phone) decide(status int) {
	switch {
	case p.leg == "" || p.ended || p.report.Status != 0:
	case status == 200:
		p.take()
	default:
		p.refuseCall(status)
	}
}

func (p *phone) refuseCall(status int) {
	p.report.Status, p.report.Reason = status, call.Phrase(status)
	p.step(call.Reject{Leg: p.leg, Status: status})
}

// take answers the call that rings.
func (p *phone) take() {
	if p.ended || p.leaving {
		return
	}
	p.step(call.Accept{Leg: p.leg, Media: p.local})
	p.mark("answered")
	p.report.Status, p.report.Reason = 200, call.Phrase(200)
	p.owed = 0 // what was said before the answer is another matter
	p.pickUp()
}
