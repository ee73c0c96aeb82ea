package flow

import (
	"fmt"
	"slices"
	"strings"

	"github.com/callwright/callwright/engine/call"
)

// outgoing places a call of the unit; its dial operation hears what becomes of it.
func (f *Flows) outgoing(o *operation, id string, d call.Dial) *callState {
	c := &callState{rev: 1, id: id, handle: "call:" + id, dialed: true, dial: o.n, state: "new",
		vars: []byte("{}"), times: Times{Created: f.now.UnixMilli()}, from: partyOf(d.From), to: partyOf(call.Party{URI: d.URI})}
	f.own(o.u, c)
	o.u.legs = append(o.u.legs, c)
	near := ""
	if o.c != nil {
		near = o.c.id
	}
	d.Leg = id
	f.emit(Dial{Unit: o.u.id, App: o.u.app, Version: o.u.version, Near: near, Order: d})
	return c
}

// legEvent is what a dial operation hears of one of its calls.
type legEvent struct {
	c        *callState
	what     string // ringing, answered, up (its audio stands), ended
	status   int
	contacts []string
}

// tellDial tells the operation that placed a call.
func (f *Flows) tellDial(c *callState, e legEvent) {
	if o := c.u.ops[c.dial]; c.dialed && o != nil {
		e.c = c
		o.verb.step(o, e)
	}
}

func (f *Flows) legRinging(c *callState, in Ringing) {
	if c.ended {
		return
	}
	if c.times.Ringing == 0 {
		c.times.Ringing = f.now.UnixMilli()
	}
	if c.state == "new" {
		c.become("ringing")
	}
	f.tellDial(c, legEvent{what: "ringing", status: in.Status})
}

func (f *Flows) legAnswered(c *callState, in Answered) {
	if c.ended {
		return
	}
	c.sipID, c.accepting = in.CallID, true
	c.times.Answered = f.now.UnixMilli()
	c.become("answered")
	f.tellDial(c, legEvent{what: "answered", status: 200})
}

// handed is the call as a result.
func (c *callState) handed(f *Flows) handed {
	c.u.show(c.handle, c)
	return handed{Handle: c.handle, Class: "Call", Fields: c.fields(f.now)}
}

// dropLeg forgets a call that has ended. A script that was shown it may still ask how
// it ended.
func (f *Flows) dropLeg(c *callState) {
	delete(f.calls, c.id)
	c.u.legs = slices.DeleteFunc(c.u.legs, func(x *callState) bool { return x == c })
}

// callerOf is who a call of the unit comes from: what the script says, else who calls.
// The host is filled in by whoever knows our address.
func callerOf(o *operation, from dialFrom) call.Party {
	p := call.Party{Name: from.Name}
	number := from.Number
	if c := o.c; c != nil && number == "" {
		if number = c.from.User; from.Name == "" {
			p.Name = c.from.Name
		}
	}
	number = strings.Map(userRune, number)
	if number == "" {
		number = "anonymous"
	}
	p.URI = "sip:" + number
	return p
}

// userRune leaves of a user part what needs no escape (RFC 3261 §25.1).
func userRune(r rune) rune {
	if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.!~*'()&=+$,", r) {
		return r
	}
	return -1
}

// legID names the k-th call of an operation.
func (o *operation) legID(k int) string {
	return fmt.Sprintf("%s-%d.%d", strings.Map(fileRune, o.u.id), o.n, k)
}
