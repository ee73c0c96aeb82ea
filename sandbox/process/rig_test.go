package process_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/callwright/callwright/sandbox"
	"github.com/callwright/callwright/sandbox/process"
	"github.com/callwright/callwright/sandbox/sandboxtest"
)

// TestMain lets this test binary be the script hosts it starts.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == process.Command {
		os.Exit(process.Main())
	}
	if len(os.Args) > 1 && os.Args[1] == unconfined {
		os.Exit(process.MainUnconfined())
	}
	if len(os.Args) > 1 && os.Args[1] == confined {
		os.Exit(tryAll())
	}
	os.Exit(m.Run())
}

func faces() []sandbox.Face {
	return []sandbox.Face{
		{Class: "", Methods: []sandbox.Method{
			{Name: "sleep", Params: []sandbox.Param{{Name: "time", Type: sandbox.Duration}}}}},
		{Class: "Call",
			Fields: []sandbox.Field{{Name: "id"}, {Name: "vars", Writable: true}},
			Methods: []sandbox.Method{
				{Name: "answer"},
				{Name: "gather", Options: []sandbox.Option{{Name: "max", Type: sandbox.Integer, Default: 4},
					{Name: "validate", Type: sandbox.Pattern}}},
				{Name: "hangup"},
			},
			Events: []string{"dtmf", "ended"}, Promises: []string{"ended"}},
	}
}

// newPool makes a pool that ends with the test.
func newPool(t testing.TB, state *sandbox.State) *process.Pool {
	t.Helper()
	log := slog.New(slog.NewTextHandler(testLog{t}, nil))
	p, err := process.NewPool(process.Config{Faces: faces(), State: state, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

type testLog struct{ t testing.TB }

func (l testLog) Write(b []byte) (int, error) {
	l.t.Log(strings.TrimSpace(string(b)))
	return len(b), nil
}

// engine is the brain as a generation sees it: it keeps histories, and opens again
// what was lost.
type engine struct {
	t testing.TB
	g *process.Generation

	mu    sync.Mutex
	units map[string]*unit
}

type unit struct {
	turn    uint64
	history []sandbox.Input
	ops     uint32
	busy    *sandbox.Activation
	results chan sandbox.Result
	losses  int
}

func newEngine(t testing.TB, p *process.Pool, opts sandbox.Options, text string) *engine {
	t.Helper()
	e := &engine{t: t, units: map[string]*unit{}}
	opts.Deliver = e.deliver
	g, err := p.Load(sandboxtest.Source(t, map[string]string{"main.js": text}), opts)
	if err != nil {
		t.Fatal(err)
	}
	e.g = g
	t.Cleanup(g.Stop)
	return e
}

func (e *engine) deliver(r sandbox.Result) {
	e.mu.Lock()
	defer e.mu.Unlock()
	u := e.units[r.Unit]
	switch {
	case u == nil:
	case r.Lost && r.Turn == 0 && u.busy != nil: // the activation's own follows
	case r.Lost:
		u.losses++
		go e.reopen(r.Unit)
	case r.Turn == 0 && !r.Interrupted && r.Error == nil: // rebuilt
	default:
		if r.Turn != 0 && !r.Interrupted {
			u.record(r)
		}
		u.busy = nil
		u.results <- r
	}
}

func (u *unit) record(r sandbox.Result) {
	for i, in := range u.busy.Inputs {
		if r.Reads != nil {
			in.Reads = r.Reads[i]
		}
		u.history = append(u.history, in)
	}
	for _, op := range r.Ops {
		u.ops = op.N
	}
}

func (e *engine) reopen(name string) {
	e.mu.Lock()
	u := e.units[name]
	history, ops, busy := append([]sandbox.Input{}, u.history...), u.ops, u.busy
	if len(history) == 0 {
		history = nil
	}
	e.mu.Unlock()
	e.g.Open(name, sandbox.CallUnit, 7, history, ops)
	if busy != nil {
		e.g.Activate(*busy)
	}
}

// post hands an input to a unit without waiting, making the unit if it is new.
func (e *engine) post(name string, in sandbox.Input) *unit {
	e.mu.Lock()
	u := e.units[name]
	if u == nil {
		u = &unit{results: make(chan sandbox.Result, 16)}
		e.units[name] = u
		e.g.Open(name, sandbox.CallUnit, 7, nil, 0)
	}
	u.turn++
	now := sandboxtest.Epoch.Add(time.Duration(u.turn) * time.Second)
	in.At = now.UnixMilli()
	u.busy = &sandbox.Activation{Unit: name, Turn: u.turn, Now: now, Inputs: []sandbox.Input{in}}
	a := *u.busy
	e.mu.Unlock()
	e.g.Activate(a)
	return u
}

func (e *engine) send(name string, in sandbox.Input) sandbox.Result {
	e.t.Helper()
	return e.wait(name, e.post(name, in))
}

func (e *engine) wait(name string, u *unit) sandbox.Result {
	e.t.Helper()
	select {
	case r := <-u.results:
		return r
	case <-time.After(20 * time.Second):
		e.t.Fatalf("no result of %s", name)
		return sandbox.Result{}
	}
}

func start() sandbox.Input {
	return sandbox.Input{Kind: sandbox.Start, Fields: map[string]json.RawMessage{"call": json.RawMessage(`{"id":"x","vars":{}}`)}}
}

// answered completes the first operation of a result.
func answered(r sandbox.Result, value string) sandbox.Input {
	if len(r.Ops) == 0 {
		panic(fmt.Sprintf("no operation to answer: %+v, %v", r, r.Error))
	}
	return sandboxtest.Answer(r.Ops[0], value)
}
