package engine

import (
	"context"

	"github.com/callwright/callwright/engine/flow"
)

// CallDetail is one call as an operator looks into it, and its place.
type CallDetail struct {
	flow.Detail
	Mixer string
	Port  int // of the SBC, as our SDP says it
}

// Detail looks into one call. ErrNoCall.
func (e *Engine) Detail(ctx context.Context, id string) (d CallDetail, err error) {
	known := false
	if err := e.ask(ctx, func(s *shard) {
		if d.Detail, known = s.flows.Detail(id); !known {
			return
		}
		if p := s.fleet.Place(id); p != nil {
			d.Mixer, d.Port = p.Mixer, int(p.Local.Port())
		}
	}); err != nil {
		return d, err
	}
	if !known {
		return d, ErrNoCall
	}
	return d, nil
}

// Journal is the journal of a call that is up, or that ended a short while ago. ErrNoCall.
func (e *Engine) Journal(ctx context.Context, id string) (j flow.Journal, err error) {
	known := false
	if err := e.ask(ctx, func(s *shard) { j, known = s.flows.Journal(id) }); err != nil {
		return j, err
	}
	if !known {
		return j, ErrNoCall
	}
	return j, nil
}

// Evaluate runs an operator's code in a call's unit, or with no call in the app's own.
// The reply's value is a JSON text: what the code came to, shown as consoles do. As
// for CallApp, errors of the code are in the reply.
func (e *Engine) Evaluate(ctx context.Context, app, call, code string, write bool) (flow.Reply, error) {
	return e.request(ctx, func(id string) flow.Input {
		return flow.Evaluate{ID: id, App: app, Call: call, Code: code, Write: write}
	})
}
