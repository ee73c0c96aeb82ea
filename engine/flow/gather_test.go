package flow

import (
	"strings"
	"testing"
	"time"

	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/sandbox"
)

func source(s ...string) []string { return s }

func TestGatherTakesDigitsUntilTheTerminator(t *testing.T) {
	r := newRig(t)
	r.answered("c")
	n := r.begin("c", "gather", map[string]any{"prompt": source("a.wav")})
	p := r.played()
	if p.GetOp() != "c/2.1" || p.GetMember() != "c" || p.GetSources()[0].GetFile().GetPath() != "a.wav" {
		t.Fatalf("played %v", p)
	}
	r.now = r.now.Add(700 * time.Millisecond)
	r.digits("c", "1")
	if !r.stopped("c/2.1") {
		t.Fatal("a digit must stop the prompt")
	}
	r.digits("c", "23#")
	got := r.result("c", n)
	want(t, got, "ok", true)
	want(t, got, "digits", "123")
	want(t, got, "reason", "terminator")
	want(t, got, "terminator", "#")
	want(t, got, "bargedAt", 700)
}

func TestGatherTimes(t *testing.T) {
	for _, c := range []struct {
		name, keys string
		options    map[string]any
		wait       time.Duration
		digits     string
		ok         bool
		reason     string
	}{
		{"nothing typed", "", nil, 5 * time.Second, "", false, "timeout"},
		{"not yet", "", nil, 4 * time.Second, "", false, ""},
		{"enough, then quiet", "12", nil, 3 * time.Second, "12", true, "digits"},
		{"too few, then quiet", "12", map[string]any{"min": 3}, 3 * time.Second, "12", false, "timeout"},
		{"max", "12", map[string]any{"max": 2}, 0, "12", true, "digits"},
		{"too few, then #", "12#", map[string]any{"min": 3}, 0, "12", false, "invalid"},
		{"# alone", "#", nil, 0, "", false, "invalid"},
		{"# alone is enough", "#", map[string]any{"min": 0}, 0, "", true, "terminator"},
		{"kept", "1#", map[string]any{"keepTerminator": true}, 0, "1#", true, "terminator"},
		{"another terminator", "1#*", map[string]any{"terminators": "*"}, 0, "1#", true, "terminator"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			r.answered("c")
			n := r.begin("c", "gather", c.options)
			r.digits("c", c.keys)
			r.advance(c.wait)
			if c.reason == "" {
				if len(r.active) != 0 {
					t.Fatalf("ended early: %v", r.active)
				}
				return
			}
			got := r.result("c", n)
			want(t, got, "ok", c.ok)
			want(t, got, "digits", c.digits)
			want(t, got, "reason", c.reason)
			if len(r.timers) != 0 {
				t.Fatalf("timers left: %v", r.timers)
			}
		})
	}
}

func TestTheFirstDigitsTimeRunsFromTheEndOfThePrompt(t *testing.T) {
	r := newRig(t)
	r.answered("c")
	n := r.begin("c", "gather", map[string]any{"prompt": source("a.wav")})
	r.advance(20 * time.Second)
	r.workerDone(&control.Done{Op: "c/2.1", Reason: "finished"})
	r.advance(4900 * time.Millisecond)
	if len(r.active) != 0 {
		t.Fatal("ended early")
	}
	r.advance(100 * time.Millisecond)
	want(t, r.result("c", n), "reason", "timeout")
}

func TestDigitsTypedAhead(t *testing.T) {
	r := newRig(t)
	r.answered("c")
	r.digits("c", strings.Repeat("9", 40))
	n := r.begin("c", "gather", map[string]any{"prompt": source("a.wav"), "max": 30})
	want(t, r.result("c", n), "digits", strings.Repeat("9", 30))
	for _, a := range r.acts {
		if m, ok := a.(ToMixer); ok && m.Command.GetPlay() != nil {
			t.Fatal("digits typed ahead make the prompt needless")
		}
	}
	n = r.begin("c", "gather", map[string]any{"max": 2}) // 40 typed, 32 kept, 30 taken
	want(t, r.result("c", n), "digits", "99")

	r.did("c", sandbox.Result{Listens: []sandbox.Listen{{Object: "call", Event: "dtmf", On: true}}})
	r.digits("c", "55")
	n = r.begin("c", "gather", map[string]any{"buffer": false})
	r.digits("c", "7#")
	r.did("c", sandbox.Result{}) // the second key of those before
	want(t, r.result("c", n), "digits", "7")
}

func TestWithoutBargeInDigitsCountAfterThePrompt(t *testing.T) {
	r := newRig(t)
	r.answered("c")
	n := r.begin("c", "gather", map[string]any{"prompt": source("a.wav"), "bargeIn": false})
	r.digits("c", "12#")
	if r.stopped("c/2.1") || len(r.active) != 0 {
		t.Fatal("the prompt must go on")
	}
	r.workerDone(&control.Done{Op: "c/2.1", Reason: "finished"})
	want(t, r.result("c", n), "digits", "12")
}

func TestGatherTriesAgain(t *testing.T) {
	r := newRig(t)
	r.answered("c")
	n := r.begin("c", "gather", map[string]any{"prompt": source("a.wav"), "retryPrompt": source("again.wav"),
		"invalidPrompt": source("wrong.wav"), "tries": 3, "max": 2, "validate": map[string]any{"$fn": 5, "$re": "^1", "flags": ""}})
	r.workerDone(&control.Done{Op: "c/2.1", Reason: "finished"})
	r.advance(5 * time.Second)
	if got := r.played().GetSources()[0].GetFile().GetPath(); got != "again.wav" {
		t.Fatalf("after silence: %s", got)
	}
	r.digits("c", "22")
	ask := r.active["c"].Inputs[0]
	if ask.Kind != sandbox.Called || ask.Callback != 5 || string(ask.Value) != `["22"]` {
		t.Fatalf("asked %+v", ask)
	}
	r.did("c", sandbox.Result{Answers: []sandbox.Answer{{Ask: ask.Ask, Value: []byte("false")}}})
	if got := r.played().GetSources()[0].GetFile().GetPath(); got != "wrong.wav" {
		t.Fatalf("after a wrong one: %s", got)
	}
	r.digits("c", "123")
	ask = r.active["c"].Inputs[0]
	r.did("c", sandbox.Result{Answers: []sandbox.Answer{{Ask: ask.Ask, Value: []byte("true")}}})
	got := r.result("c", n)
	want(t, got, "ok", true)
	want(t, got, "digits", "12")
	want(t, got, "tries", 3)
	n = r.begin("c", "gather", map[string]any{"max": 1}) // typed while the script looked
	want(t, r.result("c", n), "digits", "3")
}

func TestALaterGatherTakesOver(t *testing.T) {
	r := newRig(t)
	r.answered("c")
	a, b := r.op("c", "call", "Call", "gather", map[string]any{"prompt": source("a.wav")}), r.op("c", "call", "Call", "gather", nil)
	r.did("c", sandbox.Result{Ops: []sandbox.Op{a, b}})
	want(t, r.result("c", a.N), "reason", "replaced")
	if !r.stopped("c/2.1") {
		t.Fatal("the former prompt goes on")
	}
	r.idle("c")
	r.digits("c", "4#")
	want(t, r.result("c", b.N), "digits", "4")
}

func TestMaskedDigitsAreInNoLine(t *testing.T) {
	r := newRig(t)
	r.answered("c")
	n := r.begin("c", "gather", map[string]any{"mask": true, "validate": map[string]any{"$fn": 1}})
	r.digits("c", "4711#")
	ask := r.active["c"].Inputs[0]
	if !ask.Masked {
		t.Fatal("what asks the script is not masked")
	}
	r.did("c", sandbox.Result{Answers: []sandbox.Answer{{Ask: ask.Ask, Value: []byte("1")}},
		Logs: []sandbox.Log{{Level: "info", Text: "trying 4711"}}})
	if in := r.completed("c", n); !in.Masked || !strings.Contains(string(in.Value), "4711") {
		t.Fatalf("the script's result: %+v", in)
	}
	r.did("c", sandbox.Result{Vars: []byte(`{"pin":"4711","n":4711,"list":["x4711"],"other":12}`), Settled: true,
		Error: &sandbox.ScriptError{Name: "Error", Message: "no user 4711", File: "main.js", Line: 3, Column: 4, Source: `x = "4711"`}})
	for _, note := range r.notes {
		if strings.Contains(note.Text, "4711") {
			t.Errorf("a line shows it: %+v", note)
		}
	}
	if got := string(r.f.Calls()[0].Vars); strings.Contains(got, "4711") || !strings.Contains(got, `"other":12`) {
		t.Errorf("vars show %s", got)
	}
}

func TestGatherEndsWithItsCall(t *testing.T) {
	for name, then := range map[string]func(r *rig){
		"in the prompt":          func(r *rig) {},
		"before a digit":         func(r *rig) { r.workerDone(&control.Done{Op: "c/2.1", Reason: "finished"}) },
		"between digits":         func(r *rig) { r.digits("c", "1") },
		"while the script looks": func(r *rig) { r.digits("c", "1#") },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.answered("c")
			n := r.begin("c", "gather", map[string]any{"prompt": source("a.wav"), "validate": map[string]any{"$fn": 1}})
			then(r)
			r.hangup("c")
			if a := r.active["c"]; a.Inputs[0].Kind == sandbox.Called {
				r.did("c", sandbox.Result{Answers: []sandbox.Answer{{Ask: a.Inputs[0].Ask, Value: []byte("true")}}})
			}
			got := r.result("c", n)
			want(t, got, "ok", false)
			want(t, got, "reason", "hangup")
			r.did("c", sandbox.Result{Settled: true})
			if !r.over["c"] || len(r.timers) != 0 {
				t.Fatalf("over %v, timers %v", r.over, r.timers)
			}
		})
	}
}

func TestGatherErrors(t *testing.T) {
	for _, c := range []struct {
		options map[string]any
		text    string
	}{
		{map[string]any{"prompt": source("../x.wav")}, "leaves the script's directory"},
		{map[string]any{"prompt": source("/etc/passwd")}, "absolute"},
		{map[string]any{"tries": 0}, "tries"},
		{map[string]any{"min": 5, "max": 4}, "min"},
		{map[string]any{"input": []string{"speech"}}, "not built yet"},
		{map[string]any{"bargeIn": map[string]any{"speech": true}}, "not built yet"},
		{map[string]any{"terminators": "x"}, "not a key"},
	} {
		r := newRig(t)
		r.answered("c")
		n := r.begin("c", "gather", c.options)
		if e := r.throws("c", n, "BadOption"); !strings.Contains(e.Message, c.text) {
			t.Errorf("%v: %s", c.options, e.Message)
		}
	}
}

func TestGatherWithABrokenPrompt(t *testing.T) {
	r := newRig(t)
	r.answered("c")
	n := r.begin("c", "gather", map[string]any{"prompt": source("gone.wav")})
	r.workerDone(&control.Done{Op: "c/2.1", Reason: "error", Error: "gone.wav: no such file"})
	if len(r.notes) != 1 || r.notes[0].Level != "warn" || r.notes[0].Line != "main.js:2:1" {
		t.Fatalf("notes %+v", r.notes)
	}
	r.digits("c", "1#")
	want(t, r.result("c", n), "digits", "1")
}
