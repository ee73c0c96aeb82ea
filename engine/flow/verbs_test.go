package flow

import (
	"strings"
	"testing"
	"time"

	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/sandbox"
)

func TestPlayEnds(t *testing.T) {
	for _, c := range []struct {
		name    string
		options map[string]any
		then    func(r *rig)
		reason  string
		played  int
		digit   string
	}{
		{"by itself", nil, func(r *rig) { r.workerDone(&control.Done{Op: "c/2.1", Reason: "finished", Ms: 900}) }, "finished", 900, ""},
		{"broken", nil, func(r *rig) { r.workerDone(&control.Done{Op: "c/2.1", Reason: "error", Error: "no such file"}) }, "error", 0, ""},
		{"hangup", nil, func(r *rig) { r.now = r.now.Add(time.Second); r.hangup("c") }, "hangup", 1000, ""},
		{"member gone", nil, func(r *rig) { r.workerDone(&control.Done{Op: "c/2.1", Reason: "gone", Ms: 20}) }, "stopped", 20, ""},
		{"any digit", map[string]any{"bargeIn": "digits"}, func(r *rig) {
			r.digits("c", "5")
			r.workerDone(&control.Done{Op: "c/2.1", Reason: "stopped", Ms: 40})
		}, "digit", 40, "5"},
		{"terminator", map[string]any{"terminators": "*#"}, func(r *rig) {
			r.digits("c", "5#")
			r.workerDone(&control.Done{Op: "c/2.1", Reason: "stopped", Ms: 60})
		}, "digit", 60, "#"},
		{"a fault", nil, func(r *rig) {
			r.step(Worked{&control.Event{Body: &control.Event_Fault{Fault: &control.Fault{Subject: "c/2.1", Error: "no member"}}}})
		}, "error", 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			r.answered("c")
			options := map[string]any{"source": source("a.wav")}
			for k, v := range c.options {
				options[k] = v
			}
			n := r.begin("c", "play", options)
			r.played()
			c.then(r)
			got := r.result("c", n)
			want(t, got, "reason", c.reason)
			want(t, got, "played", c.played)
			if c.digit != "" {
				want(t, got, "digit", c.digit)
			}
			if c.reason == "error" && (got["error"] == "" || len(r.notes) == 0) {
				t.Fatalf("an error without words: %v, %v", got, r.notes)
			}
		})
	}
}

func TestABargedInDigitIsTheNextGathers(t *testing.T) {
	r := newRig(t)
	r.answered("c")
	r.begin("c", "play", map[string]any{"source": source("tone:440"), "bargeIn": true})
	r.digits("c", "2")
	r.workerDone(&control.Done{Op: "c/2.1", Reason: "stopped"})
	n := r.begin("c", "gather", map[string]any{"max": 1})
	want(t, r.result("c", n), "digits", "2")
}

func TestSources(t *testing.T) {
	r := newRig(t)
	r.f.cfg.AppDir = func(app string) string { return "shop" }
	r.answered("c")
	r.begin("c", "play", map[string]any{"loop": 3, "gain": -6, "offset": 1500, "source": []any{"hello.wav", "tone:350+440/200,0/100x2",
		"silence:2s", "recordings:c-1.wav", map[string]any{"$value": "play", "source": []any{"in/b.wav"}},
		map[string]any{"$value": "silence", "duration": 250}, map[string]any{"$value": "tone", "spec": "440"}}})
	p := r.played()
	var got []string
	for _, s := range p.GetSources() {
		got = append(got, strings.ReplaceAll(s.String(), "  ", " "))
	}
	text := strings.Join(got, "; ")
	for _, part := range []string{`path:"shop/hello.wav"`, "hz:350", "repeats:2", "silence_ms:2000", "root:RECORDINGS", `path:"c-1.wav"`,
		`path:"shop/in/b.wav"`, "silence_ms:250", "hz:440"} {
		if !strings.Contains(text, part) {
			t.Errorf("%s is not in %s", part, text)
		}
	}
	if p.GetLoops() != 3 || p.GetOffsetMs() != 1500 || p.GetGainDb() != -6 {
		t.Errorf("options: %v", p)
	}
}

func TestWrongSourcesThrow(t *testing.T) {
	for src, text := range map[string]string{
		"../main.js": "leaves the script's directory", "a/../../b.wav": "leaves", "/etc/passwd": "absolute", "": "not the name",
		"tone:": "tone", "tone:x": "tone", "tone:440/0": "tone", "silence:-1s": "time", "silence:0": "silence",
		"https://a/b.wav": "sends no requests", "country:xx/ringback": "no tones of", "country:uk/ringbak": `"ringback"`, "say:": "text", "data:audio/wav;base64,%": "sound", "swift:x": "not built yet", "tone:440/3700000": "3700000 ms, want 1 to 3600000", "recordings:../x": "leaves", `a\b.wav`: "not the name",
	} {
		r := newRig(t)
		r.answered("c")
		n := r.begin("c", "play", map[string]any{"source": source(src)})
		if e := r.throws("c", n, "BadOption"); !strings.Contains(e.Message, text) || !strings.HasPrefix(e.Message, "call.play: ") {
			t.Errorf("%q: %s", src, e.Message)
		}
	}
}

func TestPlaybackIsSteered(t *testing.T) {
	r := newRig(t)
	r.answered("c")
	p := r.op("c", "call", "Call", "play", map[string]any{"source": source("a.wav"), "loop": true})
	pause := r.op("c", "op:2", "Playback", "pause", nil)
	stop := r.op("c", "op:2", "Playback", "stop", nil)
	r.did("c", sandbox.Result{Ops: []sandbox.Op{p, pause, stop}})
	if r.played().GetLoops() != forEver || !r.stopped("c/2.1") ||
		!has(r.acts, func(m ToMixer) bool { return m.Command.GetPause().GetPaused() }) {
		t.Fatalf("actions %v", r.acts)
	}
	r.workerDone(&control.Done{Op: "c/2.1", Reason: "stopped", Ms: 5})
	r.idle("c")
	r.hangup("c")
	late := r.op("c", "op:2", "Playback", "stop", nil) // ended long ago
	r.idle("c")
	_ = late
}

func TestSteeredBeforeTheAudioStands(t *testing.T) {
	r := newRig(t)
	r.invite("c")
	p := r.op("c", "call", "Call", "play", map[string]any{"source": source("a.wav")})
	q := r.op("c", "call", "Call", "record", nil)
	r.did("c", sandbox.Result{Ops: []sandbox.Op{p, q, r.op("c", "op:1", "Playback", "stop", nil), r.op("c", "op:2", "Recording", "stop", nil)}})
	want(t, r.result("c", p.N), "reason", "stopped")
	want(t, r.result("c", q.N), "reason", "stopped")
	r.up("c")
	if has(r.acts, func(ToMixer) bool { return true }) {
		t.Fatalf("actions %v", r.acts)
	}
}

func TestOneDigitEndsTwoVerbsAndIsUsedOnce(t *testing.T) {
	r := newRig(t)
	r.answered("c")
	p := r.op("c", "call", "Call", "play", map[string]any{"source": source("tone:440"), "terminators": "5"})
	q := r.op("c", "call", "Call", "record", map[string]any{"terminators": "5"})
	r.did("c", sandbox.Result{Ops: []sandbox.Op{p, q}})
	r.digits("c", "4554")
	if got := strings.Join(r.f.units["c"].call.typed, ""); got != "454" {
		t.Fatalf("typed ahead: %s", got)
	}
}

func TestRecordEnds(t *testing.T) {
	for _, c := range []struct {
		name    string
		options map[string]any
		then    func(r *rig)
		reason  string
		ms      int
	}{
		{"silence", nil, func(r *rig) { r.workerDone(&control.Done{Op: "c/2.1", Reason: "silence", Ms: 900, Sha256: "ab"}) }, "silence", 900},
		{"limit", map[string]any{"max": 5000}, func(r *rig) { r.workerDone(&control.Done{Op: "c/2.1", Reason: "limit", Ms: 5000}) }, "max", 5000},
		{"terminator", map[string]any{"terminators": "#"}, func(r *rig) {
			r.digits("c", "1#")
			if !r.stopped("c/2.1") {
				r.t.Fatal("not stopped")
			}
			r.workerDone(&control.Done{Op: "c/2.1", Reason: "stopped", Ms: 70})
		}, "terminator", 70},
		{"broken disk", nil, func(r *rig) { r.workerDone(&control.Done{Op: "c/2.1", Reason: "error", Error: "disk full"}) }, "error", 0},
		{"hangup, told by the mixer", nil, func(r *rig) {
			r.hangup("c")
			r.workerDone(&control.Done{Op: "c/2.1", Reason: "gone", Ms: 333})
		}, "hangup", 333},
		{"hangup, the mixer silent", nil, func(r *rig) { r.advance(time.Second); r.hangup("c"); r.advance(lastWord) }, "hangup", 3000},
		{"after a beep", map[string]any{"beep": true}, func(r *rig) {
			r.workerDone(&control.Done{Op: "c/2.1", Reason: "finished"})
			r.workerDone(&control.Done{Op: "c/2.2", Reason: "silence", Ms: 12})
		}, "silence", 12},
		{"hangup in the beep", map[string]any{"beep": true}, func(r *rig) { r.hangup("c") }, "hangup", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			r.answered("c")
			n := r.begin("c", "record", c.options)
			c.then(r)
			got := r.result("c", n)
			want(t, got, "reason", c.reason)
			want(t, got, "ms", c.ms)
			want(t, got, "url", "recordings:c-2.wav")
		})
	}
}

func TestRecordCommand(t *testing.T) {
	r := newRig(t)
	r.answered("c")
	r.begin("c", "record", map[string]any{"file": "box/1", "mode": "stereo", "leg": "both", "max": 1000, "maxSilence": 500, "trim": true})
	for _, a := range r.acts {
		if m, ok := a.(ToMixer); ok {
			got := strings.ReplaceAll(m.Command.GetRecord().String(), "  ", " ")
			for _, part := range []string{`path:"box/1.wav"`, "leg:BOTH", "stereo:true", "max_ms:1000", "max_silence_ms:500", "trim:true", `member:"c"`} {
				if !strings.Contains(got, part) {
					t.Errorf("%s is not in %s", part, got)
				}
			}
		}
	}
	for _, bad := range []map[string]any{{"file": "../x.wav"}, {"file": "x.mp3"}, {"mode": "separate"}, {"terminators": "é"}} {
		r := newRig(t)
		r.answered("c")
		r.throws("c", r.begin("c", "record", bad), "BadOption")
	}
}

func TestEchoEnds(t *testing.T) {
	for _, c := range []struct {
		name   string
		then   func(r *rig)
		reason string
		heard  int
	}{
		{"digit", func(r *rig) {
			r.digits("c", "5")
			if !r.stopped("c/2.1") {
				r.t.Fatal("not stopped")
			}
			r.workerDone(&control.Done{Op: "c/2.1", Reason: "stopped", Ms: 100, HeardMs: 80})
		}, "digit", 80},
		{"time", func(r *rig) {
			r.advance(10 * time.Second)
			r.workerDone(&control.Done{Op: "c/2.1", Reason: "stopped", HeardMs: 9000})
		}, "time", 9000},
		{"hangup", func(r *rig) { r.hangup("c"); r.workerDone(&control.Done{Op: "c/2.1", Reason: "gone", HeardMs: 7}) }, "hangup", 7},
		{"hangup, the SBC silent", func(r *rig) { r.hangup("c"); r.advance(2 * time.Second) }, "hangup", 0},
		{"error", func(r *rig) { r.workerDone(&control.Done{Op: "c/2.1", Reason: "error", Error: "no stream"}) }, "error", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t)
			r.answered("c")
			n := r.begin("c", "echo", map[string]any{"for": 10000, "delay": 200})
			if !has(r.acts, func(m ToSBC) bool {
				return m.Command.GetEcho().GetDelayMs() == 200 && m.Command.GetEcho().GetStream() == "c"
			}) {
				t.Fatalf("actions %v", r.acts)
			}
			c.then(r)
			got := r.result("c", n)
			want(t, got, "reason", c.reason)
			want(t, got, "heard", c.heard)
		})
	}
}

func TestTwoEchoesAreOneTooMany(t *testing.T) {
	r := newRig(t)
	r.answered("c")
	a, b := r.op("c", "call", "Call", "echo", nil), r.op("c", "call", "Call", "echo", nil)
	r.did("c", sandbox.Result{Ops: []sandbox.Op{a, b}})
	r.throws("c", b.N, "Busy")
}

func TestSendDigits(t *testing.T) {
	r := newRig(t)
	r.answered("c")
	n := r.begin("c", "sendDigits", map[string]any{"digits": "1w2#"})
	if !has(r.acts, func(m ToSBC) bool {
		d := m.Command.GetDigits()
		return d.GetDigits() == "1w2#" && d.GetDurationMs() == 100
	}) {
		t.Fatalf("actions %v", r.acts)
	}
	r.workerDone(&control.Done{Op: "c/2.1", Reason: "finished", Ms: 600})
	want(t, r.result("c", n), "ms", 600)
	r.throws("c", r.begin("c", "sendDigits", map[string]any{"digits": "1x"}), "BadOption")
	r.throws("c", r.begin("c", "sendDigits", map[string]any{"digits": "1", "method": "info"}), "BadOption")
}

func TestMute(t *testing.T) {
	r := newRig(t)
	r.answered("c")
	r.begin("c", "mute", map[string]any{"which": "in"})
	if !has(r.acts, func(m ToMixer) bool {
		v := m.Command.GetMember()
		return v.GetMuted() && !v.GetDeaf() && v.GetId() == "c"
	}) {
		t.Fatalf("actions %v", r.acts)
	}
	r.begin("c", "unmute", nil)
	if !has(r.acts, func(m ToMixer) bool { v := m.Command.GetMember(); return v != nil && !v.GetMuted() }) {
		t.Fatalf("actions %v", r.acts)
	}
}

func TestTimers(t *testing.T) {
	r := newRig(t)
	r.invite("c")
	s := r.op("c", "", "", "sleep", map[string]any{"duration": 1500})
	a := r.op("c", "", "", "setTimeout", map[string]any{"ms": 100})
	gone := r.op("c", "", "", "setTimeout", map[string]any{"ms": 200})
	clear := r.op("c", "", "", "clearTimeout", map[string]any{"op": gone.N})
	r.did("c", sandbox.Result{Ops: []sandbox.Op{s, a, gone, clear}})
	r.advance(1400 * time.Millisecond)
	r.completed("c", a.N)
	r.idle("c")
	r.advance(100 * time.Millisecond)
	r.completed("c", s.N)
	if len(r.f.units["c"].ops) != 0 {
		t.Fatalf("left: %v", r.f.units["c"].ops)
	}
}

func TestCommit(t *testing.T) {
	r := newRig(t)
	r.invite("c")
	a, b := r.op("c", "", "", "state.commit", nil), r.op("c", "", "", "state.commit", nil)
	r.did("c", sandbox.Result{Ops: []sandbox.Op{a, b}})
	if !has(r.acts, func(c Commit) bool { return c.Unit == "c" && c.Op == a.N }) {
		t.Fatalf("actions %v", r.acts)
	}
	r.step(Committed{Unit: "c", Op: a.N})
	r.completed("c", a.N)
	r.idle("c")
	r.step(Committed{Unit: "c", Op: b.N, Why: "the disk is full"})
	r.throws("c", b.N, "Error")
}
