package engine

import (
	"strings"

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
			if s.stows != nil {
				s.stowAnew(e.Worker)
			}
			return
		}
		if s.fleet.Instance(e.Worker) != "" {
			s.workerDown(e.Worker, "a new process of that name is up")
		}
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
		s.successor(e.Worker)
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
		if s.fleet.Tell(ev) && s.stows != nil {
			s.stows.soiled[ev.GetMedia().GetStream()] = true
		}
		s.push(flow.Worked{Event: ev})
	}
}
