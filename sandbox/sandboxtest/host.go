package sandboxtest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/callwright/callwright/sandbox"
)

// Epoch is the time of the first activation; each further one is a second later.
var Epoch = time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)

// Host is a generation with a fake engine around it.
type Host struct {
	*sandbox.Generation
	State *sandbox.State
	t     testing.TB

	mu      sync.Mutex
	wake    sync.Cond
	results []sandbox.Result

	units map[string]*Unit
}

// Unit is what the engine knows of one unit.
type Unit struct {
	Name    string
	Kind    sandbox.UnitKind
	Seed    uint64
	Turn    uint64
	Ops     uint32
	History []sandbox.Input
	// All are the operations begun, Open those not answered, by number.
	All  []sandbox.Op
	Open map[uint32]sandbox.Op
}

// Write puts files into a new directory and returns it.
func Write(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Source is the one app in files: main, or the only one.
func Source(t testing.TB, files map[string]string) sandbox.AppSource {
	t.Helper()
	apps, err := sandbox.Apps(Write(t, files))
	if err != nil || len(apps) == 0 {
		t.Fatalf("no app in %v: %v", files, err)
	}
	for _, a := range apps {
		if a.Name == "main" {
			return a
		}
	}
	return apps[0]
}

// New loads the app in files; the test fails if it does not load.
func New(t testing.TB, faces []sandbox.Face, files map[string]string) *Host {
	t.Helper()
	return With(t, sandbox.Options{Faces: faces}, files)
}

// With is New with options; their Deliver is the host's.
func With(t testing.TB, opts sandbox.Options, files map[string]string) *Host {
	t.Helper()
	h := &Host{t: t, State: opts.State, units: map[string]*Unit{}}
	h.wake.L = &h.mu
	if h.State == nil {
		h.State = sandbox.NewState(nil)
		opts.State = h.State
	}
	opts.Deliver = h.deliver
	g, err := sandbox.Load(Source(t, files), opts)
	if err != nil {
		t.Fatal(err)
	}
	h.Generation = g
	t.Cleanup(g.Stop)
	return h
}

func (h *Host) deliver(r sandbox.Result) {
	h.mu.Lock()
	h.results = append(h.results, r)
	h.mu.Unlock()
	h.wake.Broadcast()
}

// Wait takes the next result of a unit, in order.
func (h *Host) Wait(unit string) sandbox.Result {
	h.t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		for i, r := range h.results {
			if r.Unit == unit {
				h.results = append(h.results[:i], h.results[i+1:]...)
				return r
			}
		}
		h.wake.Wait()
	}
}

// Unit returns the record of an opened unit.
func (h *Host) Unit(name string) *Unit { return h.units[name] }

// OpenUnit opens a new unit and records it.
func (h *Host) OpenUnit(name string, kind sandbox.UnitKind) *Unit {
	u := &Unit{Name: name, Kind: kind, Seed: 42, Open: map[uint32]sandbox.Op{}}
	h.units[name] = u
	h.Open(name, kind, u.Seed, nil, 0)
	return u
}

// Start opens a call's unit and runs its flow to the first await.
func (h *Host) Start(unit string) sandbox.Result {
	h.t.Helper()
	h.OpenUnit(unit, sandbox.CallUnit)
	return h.Send(unit, sandbox.Input{Kind: sandbox.Start, Fields: map[string]json.RawMessage{
		"call": json.RawMessage(`{"id":"` + unit + `","vars":{}}`)}})
}

// Post hands inputs to a unit and does not wait.
func (h *Host) Post(unit string, in ...sandbox.Input) {
	u := h.units[unit]
	u.Turn++
	now := Epoch.Add(time.Duration(u.Turn) * time.Second)
	for i := range in {
		in[i].At = now.UnixMilli()
	}
	h.Activate(sandbox.Activation{Unit: unit, Turn: u.Turn, Now: now, Inputs: in})
}

// Send hands inputs to a unit, waits, and records both when they were applied.
func (h *Host) Send(unit string, in ...sandbox.Input) sandbox.Result {
	h.t.Helper()
	h.Post(unit, in...)
	return h.Take(unit, in...)
}

// Take waits for the result of posted inputs and records both.
func (h *Host) Take(unit string, in ...sandbox.Input) sandbox.Result {
	h.t.Helper()
	r := h.Wait(unit)
	if r.Lost || r.Interrupted {
		return r
	}
	u := h.units[unit]
	for i := range in {
		if r.Reads != nil {
			in[i].Reads = r.Reads[i]
		}
		if in[i].Kind == sandbox.Completed {
			delete(u.Open, in[i].Op)
		}
		u.History = append(u.History, in[i])
	}
	for _, op := range r.Ops {
		u.Ops = op.N
		u.All = append(u.All, op)
		u.Open[op.N] = op
	}
	return r
}

// Answer is the input that completes an operation with a JSON value.
func Answer(op sandbox.Op, value string) sandbox.Input {
	return sandbox.Input{Kind: sandbox.Completed, Op: op.N, Hash: op.Hash, Value: json.RawMessage(value)}
}

// Fault is the input that fails an operation.
func Fault(op sandbox.Op, name, message string) sandbox.Input {
	return sandbox.Input{Kind: sandbox.Completed, Op: op.N, Hash: op.Hash, Error: &sandbox.HostError{Name: name, Message: message}}
}

// Event is the input that tells an event of an object.
func Event(object, event, value string) sandbox.Input {
	return sandbox.Input{Kind: sandbox.Occurred, Object: object, Event: event, Value: json.RawMessage(value)}
}

// Complete answers an operation.
func (h *Host) Complete(unit string, op sandbox.Op, value string) sandbox.Result {
	h.t.Helper()
	return h.Send(unit, Answer(op, value))
}

// Fail fails an operation.
func (h *Host) Fail(unit string, op sandbox.Op, name, message string) sandbox.Result {
	h.t.Helper()
	return h.Send(unit, Fault(op, name, message))
}

// Tell tells an event.
func (h *Host) Tell(unit, object, event, value string) sandbox.Result {
	h.t.Helper()
	return h.Send(unit, Event(object, event, value))
}

// Reopen rebuilds a unit from its history and returns how it stands.
func (h *Host) Reopen(unit string) sandbox.Result {
	h.t.Helper()
	u := h.units[unit]
	history := append([]sandbox.Input{}, u.History...)
	h.Open(unit, u.Kind, u.Seed, history, u.Ops)
	return h.Wait(unit)
}
