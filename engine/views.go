package engine

import (
	"context"
	"errors"

	"github.com/callwright/callwright/engine/fleet"
	"github.com/callwright/callwright/engine/flow"
)

// Errors of operators' requests.
var (
	ErrNoCall  = errors.New("engine: no such call")
	ErrNoCause = errors.New("engine: no such cause")
	ErrStopped = errors.New("engine: stopped")
)

// question is asked on the shard's goroutine, as a turn.
type question func(*shard)

// ask runs f as a turn and waits for it.
func (e *Engine) ask(ctx context.Context, f func(*shard)) error {
	done := make(chan struct{})
	e.inbox.put(question(func(s *shard) {
		f(s)
		close(done)
	}))
	select {
	case <-done:
		return nil
	case <-e.done:
		return ErrStopped
	case <-ctx.Done():
		return ctx.Err()
	}
}

// CallView is a call, and the mixer that carries its media.
type CallView struct {
	flow.CallView
	Mixer string
}

// Calls lists the calls that are up or whose scripts still run.
func (e *Engine) Calls(ctx context.Context) (views []CallView, err error) {
	err = e.ask(ctx, func(s *shard) {
		for _, v := range s.flows.Calls() {
			c := CallView{CallView: v}
			if p := s.fleet.Place(v.ID); p != nil {
				c.Mixer = p.Mixer
			}
			views = append(views, c)
		}
	})
	return views, err
}

// ConferenceView is a conference, and the mixer that it is on.
type ConferenceView struct {
	flow.ConferenceView
	Mixer string
}

// Conferences lists the conferences with their members.
func (e *Engine) Conferences(ctx context.Context) (views []ConferenceView, err error) {
	err = e.ask(ctx, func(s *shard) {
		for _, v := range s.flows.Conferences() {
			c := ConferenceView{ConferenceView: v}
			if r := s.fleet.Room(v.Name); r != nil {
				c.Mixer = r.Mixer
			}
			views = append(views, c)
		}
	})
	return views, err
}

// Workers lists the live workers.
func (e *Engine) Workers(ctx context.Context) (ws []fleet.Worker, err error) {
	err = e.ask(ctx, func(s *shard) { ws = s.fleet.Workers() })
	return ws, err
}

// Hangup ends a call. The empty cause is "normal".
func (e *Engine) Hangup(ctx context.Context, id, cause string) error {
	if cause == "" {
		cause = "normal"
	}
	var why error
	if err := e.ask(ctx, func(s *shard) { why = s.hangup(id, cause) }); err != nil {
		return err
	}
	return why
}

// Stop refuses new calls, hangs up all others with a BYE, and returns when the last
// is gone or ctx is done. Run goes on: it is ended by its own context.
func (e *Engine) Stop(ctx context.Context) error {
	if err := e.ask(ctx, func(s *shard) { s.stop(s.now) }); err != nil {
		return err
	}
	select {
	case <-e.shard.over:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Tally is a snapshot of the shard's counters.
type Tally struct {
	Turns, Calls, Reloads, Unsent uint64
	Live                          int
	LeftOut                       []flow.LeftOut
}

// Count returns the shard's counters.
func (e *Engine) Count(ctx context.Context) (t Tally, err error) {
	err = e.ask(ctx, func(s *shard) {
		t = Tally{s.count.turns, s.count.calls, s.count.reloads, s.count.unsent, len(s.calls), s.flows.LeftOut()}
	})
	return t, err
}

// tally is what the shard counts, on its goroutine alone.
type tally struct {
	turns, calls, reloads, unsent, overloaded, requests uint64
}
