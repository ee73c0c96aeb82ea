package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/callwright/callwright/engine"
	"github.com/callwright/callwright/engine/api"
	"github.com/callwright/callwright/engine/fleet"
	"github.com/callwright/callwright/engine/script"
	"github.com/callwright/callwright/media/control"
)

// operator shows the engine to the control API. Its methods may be called from any
// goroutine.
type operator struct {
	engine  *engine.Engine
	scripts *script.Catalogue
	edge    interface{ Counters() map[string]uint64 }
	ready   atomic.Bool
}

// scrapeTime bounds how long /metrics waits for the shard.
const scrapeTime = time.Second

func (o *operator) Ready() bool { return o.ready.Load() }

func (o *operator) Calls(ctx context.Context) ([]api.CallView, error) {
	calls, err := o.engine.Calls(ctx)
	if err != nil {
		return nil, err
	}
	var views []api.CallView
	for _, c := range calls {
		views = append(views, callView(c))
	}
	return views, nil
}

func callView(c engine.CallView) api.CallView {
	v := api.CallView{
		ID: c.ID, SIPCallID: c.SIPCallID, Direction: c.Direction, State: c.State,
		From: c.From.URI, To: c.To.URI,
		Source: fmt.Sprintf("%s %s:%d", c.Source.Transport, c.Source.IP, c.Source.Port),
		App:    c.App, Version: c.Version, Await: c.Await, Codec: c.Media.Codec, Room: c.Room, SBC: c.Media.SBC, Mixer: c.Mixer,
		Started: time.UnixMilli(c.Since),
	}
	if c.Times.Answered != 0 {
		at := time.UnixMilli(c.Times.Answered)
		v.Answered = &at
	}
	return v
}

func (o *operator) Hangup(ctx context.Context, id, cause string) error {
	err := o.engine.Hangup(ctx, id, cause)
	switch {
	case errors.Is(err, engine.ErrNoCall):
		return fmt.Errorf("%w: %s", api.ErrNoCall, id)
	case errors.Is(err, engine.ErrNoCause):
		return fmt.Errorf("%w: %s", api.ErrBadCause, cause)
	}
	return err
}

func (o *operator) Drain(ctx context.Context, worker string) (api.DrainView, error) {
	r, err := o.engine.Drain(ctx, worker)
	if errors.Is(err, fleet.ErrNotUp) {
		return api.DrainView{}, fmt.Errorf("%w: %s", api.ErrNoWorker, worker)
	}
	if errors.Is(err, fleet.ErrNoOther) {
		return api.DrainView{}, fmt.Errorf("%w: it is the last of its kind; start another first", api.ErrNoWorker)
	}
	return api.DrainView{Worker: worker, Calls: len(r.Calls) + len(r.Streams), Rooms: len(r.Rooms), Left: len(r.Lost)}, err
}

func (o *operator) Scripts(context.Context) ([]api.ScriptView, error) {
	var views []api.ScriptView
	for _, a := range o.scripts.List() {
		v := api.ScriptView{
			App: a.Name, File: a.File, Routes: a.Routes, Version: a.Version, Loaded: a.Since, Calls: a.Calls, Error: a.Error, Held: a.Held,
		}
		if t := a.Trial; t.Version != "" {
			v.Trial = &api.TrialView{Version: t.Version, Percent: t.Percent, Since: t.Since, Calls: t.Calls, Failed: t.Failed}
		}
		views = append(views, v)
	}
	return views, nil
}

func (o *operator) Reload(_ context.Context, app string) ([]api.ReloadResult, error) {
	outcomes := o.scripts.Reload(app)
	if len(outcomes) == 1 && errors.Is(outcomes[0].Error, script.ErrNoApp) {
		return nil, fmt.Errorf("%w: %s", api.ErrNoApp, app)
	}
	return reloadResults(outcomes), nil
}

func (o *operator) CallApp(ctx context.Context, app, function string, args json.RawMessage) (json.RawMessage, error) {
	r, err := o.engine.CallApp(ctx, app, function, args)
	if err != nil || r.Error == nil {
		return r.Value, err
	}
	return nil, appError(r.Error)
}

func (o *operator) Workers(ctx context.Context) ([]api.WorkerView, error) {
	workers, err := o.engine.Workers(ctx)
	if err != nil {
		return nil, err
	}
	var views []api.WorkerView
	for _, w := range workers {
		views = append(views, workerView(w))
	}
	return views, nil
}

func workerView(w fleet.Worker) api.WorkerView {
	v := api.WorkerView{
		Name: w.Name, Kind: strings.ToLower(w.Kind.String()), Up: true, PID: int(w.Pid), Load: w.Load,
		Capacity: w.Capacity, Full: w.Full, Address: w.Trunk, Since: w.Since,
	}
	if w.Kind == control.Kind_SBC {
		v.Address = w.Media.String()
	}
	return v
}

func (o *operator) Conferences(ctx context.Context) ([]api.ConferenceView, error) {
	rooms, err := o.engine.Conferences(ctx)
	if err != nil {
		return nil, err
	}
	var views []api.ConferenceView
	for _, r := range rooms {
		v := api.ConferenceView{Name: r.Name, Mixer: r.Mixer, Rate: r.Rate, Started: time.UnixMilli(r.Started), Members: []api.MemberView{}}
		for _, m := range r.Members {
			v.Members = append(v.Members, api.MemberView{
				Call: m.ID, Label: m.Label, Muted: m.Muted, Deaf: m.Deaf, Talking: m.Talking,
			})
		}
		views = append(views, v)
	}
	return views, nil
}

// Counters are the engine's own, the SIP edge's and the workers' as last told. A
// shard too busy to answer within a second leaves its part out.
func (o *operator) Counters() []api.Counter {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTime)
	defer cancel()
	cs := edgeCounters(o.edge.Counters())
	if t, err := o.engine.Count(ctx); err == nil {
		cs = append(cs,
			api.Counter{Name: "calls_total", Help: "Calls given to a script.", Value: float64(t.Calls)},
			api.Counter{Name: "calls", Help: "Calls that are up.", Value: float64(t.Live), Gauge: true},
			api.Counter{Name: "turns_total", Help: "Turns of the shard.", Value: float64(t.Turns)},
			api.Counter{Name: "script_reloads_total", Help: "Script versions swapped in.", Value: float64(t.Reloads)},
			api.Counter{Name: "commands_unsent_total", Help: "Turns that found no worker.", Value: float64(t.Unsent)},
		)
		for _, l := range t.LeftOut {
			cs = append(cs, api.Counter{Name: "script_left_out_total", Help: "What an app's scripts had too much of.",
				Labels: []api.Label{{Name: "app", Value: l.App}, {Name: "what", Value: l.What}}, Value: float64(l.N)})
		}
	}
	cs = append(cs, o.figures(ctx)...)
	workers, err := o.engine.Workers(ctx)
	if err != nil {
		return cs
	}
	for _, w := range workers {
		cs = append(cs, workerCounters(w)...)
	}
	return cs
}

// edgeCounters turns "dropped/size" into sip_messages_total{what="dropped",reason="size"}.
func edgeCounters(counts map[string]uint64) []api.Counter {
	var cs []api.Counter
	for name, n := range counts {
		what, reason, _ := strings.Cut(name, "/")
		cs = append(cs, api.Counter{
			Name: "sip_messages_total", Help: "SIP messages at the edge, by what became of them.",
			Labels: []api.Label{{Name: "what", Value: what}, {Name: "reason", Value: reason}}, Value: float64(n),
		})
	}
	return cs
}

func workerCounters(w fleet.Worker) []api.Counter {
	kind := strings.ToLower(w.Kind.String())
	label := []api.Label{{Name: "worker", Value: w.Name}}
	cs := []api.Counter{{
		Name: kind + "_load", Help: "Streams or members carried.", Labels: label, Value: float64(w.Load), Gauge: true,
	}}
	for _, c := range w.Counters() {
		cs = append(cs, api.Counter{
			Name: kind + "_" + c.Name, Help: "As the worker counts it.", Value: float64(c.Value),
			Labels: []api.Label{{Name: "worker", Value: w.Name}, {Name: "reason", Value: c.Reason}},
		})
	}
	return cs
}
