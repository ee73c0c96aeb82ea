package flow

import (
	"strings"
	"testing"
	"time"

	"github.com/callwright/callwright/engine/call"
	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/sandbox"
)

func TestSignallingVerbs(t *testing.T) {
	for _, c := range []struct {
		method  string
		options map[string]any
		sent    func(call.Input) bool
	}{
		{"ring", map[string]any{"headers": map[string]any{"X-A": []string{"1", "2"}}, "alertInfo": "urn:x"}, func(in call.Input) bool {
			v, ok := in.(call.Ring)
			return ok && len(v.Headers) == 3 && v.Headers[2].Value == "<urn:x>"
		}},
		{"progress", nil, func(in call.Input) bool { _, ok := in.(call.Progress); return ok }},
		{"reject", map[string]any{"code": "busy"}, func(in call.Input) bool { v, ok := in.(call.Reject); return ok && v.Status == 486 }},
		{"reject", map[string]any{"code": 603, "reason": "No"}, func(in call.Input) bool {
			v, ok := in.(call.Reject)
			return ok && v.Status == 603 && v.Reason == "No"
		}},
		{"redirect", map[string]any{"contacts": "sip:b@x"}, func(in call.Input) bool {
			v, ok := in.(call.Reject)
			return ok && v.Status == 302 && v.Contacts[0] == "sip:b@x"
		}},
		{"hangup", map[string]any{"cause": "busy"}, func(in call.Input) bool { v, ok := in.(call.Hangup); return ok && v.Cause.SIP == 486 }},
	} {
		r := newRig(t)
		r.invite("c")
		r.begin("c", c.method, c.options)
		if !r.ordered(c.sent) {
			t.Errorf("%s: %v", c.method, r.acts)
		}
	}
	for _, c := range []struct {
		method  string
		options map[string]any
		text    string
	}{
		{"reject", map[string]any{"code": "bussy"}, `"busy"`}, {"reject", map[string]any{"code": 200}, "400"},
		{"redirect", map[string]any{"contacts": "here"}, "URI"}, {"hangup", map[string]any{"cause": "nomal"}, `"normal"`},
		{"ring", map[string]any{"headers": map[string]any{"Via": "x"}}, "Via"},
		{"answer", map[string]any{"headers": map[string]any{"X-A": "a\r\nVia: b"}}, "line end"},
		{"hangup", map[string]any{"headers": map[string]any{"X A": "b"}}, "X A"},
	} {
		r := newRig(t)
		r.invite("c")
		if e := r.throws("c", r.begin("c", c.method, c.options), "BadOption"); !strings.Contains(e.Message, c.text) {
			t.Errorf("%s: %s", c.method, e.Message)
		}
	}
}

func TestEarlyAudio(t *testing.T) {
	r := newRig(t)
	r.invite("c")
	n := r.begin("c", "progress", nil)
	r.up("c")
	r.completed("c", n)
	if got := r.f.Calls()[0].State; got != "early" {
		t.Fatalf("state %s", got)
	}
	r.begin("c", "play", map[string]any{"source": source("a.wav")})
	r.played()
	if r.ordered(func(in call.Input) bool { _, ok := in.(call.Accept); return ok }) {
		t.Fatal("early audio must not answer")
	}
	r.workerDone(&control.Done{Op: "c/2.1", Reason: "finished"})
	n = r.begin("c", "answer", nil) // all is agreed: nothing more will be told
	r.completed("c", n)
	if got := r.f.Calls()[0]; got.State != "answered" || got.Times.Answered == 0 {
		t.Fatalf("state %s", got.State)
	}
}

func TestProgressWithoutAnOffer(t *testing.T) {
	r := newRig(t)
	r.step(NewCall{Call: "c", App: "main", Version: "v1", Msg: &call.Message{URI: "sip:1@pbx"}})
	n := r.begin("c", "progress", nil)
	r.completed("c", n)
	r.begin("c", "play", map[string]any{"source": source("a.wav")})
	if !r.ordered(func(in call.Input) bool { _, ok := in.(call.Accept); return ok }) {
		t.Fatalf("without early audio a play answers: %v", r.acts)
	}
}

func TestALegThatRefuses(t *testing.T) {
	r := newRig(t)
	r.invite("c")
	n := r.begin("c", "play", map[string]any{"source": source("a.wav")})
	r.step(Refused{Call: "c", Order: "answer", Why: "the call is not waiting for an answer"})
	r.throws("c", n, "Error")
	n = r.begin("c", "reject", nil)
	r.step(Refused{Call: "c", Order: "reject", Why: "no"})
	r.throws("c", n, "Error")
}

func TestAVerbThatNeedsAudioAnswersFirst(t *testing.T) {
	r := newRig(t)
	r.invite("c")
	n := r.begin("c", "play", map[string]any{"source": source("a.wav")})
	if !r.ordered(func(in call.Input) bool { _, ok := in.(call.Accept); return ok }) {
		t.Fatalf("actions %v", r.acts)
	}
	r.up("c")
	r.played()
	r.workerDone(&control.Done{Op: "c/1.1", Reason: "finished", Ms: 10})
	want(t, r.result("c", n), "reason", "finished")
}

func TestNoWorkerHasRoom(t *testing.T) {
	r := newRig(t)
	r.invite("c")
	n := r.begin("c", "answer", nil)
	r.step(MediaFailed{Call: "c", Why: "no SBC is up"})
	if e := r.throws("c", n, "Busy"); !strings.Contains(e.Message, "no SBC is up") {
		t.Fatal(e.Message)
	}
	r.did("c", sandbox.Result{Settled: true, Error: &sandbox.ScriptError{Name: "Busy", Message: "x"}})
	if !r.ordered(func(in call.Input) bool { v, ok := in.(call.Reject); return ok && v.Status == 503 }) {
		t.Fatalf("actions %v", r.acts)
	}
}

func TestAnswerLater(t *testing.T) {
	r := newRig(t)
	r.invite("c")
	n := r.begin("c", "answer", map[string]any{"delay": 500})
	if r.ordered(func(call.Input) bool { return true }) {
		t.Fatal("answered at once")
	}
	r.advance(500 * time.Millisecond)
	if !r.ordered(func(in call.Input) bool { _, ok := in.(call.Accept); return ok }) {
		t.Fatalf("actions %v", r.acts)
	}
	r.hangup("c") // the caller gave up
	r.throws("c", n, "CallEnded")
}

func TestTimesAreBounded(t *testing.T) {
	for m, want := range map[millis]time.Duration{-5: 0, 1.9: time.Millisecond, 1e18: longest} {
		if got := m.duration(); got != want {
			t.Errorf("%v ms is %v, want %v", float64(m), got, want)
		}
	}
}
