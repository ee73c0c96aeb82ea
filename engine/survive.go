package engine

import (
	"time"

	"github.com/callwright/callwright/engine/call"
	"github.com/callwright/callwright/engine/fleet"
	"github.com/callwright/callwright/engine/flow"
)

// absentTime is how long what a dead worker carried waits for a process of its name when
// no other worker has room. A supervisor has one within a second.
const absentTime = 10 * time.Second

// absentTimer ends the wait for a worker.
type absentTimer struct{ worker string }

// workerDown moves what a dead worker carried to others of its kind. What finds no room
// there keeps its place until a process of the same name is up, or too long has passed.
func (s *shard) workerDown(name, why string) {
	s.gone(name, why)
	r := s.fleet.Bury(name, s.out)
	if s.stows != nil {
		s.gateGone(name)
		s.leaveWorker(name)
	}
	s.rehomed(r)
	if r.Waiting {
		s.arm(absentTimer{name}, absentTime)
	}
	if moved := len(r.Calls) + len(r.Streams); moved > 0 || r.Waiting {
		s.log.Error("worker lost: its calls go on elsewhere, or wait for a new process of its name", "worker", name, "why", why,
			"moved", moved, "rooms", len(r.Rooms), "wait", r.Waiting)
	}
}

// successor gives a worker that came up what waited for one of its name.
func (s *shard) successor(name string) {
	r := s.fleet.Return(name, s.out)
	if r.Since.IsZero() && len(r.Calls)+len(r.Rooms)+len(r.Streams) == 0 {
		return
	}
	s.timers.disarm(absentTimer{name})
	s.rehomed(r)
	s.log.Info("a new process goes on with what a lost one carried", "worker", name,
		"calls", len(r.Calls)+len(r.Streams), "rooms", len(r.Rooms), "gap", s.gapSince(r))
}

// givenUp ends the calls of a worker that has not come back.
func (s *shard) givenUp(name string) {
	calls, rooms := s.fleet.Down(name)
	s.log.Error("worker lost: its calls end", "worker", name, "calls", len(calls), "rooms", len(rooms))
	for _, id := range rooms {
		s.push(flow.RoomFailed{Room: id, Why: name + " is gone"})
	}
	for _, id := range calls {
		if c := s.calls[id]; c != nil && !c.ended {
			c.lost = name
			s.order(call.Hangup{Leg: id, Cause: workerLost(name)})
		}
	}
}

// gapSince is how long there was no audio: since the old worker's last sign of life.
func (s *shard) gapSince(r fleet.Rehomed) time.Duration {
	if r.Alive || r.Since.IsZero() {
		return 0
	}
	return s.now.Sub(r.Since)
}

// rehomed tells the flows, and peers whose audio must come elsewhere, what is on another
// worker now. Parcels that the old one kept go to the new.
func (s *shard) rehomed(r fleet.Rehomed) {
	gap := s.gapSince(r)
	for _, id := range r.Rooms {
		s.push(flow.RoomMoved{Room: id, Alive: r.Alive, Gap: gap})
	}
	for _, id := range r.Calls {
		s.push(flow.Moved{Call: id, Alive: r.Alive})
	}
	for _, id := range r.Streams {
		s.push(flow.Restreamed{Call: id, SBC: s.fleet.Place(id).SBC})
	}
	for _, id := range r.Addressed {
		s.push(call.Relocate{Leg: id, Addr: s.fleet.Place(id).Local, Now: !r.Alive})
	}
	for _, pair := range r.Apart {
		s.push(flow.Apart{A: pair[0], B: pair[1]})
	}
	s.failedOver(r, gap)
	if s.stows == nil {
		return
	}
	for _, id := range append(r.Calls, r.Streams...) {
		s.stows.soiled[id] = true
	}
}

// failedOver tells the flows that a worker's death has been got over.
func (s *shard) failedOver(r fleet.Rehomed, gap time.Duration) {
	switch {
	case r.Alive:
	case len(r.Streams) > 0:
		s.push(flow.FailedOver{Role: "sbc", Gap: gap, Calls: r.Streams})
	case len(r.Calls) > 0:
		s.push(flow.FailedOver{Role: "mixer", Gap: gap, Calls: r.Calls})
	}
}

func workerLost(name string) call.Cause {
	cause := call.CauseByName("worker-lost")
	cause.By, cause.Text = "engine", name+" is gone"
	return cause
}
