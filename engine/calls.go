package engine

import (
	"errors"
	"time"

	"github.com/callwright/callwright/engine/call"
	"github.com/callwright/callwright/engine/flow"
	"github.com/callwright/callwright/engine/script"
	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/media/sdp"
)

// freeCall gives a call's place back; it waits in the turn behind what the flow
// does with the call's end.
type freeCall struct{ call string }

// fromUA does what the SIP core asks for.
func (s *shard) fromUA(a call.Action) {
	switch a := a.(type) {
	case call.Send:
		s.send(a)
	case call.Arm:
		s.arm(a.Timer, a.After)
	case call.Disarm:
		s.timers.disarm(a.Timer)
	case call.Invited:
		s.invited(a)
	case call.Agreed:
		s.agreed(a)
	case call.Ringing:
		s.push(flow.Ringing{Call: a.Leg, Status: a.Status})
	case call.Answered:
		s.push(flow.Answered{Call: a.Leg, CallID: a.Msg.CallID})
		if c := s.calls[a.Leg]; c != nil {
			c.accepted = true
			s.answered(a.Leg)
		}
	case call.Pressed:
		s.push(flow.Worked{Event: &control.Event{Body: &control.Event_Digit{Digit: &control.Digit{
			Stream: a.Leg, Digit: a.Key, Ms: uint32(a.Ms)}}}})
	case call.Replied:
		s.push(flow.Replied{ID: a.ID, Msg: a.Msg, Cause: a.Cause})
	case call.Asked:
		s.asked(a)
	case call.Confirmed:
		s.push(flow.Confirmed{Call: a.Leg})
	case call.Relocated:
		s.relocated(a)
	case call.Ended:
		s.ended(a)
	case call.Refused:
		if a.Order == "dial" {
			s.undialed(a.Leg, "congested", errors.New(a.Why))
			return
		}
		if a.Order == "relocate" {
			s.notRelocated(a)
			return
		}
		s.push(flow.Refused{Call: a.Leg, Order: a.Order, Why: a.Why})
	}
}

// invited finds a script and a place for a new call, or the answer that says why
// there is none.
func (s *shard) invited(a call.Invited) {
	user, host := flow.Target(a.Msg.URI)
	app, version, err := s.config.Scripts.Admit(a.Leg, user, host)
	if errors.Is(err, script.ErrNoRoute) {
		s.log.Info("no route", "call", a.Leg, "uri", a.Msg.URI, "from", a.Flow.Remote)
		s.turnedAway(a, "no route")
		s.push(call.Reject{Leg: a.Leg, Status: 404})
		return
	}
	if err != nil {
		s.log.Warn("a call was turned away", "call", a.Leg, "app", app, "why", err)
		s.turnedAway(a, err.Error())
		s.busy(a.Leg)
		return
	}
	place, err := s.fleet.PlaceCall(a.Leg, "")
	if err != nil {
		s.log.Warn("no place for a call", "call", a.Leg, "error", err)
		s.turnedAway(a, err.Error())
		s.config.Scripts.Done(app, version)
		s.busy(a.Leg)
		return
	}
	s.calls[a.Leg] = &placed{app: app, version: version}
	s.count.calls++
	s.started(a)
	s.log.Info("call", "call", a.Leg, "app", app, "version", version, "from", a.Msg.From.URI,
		"to", a.Msg.URI, "source", a.Flow.Remote, "sbc", place.SBC, "port", place.Local.Port())
	s.push(flow.NewCall{
		Call: a.Leg, App: app, Version: version, Seed: s.random.Uint64(), Flow: a.Flow, Msg: a.Msg,
	})
}

// busy answers that the caller may try again soon (RFC 3261 §21.5.4).
func (s *shard) busy(leg string) {
	s.push(call.Reject{Leg: leg, Status: 503, Headers: []call.Header{{Name: "Retry-After", Value: "2"}}})
}

// agreed commands the media that offer and answer have settled on, and tells the
// flow. A second agreement (hold, a new address) changes the same stream.
func (s *shard) agreed(a call.Agreed) {
	c := s.calls[a.Leg]
	if c == nil {
		return
	}
	if err := s.fleet.Set(a.Leg, streamOf(a.Media), s.out); err != nil {
		s.push(flow.MediaFailed{Call: a.Leg, Why: err.Error()})
		return
	}
	s.push(flow.Agreed{Call: a.Leg, Media: a.Media})
	if !c.mediaUp {
		c.mediaUp = true
		s.push(flow.MediaUp{Call: a.Leg, SBC: s.fleet.Place(a.Leg).SBC})
	}
	s.answered(a.Leg)
}

func streamOf(m sdp.Agreement) *control.Stream {
	s := &control.Stream{
		PayloadType: uint32(m.Codec.Type), EventType: uint32(m.EventType), PtimeMs: uint32(m.Ptime),
		Send: m.Send, Receive: m.Receive, Generation: m.Generation, Codec: control.Codec_PCMU,
	}
	if m.Codec.Name == "PCMA" {
		s.Codec = control.Codec_PCMA
	}
	if m.Remote.IsValid() {
		s.Remote = m.Remote.String()
	}
	if m.RemoteRTCP.IsValid() {
		s.RemoteRtcp = m.RemoteRTCP.String()
	}
	s.Cname = "callwright"
	return s
}

// ended tells the flow, and gives the place back once the flow has had its say. A
// worker's death is the better cause where there was one.
func (s *shard) ended(a call.Ended) {
	c := s.calls[a.Leg]
	if c == nil {
		return
	}
	c.ended = true
	cause := a.Cause
	if c.lost != "" {
		cause = workerLost(c.lost)
	}
	s.overWith(a.Leg, cause)
	s.log.Info("call ended", "call", a.Leg, "app", c.app, "cause", cause.Name, "sip", cause.SIP, "text", cause.Text, "by", cause.By)
	s.push(flow.Ended{Call: a.Leg, Cause: cause, Contacts: a.Contacts})
	s.push(freeCall{a.Leg})
}

// free gives a call's place back. Of a call that a flow has placed nothing is left
// then.
func (s *shard) free(id string) {
	s.fleet.FreeCall(id, s.out)
	s.look()
	if c := s.calls[id]; c != nil && c.dialed {
		delete(s.calls, id)
	}
}

// local fills in what only the place knows: the address and port that our SDP shows.
func (s *shard) local(leg string) (sdp.Local, bool) {
	p := s.fleet.Place(leg)
	if p == nil {
		return sdp.Local{}, false
	}
	return sdp.Local{Addr: p.Local, ID: uint64(p.Public)}, true
}

// order completes an order of the flow and gives it to the SIP core.
func (s *shard) order(in call.Input) {
	var ok bool
	switch o := in.(type) {
	case call.Accept:
		if o.Media, ok = s.local(o.Leg); !ok {
			s.push(flow.MediaFailed{Call: o.Leg, Why: "the call has no place"})
			return
		}
		if c := s.calls[o.Leg]; c != nil {
			c.accepted = true
			s.answered(o.Leg)
		}
		s.push(o)
	case call.Progress:
		if o.Media, ok = s.local(o.Leg); !ok {
			s.push(flow.MediaFailed{Call: o.Leg, Why: "the call has no place"})
			return
		}
		s.push(o)
	case call.Hangup:
		if c := s.calls[o.Leg]; c != nil && c.finding && !c.ended { // the core does not know it yet
			s.ended(call.Ended{Leg: o.Leg, Cause: o.Cause})
			return
		}
		s.push(in)
	default:
		s.push(in)
	}
}

// stop ends all calls and refuses new ones; over is closed when the last is gone.
func (s *shard) stop(now time.Time) {
	s.now = now
	s.stopping = true
	s.openGates()
	s.push(flow.Stopping{})
	s.ua.SetOverload(5 * time.Second)
	cause := call.CauseByName("normal")
	cause.By, cause.Text = "operator", "shutting down"
	for id, c := range s.calls {
		if !c.ended {
			s.order(call.Hangup{Leg: id, Cause: cause})
		}
	}
}

// quiet closes over when stopping has nothing left to wait for: calls have ended, and
// peers have had their say. A call that is hung up before the ACK of its 2xx has come
// gets its BYE only behind that (RFC 3261 §15).
func (s *shard) quiet() {
	if !s.stopping || len(s.calls) > 0 || s.ua.Pending() > 0 {
		return
	}
	select {
	case <-s.over:
	default:
		close(s.over)
	}
}
