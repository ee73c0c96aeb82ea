package engine

import (
	"strings"

	"github.com/callwright/callwright/engine/call"
	"github.com/callwright/callwright/engine/events"
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
			return
		}
		s.workerDown(e.Worker, "a new process of that name is up")
		if err := s.fleet.Up(e.Hello, s.now); err != nil {
			s.log.Error("worker refused", "worker", e.Worker, "error", err)
			return
		}
		s.happened(events.Event{Type: events.WorkerUp, Worker: e.Worker})
		s.push(flow.WorkerChanged{What: "up", Kind: strings.ToLower(e.Hello.Kind.String()), Name: e.Worker})
		s.log.Info("worker up", "worker", e.Worker, "pid", e.Hello.Pid, "trunk", e.Hello.Trunk)
	case control.Down:
		s.workerDown(e.Worker, e.Why)
	case control.Beaten:
		s.fleet.Beat(e.Worker, e.Beat)
	case control.Reported:
		for _, ev := range e.Report.Events {
			if f := ev.GetFault(); f != nil {
				s.log.Warn("a worker could not obey", "worker", e.Worker, "subject", f.Subject, "error", f.Error)
			}
			s.push(flow.Worked{Event: ev})
		}
	}
}

// workerDown ends the calls that the worker carried, with the cause in the log.
func (s *shard) workerDown(name, why string) {
	s.gone(name, why)
	calls, rooms := s.fleet.Down(name)
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

func workerLost(name string) call.Cause {
	cause := call.CauseByName("worker-lost")
	cause.By, cause.Text = "engine", name+" is gone"
	return cause
}
