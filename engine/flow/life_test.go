package flow

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/callwright/callwright/engine/call"
	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/media/sdp"
	"github.com/callwright/callwright/sandbox"
)

func TestAFlowThatEndsEndsItsCall(t *testing.T) {
	thrown := &sandbox.ScriptError{App: "main", File: "main.js", Line: 12, Column: 9, Name: "TypeError", Message: "x is undefined", Source: "  x.y();"}
	for _, c := range []struct {
		name     string
		answered bool
		err      *sandbox.ScriptError
		status   int // of a Reject; 0: a Hangup
	}{
		{"returns, never answered", false, nil, 480},
		{"throws, never answered", false, thrown, 500},
		{"returns", true, nil, 0},
		{"throws", true, thrown, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			if c.answered {
				r.answered("c")
			} else {
				r.invite("c")
			}
			r.did("c", sandbox.Result{Settled: true, Error: c.err})
			if c.status != 0 && !r.ordered(func(in call.Input) bool { v, ok := in.(call.Reject); return ok && v.Status == c.status }) ||
				c.status == 0 && !r.ordered(func(in call.Input) bool { v, ok := in.(call.Hangup); return ok && v.Cause.Name == "normal" }) {
				t.Fatalf("actions %v", r.acts)
			}
			if c.err != nil {
				if len(r.notes) != 1 || r.notes[0].Line != "main.js:12:9" || !strings.Contains(r.notes[0].Text, "x.y();") || r.notes[0].Level != "error" {
					t.Fatalf("notes %+v", r.notes)
				}
			}
			r.hangup("c")
			r.idle("c")
			if !r.over["c"] || len(r.f.units) != 0 || len(r.timers) != 0 {
				t.Fatalf("over %v, units %v, timers %v", r.over, r.f.units, r.timers)
			}
		})
	}
}

func TestAnOverrunEndsItsCallOnly(t *testing.T) {
	r := newRig(t)
	r.answered("a")
	r.invite("b")
	r.answered("c")
	r.did("a", sandbox.Result{Interrupted: true, Error: &sandbox.ScriptError{File: "main.js", Line: 3, Column: 1, Name: "Budget", Message: "too long", Source: "for(;;);"}})
	if !r.ordered(func(in call.Input) bool {
		v, ok := in.(call.Hangup)
		return ok && v.Cause.Name == "budget" && v.Leg == "a"
	}) {
		t.Fatalf("actions %v", r.acts)
	}
	r.did("b", sandbox.Result{Interrupted: true, Error: &sandbox.ScriptError{Name: "Budget", Message: "too long"}})
	if !r.ordered(func(in call.Input) bool { v, ok := in.(call.Reject); return ok && v.Status == 500 && v.Leg == "b" }) {
		t.Fatalf("actions %v", r.acts)
	}
	r.hangup("a")
	r.hangup("b")
	if !r.over["a"] || !r.over["b"] {
		t.Fatalf("over: %v", r.over)
	}
	n := r.begin("c", "play", map[string]any{"source": source("a.wav")})
	r.workerDone(&control.Done{Op: "c/2.1", Reason: "finished"})
	want(t, r.result("c", n), "reason", "finished")
}

func TestLostIsRebuilt(t *testing.T) {
	r := newRig(t)
	r.answered("c")
	n := r.begin("c", "gather", map[string]any{"max": 2})
	r.digits("c", "12")
	under := r.active["c"]
	delete(r.active, "c")
	r.step(Did{sandbox.Result{Unit: "c", Turn: under.Turn, Lost: true}})
	var open Open
	for _, a := range r.acts {
		if o, ok := a.(Open); ok {
			open = o
		}
	}
	h := open.History
	if h == nil || h.Ops != 2 || h.Turn != 2 || h.Seed != 7 || len(h.Inputs) != 2 || h.Inputs[0].Kind != sandbox.Start || h.Inputs[1].Op != 1 {
		t.Fatalf("history %+v", h)
	}
	if h.Inputs[0].Fields["call"] == nil {
		t.Fatal("the journal lacks the fields that came with the start")
	}
	if !reflect.DeepEqual(r.active["c"], under) {
		t.Fatalf("activated with %+v, was %+v", r.active["c"], under)
	}
	want(t, r.result("c", n), "digits", "12")

	// A unit that was parked is rebuilt too, without an activation.
	r.did("c", sandbox.Result{Ops: []sandbox.Op{r.op("c", "call", "Call", "gather", nil)}})
	r.step(Did{sandbox.Result{Unit: "c", Lost: true}})
	if len(r.active) != 0 || !has(r.acts, func(o Open) bool { return o.History != nil && len(o.History.Inputs) == 3 }) {
		t.Fatalf("actions %+v", r.acts)
	}
}

func TestWhatCannotBeRebuilt(t *testing.T) {
	for name, tell := range map[string]func(r *rig, turn uint64){
		"the code is another": func(r *rig, turn uint64) {
			r.step(Did{sandbox.Result{Unit: "c", Turn: turn, Lost: true}})
			delete(r.active, "c")
			r.step(Did{sandbox.Result{Unit: "c", Settled: true, Error: &sandbox.ScriptError{Name: "Diverged", Message: "operation 2 differs", File: "main.js", Line: 4, Column: 2}}})
			if in := r.active["c"].Inputs; len(in) != 1 || in[0].Kind != sandbox.Start || in[0].Event != onDiverged || in[0].Op != 1 || !strings.Contains(string(in[0].Value), "main.js:4:2") {
				t.Fatalf("entered anew with %+v", in)
			}
			r.did("c", sandbox.Result{Settled: true, Error: &sandbox.ScriptError{Name: "Diverged", Message: "the app exports no onDiverged"}})
		},
		"no isolate stays": func(r *rig, turn uint64) {
			for range maxLosses + 1 {
				delete(r.active, "c")
				r.step(Did{sandbox.Result{Unit: "c", Turn: turn, Lost: true}})
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.answered("c")
			turn := r.active["c"].Turn
			delete(r.active, "c")
			tell(r, turn)
			if !r.ordered(func(in call.Input) bool { v, ok := in.(call.Hangup); return ok && v.Cause.Name == "budget" }) {
				t.Fatalf("actions %v", r.acts)
			}
			r.hangup("c")
			if !r.over["c"] || len(r.notes) < 1 || len(r.notes) > 2 {
				t.Fatalf("over %v, notes %v", r.over, r.notes)
			}
		})
	}
}

func TestHistorySurvivesJSON(t *testing.T) {
	r := newRig(t)
	r.answered("c")
	r.begin("c", "gather", map[string]any{"mask": true, "max": 1})
	r.digits("c", "1")
	a := r.active["c"]
	delete(r.active, "c")
	r.step(Did{sandbox.Result{Unit: "c", Turn: a.Turn, Reads: []json.RawMessage{json.RawMessage(`[["x",1]]`)}}})
	h := r.f.History("c")
	b, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	var again History
	if err := json.Unmarshal(b, &again); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(*h, again) {
		t.Fatalf("\n%+v\n%+v", *h, again)
	}
	for _, key := range []string{`"v":1`, `"seed":7`, `"ops":2`, `"turn":3`, `"in":[`, `"r":[["x",1]]`, `"m":true`, `"h":14`} {
		if !strings.Contains(string(b), key) {
			t.Errorf("%s is not in %s", key, b)
		}
	}
}

func TestADeadCall(t *testing.T) {
	r := newRig(t)
	r.answered("c")
	r.did("c", sandbox.Result{Listens: []sandbox.Listen{{Object: "call", Event: "ended", On: true}}, Ops: []sandbox.Op{r.op("c", "", "", "sleep", map[string]any{"duration": 1000})}})
	r.hangup("c")
	in := r.active["c"].Inputs[0]
	if in.Event != "ended" || object(t, in.Value)["by"] != "caller" {
		t.Fatalf("input %+v", in)
	}
	if got := object(t, r.active["c"].Fields["call"]); got["state"] != "ended" || got["cause"] == nil {
		t.Fatalf("fields %v", got)
	}
	for _, method := range []string{"play", "gather", "echo", "record", "ring", "answer", "mute", "sendDigits"} {
		n := r.begin("c", method, map[string]any{"source": source("a.wav"), "digits": "1"})
		e := r.throws("c", n, "CallEnded")
		if !strings.Contains(string(e.Props), `"normal"`) {
			t.Fatalf("%s: props %s", method, e.Props)
		}
	}
	n := r.begin("c", "hangup", nil)
	want(t, r.result("c", n), "name", "normal")

	// Whoever asks for it later is told at once.
	r.did("c", sandbox.Result{Listens: []sandbox.Listen{{Object: "call", Event: "ended"}}})
	r.advance(time.Second)
	r.did("c", sandbox.Result{Listens: []sandbox.Listen{{Object: "call", Event: "ended", On: true}}})
	if in := r.active["c"].Inputs[0]; in.Event != "ended" {
		t.Fatalf("input %+v", in)
	}
	r.did("c", sandbox.Result{Await: "main.js:40:3"})
	r.advance(time.Minute)
	if !r.over["c"] || !strings.Contains(r.notes[len(r.notes)-1].Text, "main.js:40:3") {
		t.Fatalf("over %v, notes %+v", r.over, r.notes)
	}
}

func TestCancelledWhileRinging(t *testing.T) {
	r := newRig(t)
	r.invite("c")
	n := r.begin("c", "answer", map[string]any{"delay": 5000})
	c := causeNamed("canceled")
	c.By = "caller"
	r.step(Ended{Call: "c", Cause: c})
	r.throws("c", n, "CallEnded")
	r.did("c", sandbox.Result{Settled: true, Error: &sandbox.ScriptError{Name: "CallEnded", Message: "the call has ended"}})
	if !r.over["c"] || len(r.notes) != 0 {
		t.Fatalf("over %v, notes %+v", r.over, r.notes)
	}
}

func TestInputsWaitForTheActivation(t *testing.T) {
	r := newRig(t)
	r.answered("c")
	r.did("c", sandbox.Result{Listens: []sandbox.Listen{{Object: "call", Event: "dtmf", On: true}}})
	r.digits("c", "123")
	if got := len(r.active["c"].Inputs); got != 1 {
		t.Fatalf("%d inputs in the first activation", got)
	}
	r.did("c", sandbox.Result{})
	if got := r.active["c"].Inputs; len(got) != 2 || object(t, got[1].Value)["digit"] != "3" {
		t.Fatalf("then %+v", got)
	}
	r.did("c", sandbox.Result{Listens: []sandbox.Listen{{Object: "call", Event: "dtmf"}}})
	r.digits("c", "4")
	if len(r.active) != 0 {
		t.Fatal("nobody listens any more")
	}
}

func TestHoldAndResume(t *testing.T) {
	r := newRig(t)
	r.answered("c")
	r.did("c", sandbox.Result{Listens: []sandbox.Listen{{Object: "call", Event: "held", On: true}, {Object: "call", Event: "resumed", On: true}}})
	r.step(Agreed{Call: "c", Media: sdp.Agreement{Receive: true, Codec: sdp.Codec{Name: "PCMU", Rate: 8000}}})
	if r.active["c"].Inputs[0].Event != "held" || r.f.Calls()[0].State != "held" {
		t.Fatalf("%+v", r.active["c"])
	}
	r.did("c", sandbox.Result{})
	r.up("c")
	if r.active["c"].Inputs[0].Event != "resumed" || r.f.Calls()[0].State != "answered" {
		t.Fatalf("%+v", r.active["c"])
	}
}

func TestTheAppsOwnRun(t *testing.T) {
	r := newRig(t)
	r.step(NewApp{Unit: "app:main@v1", App: "main", Version: "v1"})
	r.did("app:main@v1", sandbox.Result{Settled: true, Listens: []sandbox.Listen{{Object: "app", Event: "call", On: true}}})
	r.invite("c")
	in := r.active["app:main@v1"].Inputs[0]
	from, _ := object(t, in.Value)["from"].(map[string]any)
	if in.Object != "app" || in.Event != "call" || from["number"] != "+4420" || from["name"] != "Ann" {
		t.Fatalf("input %+v", in)
	}

	// One that overran goes on without the input that hung it.
	r.did("app:main@v1", sandbox.Result{Interrupted: true, Error: &sandbox.ScriptError{Name: "Budget", Message: "too long"}})
	if !has(r.acts, func(o Open) bool { return o.History != nil && len(o.History.Inputs) == 1 }) || len(r.active) != 1 {
		t.Fatalf("actions %+v", r.acts)
	}
	r.invite("d")
	r.did("app:main@v1", sandbox.Result{})
	r.step(EndApp{"app:main@v1"})
	if !r.over["app:main@v1"] || len(r.f.apps) != 0 {
		t.Fatal("not over")
	}
	r.invite("e")
}

func TestAnAppsJournalIsBounded(t *testing.T) {
	r := newRig(t)
	r.step(NewApp{Unit: "app", App: "main", Version: "v1"})
	r.did("app", sandbox.Result{Listens: []sandbox.Listen{{Object: "app", Event: "call", On: true}}, Ops: []sandbox.Op{r.op("app", "", "", "setTimeout", map[string]any{"ms": 1e6})}})
	u := r.f.units["app"]
	for i := range maxAppHistory + 10 {
		r.invite(fmt.Sprint(i))
		r.did("app", sandbox.Result{})
	}
	if n := len(u.history.Inputs); n > maxAppHistory {
		t.Fatalf("%d inputs", n)
	}
	turn := u.history.Turn
	r.step(Did{sandbox.Result{Unit: "app", Lost: true}})
	if a := r.active["app"]; len(a.Inputs) != 1 || a.Inputs[0].Kind != sandbox.Start || a.Turn != turn+1 || len(r.timers) != 0 {
		t.Fatalf("begun anew with %+v, timers %v", a, r.timers)
	}
}
