package flow

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/callwright/callwright/engine/call"
	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/media/sdp"
	"github.com/callwright/callwright/sandbox"
)

// rig drives Flows by hand: it keeps the activations that are out, the timers that
// are armed and the actions of the last step, and checks what must always hold.
type rig struct {
	t      *testing.T
	f      *Flows
	now    time.Time
	acts   []Action
	notes  []Note
	active map[string]sandbox.Activation
	inputs map[string][]sandbox.Input // all that each unit was given
	begun  map[string]uint32
	timers map[TimerID]time.Time
	over   map[string]bool
	seen   func(Action) // is told every action; may be nil
}

func newRig(t *testing.T) *rig {
	return &rig{t: t, f: NewFlows(Config{}), now: time.UnixMilli(1_700_000_000_000),
		active: map[string]sandbox.Activation{}, inputs: map[string][]sandbox.Input{}, begun: map[string]uint32{},
		timers: map[TimerID]time.Time{}, over: map[string]bool{}}
}

func (r *rig) step(in Input) []Action {
	r.t.Helper()
	return r.take(r.f.Step(r.now, in))
}

// take notes what the flows ask for.
func (r *rig) take(acts []Action) []Action {
	r.t.Helper()
	r.acts = acts
	for _, a := range r.acts {
		if r.seen != nil {
			r.seen(a)
		}
		switch a := a.(type) {
		case Activate:
			unit := a.Activation.Unit
			if _, busy := r.active[unit]; busy {
				r.t.Fatalf("%s activated twice at once", unit)
			}
			r.active[unit] = a.Activation
		case Arm:
			r.timers[a.Timer] = r.now.Add(a.After)
		case Disarm:
			delete(r.timers, a.Timer)
		case Note:
			r.notes = append(r.notes, a)
		case Over:
			if r.over[a.Unit] {
				r.t.Fatalf("%s is over twice", a.Unit)
			}
			r.over[a.Unit] = true
		}
	}
	return r.acts
}

// advance lets time pass, firing what is due in order.
func (r *rig) advance(d time.Duration) {
	r.t.Helper()
	end := r.now.Add(d)
	for {
		next, found := TimerID{}, false
		for id, at := range r.timers {
			if at.After(end) {
				continue
			}
			if !found || at.Before(r.timers[next]) || at.Equal(r.timers[next]) && fmt.Sprint(id) < fmt.Sprint(next) {
				next, found = id, true
			}
		}
		if !found {
			break
		}
		r.now = r.timers[next]
		delete(r.timers, next)
		r.step(Fired{next})
	}
	r.now = end
}

func (r *rig) invite(id string) {
	r.t.Helper()
	r.step(NewCall{Call: id, App: "main", Version: "v1", Seed: 7,
		Flow: call.Flow{Transport: "udp", Remote: "192.0.2.1:5062"},
		Msg: &call.Message{CallID: "x@y", URI: "sip:1000@pbx", From: call.Party{Name: "Ann", URI: "sip:+44-20@a.example"},
			To: call.Party{URI: "sip:1000@pbx"}, Body: []byte("v=0")}})
}

// did answers a unit's activation.
func (r *rig) did(unit string, res sandbox.Result) []Action {
	r.t.Helper()
	a, ok := r.active[unit]
	if !ok {
		r.t.Fatalf("%s has no activation under way", unit)
	}
	delete(r.active, unit)
	r.inputs[unit] = append(r.inputs[unit], a.Inputs...)
	res.Unit, res.Turn = unit, a.Turn
	return r.step(Did{res})
}

// idle answers activations with nothing until none is under way.
func (r *rig) idle(unit string) {
	r.t.Helper()
	for {
		if _, ok := r.active[unit]; !ok {
			return
		}
		r.did(unit, sandbox.Result{})
	}
}

// op makes an operation as the sandbox would, defaults filled in.
func (r *rig) op(unit, object, class, method string, args map[string]any) sandbox.Op {
	r.t.Helper()
	r.begun[unit]++
	full := map[string]any{}
	for _, face := range Faces() {
		if face.Class != class {
			continue
		}
		i := slices.IndexFunc(face.Methods, func(m sandbox.Method) bool { return m.Name == method })
		if i < 0 {
			break
		}
		for _, o := range face.Methods[i].Options {
			switch d := o.Default.(type) {
			case nil:
			case string:
				if o.Type == sandbox.Duration {
					t, _ := time.ParseDuration(d)
					full[o.Name] = t.Milliseconds()
					continue
				}
				full[o.Name] = d
			default:
				full[o.Name] = d
			}
		}
	}
	for k, v := range args {
		full[k] = v
	}
	n := r.begun[unit]
	return sandbox.Op{N: n, Hash: uint16(n) * 7, Object: object, Class: class, Method: method, Args: encode(full),
		Line: fmt.Sprintf("main.js:%d:1", n)}
}

// begin answers the activation under way with operations on the call.
func (r *rig) begin(unit, method string, args map[string]any) uint32 {
	r.t.Helper()
	op := r.op(unit, "call", "Call", method, args)
	r.did(unit, sandbox.Result{Ops: []sandbox.Op{op}, Await: op.Line})
	return op.N
}

// answered brings a call up whose flow has an activation under way.
func (r *rig) answered(unit string) {
	r.t.Helper()
	r.invite(unit)
	n := r.begin(unit, "answer", nil)
	if !has[Order](r.acts, func(o Order) bool { _, ok := o.Input.(call.Accept); return ok }) {
		r.t.Fatalf("no Accept in %v", r.acts)
	}
	r.up(unit)
	r.completed(unit, n)
}

func (r *rig) up(unit string) {
	r.t.Helper()
	r.step(Agreed{Call: unit, Media: sdp.Agreement{Codec: sdp.Codec{Name: "PCMU", Rate: 8000}, Send: true, Receive: true}})
	r.step(MediaUp{Call: unit, SBC: "sbc-1"})
}

// completed finds the completion of an operation in the activation under way.
func (r *rig) completed(unit string, n uint32) sandbox.Input {
	r.t.Helper()
	for _, in := range r.active[unit].Inputs {
		if in.Kind == sandbox.Completed && in.Op == n {
			if in.Hash != uint16(n)*7 {
				r.t.Fatalf("completion of %d has hash %d", n, in.Hash)
			}
			return in
		}
	}
	r.t.Fatalf("operation %d is not completed by %+v", n, r.active[unit].Inputs)
	return sandbox.Input{}
}

func (r *rig) result(unit string, n uint32) map[string]any {
	r.t.Helper()
	in := r.completed(unit, n)
	if in.Error != nil {
		r.t.Fatalf("operation %d threw %+v", n, in.Error)
	}
	return object(r.t, in.Value)
}

// throws finds the error an operation ended with.
func (r *rig) throws(unit string, n uint32, name string) *sandbox.HostError {
	r.t.Helper()
	in := r.completed(unit, n)
	if in.Error == nil || in.Error.Name != name {
		r.t.Fatalf("operation %d: got %s %+v, want an error %s", n, in.Value, in.Error, name)
	}
	return in.Error
}

func (r *rig) digits(unit, keys string) {
	r.t.Helper()
	for _, k := range keys {
		r.step(Worked{&control.Event{Body: &control.Event_Digit{Digit: &control.Digit{Stream: unit, Digit: string(k), Ms: 80}}}})
	}
}

func (r *rig) workerDone(d *control.Done) {
	r.t.Helper()
	r.step(Worked{&control.Event{Body: &control.Event_Done{Done: d}}})
}

func (r *rig) hangup(unit string) {
	r.t.Helper()
	c := causeNamed("normal")
	c.By = "caller"
	r.step(Ended{Call: unit, Cause: c})
}

func object(t *testing.T, raw json.RawMessage) map[string]any {
	t.Helper()
	m := map[string]any{}
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	return m
}

func want(t *testing.T, got map[string]any, key string, value any) {
	t.Helper()
	if n, ok := value.(int); ok {
		value = float64(n)
	}
	if got[key] != value {
		t.Fatalf("%s is %v, want %v, in %v", key, got[key], value, got)
	}
}

func has[T Action](acts []Action, ok func(T) bool) bool {
	for _, a := range acts {
		if v, is := a.(T); is && ok(v) {
			return true
		}
	}
	return false
}

// played is the one Play among the actions of the last step.
func (r *rig) played() *control.Play {
	r.t.Helper()
	for _, a := range r.acts {
		if m, ok := a.(ToMixer); ok && m.Command.GetPlay() != nil {
			return m.Command.GetPlay()
		}
	}
	r.t.Fatalf("nothing is played by %v", r.acts)
	return nil
}

func (r *rig) stopped(op string) bool {
	return has(r.acts, func(m ToMixer) bool { return m.Command.GetStop().GetOp() == op }) ||
		has(r.acts, func(m ToSBC) bool { return m.Command.GetStop().GetOp() == op })
}

func (r *rig) ordered(ok func(call.Input) bool) bool {
	return has(r.acts, func(o Order) bool { return ok(o.Input) })
}
