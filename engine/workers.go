package engine

import (
	"time"

	"strings"

	"github.com/callwright/callwright/engine/call"
	"github.com/callwright/callwright/engine/events"
	"github.com/callwright/callwright/engine/fleet"
	"github.com/callwright/callwright/engine/flow"
	"github.com/callwright/callwright/media/control"
)

// worker takes in what the hub tells of a worker.
func (s *shard) worker(e control.HubEvent) {
	switch e.Kind {
	case control.Up:
		if s.fleet.Again(e.Hello) {
			s.log.Warn("worker's connection came back", "worker", e.Worker)
			s.fleet.Repeat(e.Worker, s.out)
			if s.stows != nil {
				s.stowAnew(e.Worker)
			}
			return
		}
		s.workerDown(e.Worker, "a new process of that name is up")
		if err := s.fleet.Up(e.Hello, s.now); err != nil {
			s.log.Error("worker refused", "worker", e.Worker, "error", err)
			return
		}
		if s.gather == nil {
			s.fleet.Sweep(e.Worker, s.out)
		}
		s.happened(events.Event{Type: events.WorkerUp, Worker: e.Worker})
		s.push(flow.WorkerChanged{What: "up", Kind: strings.ToLower(e.Hello.Kind.String()), Name: e.Worker})
		s.log.Info("worker up", "worker", e.Worker, "pid", e.Hello.Pid, "trunk", e.Hello.Trunk)
	case control.Down:
		s.workerDown(e.Worker, e.Why)
	case control.Beaten:
		s.fleet.Beat(e.Worker, e.Beat)
	case control.Reported:
		s.reported(e)
	case control.Offered:
		s.unclaimed(e)
	case control.Kept:
		if s.stows != nil {
			s.opened(e.Worker, e.Stowed)
		}
	}
}

// reported takes in a worker's events that are new.
func (s *shard) reported(e control.HubEvent) {
	fresh := s.fleet.Hear(e.Worker, e.Report.Events)
	if len(fresh) > 0 && s.stows != nil {
		s.hear(e.Worker, s.fleet.Instance(e.Worker), fresh[len(fresh)-1].Seq)
	}
	for _, ev := range fresh {
		if s.hadBefore(e.Worker, ev) {
			continue
		}
		if f := ev.GetFault(); f != nil {
			s.log.Warn("a worker could not obey", "worker", e.Worker, "subject", f.Subject, "error", f.Error)
		}
		s.push(flow.Worked{Event: ev})
	}
}

// workerDown ends the calls that the worker carried, with the cause in the log. What a
// mixer carried goes on on another, if there is one.
func (s *shard) workerDown(name, why string) {
	s.gone(name, why)
	if r := s.fleet.Bury(name, s.out); len(r.Calls) > 0 {
		s.log.Error("mixer lost: what it carried goes on elsewhere", "worker", name, "why", why, "calls", len(r.Calls), "rooms", len(r.Rooms))
		s.rehomed(r, mixerGap)
	}
	calls, rooms := s.fleet.Down(name)
	if s.stows != nil {
		s.gateGone(name)
		s.leaveWorker(name)
	}
	if calls == nil && rooms == nil {
		return
	}
	s.log.Error("worker lost: its calls end", "worker", name, "why", why, "calls", len(calls), "rooms", len(rooms))
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

// mixerGap is what scripts are told of the audio that went with a mixer: three
// heartbeats of 20 ms, and what it takes to begin elsewhere.
const mixerGap = 80 * time.Millisecond

// drain moves all that a mixer carries to others.
func (s *shard) drain(name string) (fleet.Rehomed, error) {
	r, err := s.fleet.Drain(name, s.out)
	if err != nil {
		return r, err
	}
	s.rehomed(r, 0)
	s.log.Info("mixer drained", "worker", name, "calls", len(r.Calls), "rooms", len(r.Rooms), "left", len(r.Lost))
	return r, nil
}

// rehomed tells the flows what is on another mixer now; gap is how long there was no
// audio.
func (s *shard) rehomed(r fleet.Rehomed, gap time.Duration) {
	for _, id := range r.Rooms {
		s.push(flow.RoomMoved{Room: id, Alive: r.Alive, Gap: gap})
	}
	for _, id := range r.Calls {
		s.push(flow.Moved{Call: id, Alive: r.Alive})
	}
}

func workerLost(name string) call.Cause {
	cause := call.CauseByName("worker-lost")
	cause.By, cause.Text = "engine", name+" is gone"
	return cause
}
