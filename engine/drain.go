package engine

import (
	"context"
	"slices"
	"time"

	"github.com/callwright/callwright/engine/call"
	"github.com/callwright/callwright/engine/fleet"
	"github.com/callwright/callwright/engine/flow"
)

// drainTime is how long Drain waits for peers to take another SBC's address. A call that
// still rings takes it with its answer, and is not waited for longer.
const drainTime = 10 * time.Second

// drained is what waits for peers to leave an SBC.
type drained struct {
	stayed []string // calls whose peers refused
	done   chan struct{}
}

// Drain moves all that a worker carries to others; it gets nothing more. Of an SBC it waits
// up to 10 s for peers to take their new addresses: Lost are the calls that stay. ErrNotUp
// and ErrNoOther of fleet.
func (e *Engine) Drain(ctx context.Context, worker string) (r fleet.Rehomed, err error) {
	var why error
	var wait *drained
	if err := e.ask(ctx, func(s *shard) { r, wait, why = s.drain(worker) }); err != nil {
		return r, err
	}
	if why != nil || wait == nil {
		return r, why
	}
	limit := time.NewTimer(drainTime)
	defer limit.Stop()
	select {
	case <-wait.done:
	case <-limit.C:
	case <-ctx.Done():
	case <-e.done:
		return r, ErrStopped
	}
	err = e.ask(context.WithoutCancel(ctx), func(s *shard) {
		delete(s.drains, worker)
		stay := append(wait.stayed, s.fleet.Leaving(worker)...)
		r.Streams = slices.DeleteFunc(r.Streams, func(id string) bool { return slices.Contains(stay, id) })
		r.Lost = append(r.Lost, stay...)
	})
	return r, err
}

// drain moves all that a worker carries to others.
func (s *shard) drain(name string) (fleet.Rehomed, *drained, error) {
	r, err := s.fleet.Drain(name, s.out)
	if err != nil {
		return r, nil, err
	}
	s.rehomed(r)
	s.log.Info("worker drained", "worker", name, "calls", len(r.Calls)+len(r.Streams), "rooms", len(r.Rooms), "left", len(r.Lost))
	if len(r.Streams) == 0 {
		return r, nil, nil
	}
	d := &drained{done: make(chan struct{})}
	s.drains[name] = d
	s.push(leaving{name})
	return r, d, nil
}

// leaving looks, behind all else of a turn, whether peers still send to an SBC that is
// being drained.
type leaving struct{ sbc string }

func (s *shard) hasLeft(sbc string) {
	if d := s.drains[sbc]; d != nil && len(s.fleet.Leaving(sbc)) == 0 {
		delete(s.drains, sbc)
		close(d.done)
	}
}

// look has all drains looked at.
func (s *shard) look() {
	for name := range s.drains {
		s.push(leaving{name})
	}
}

// relocated: the peer of a call sends to its new address from here on.
func (s *shard) relocated(a call.Relocated) {
	s.fleet.Settle(a.Leg, s.out)
	s.look()
}

// notRelocated puts a call back where its peer still sends. From a dead SBC there is no
// way back: the peer may hear us all the same.
func (s *shard) notRelocated(a call.Refused) {
	from := s.fleet.Left(a.Leg)
	if !s.fleet.Unmove(a.Leg, s.out) {
		s.log.Warn("the peer refused our new address", "call", a.Leg, "why", a.Why)
		return
	}
	s.log.Warn("a call stays where it is: its peer refused another address", "call", a.Leg, "sbc", from, "why", a.Why)
	if d := s.drains[from]; d != nil {
		d.stayed = append(d.stayed, a.Leg)
	}
	s.push(flow.Restreamed{Call: a.Leg, SBC: from})
	s.look()
}
