package flow

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestMenuEcho(t *testing.T) {
	w := shipped(t, "main")
	c := w.dial("ann", "main", "1000")
	c.expect("prompts/welcome.wav")
	c.press("1")
	c.expect("prompts/echo.wav")
	w.run(3 * time.Second)
	c.expect("sbc ann echo:")
	w.run(20 * time.Second)
	c.press("5")
	w.run(time.Second)
	c.expect("prompts/welcome.wav")
	c.hangup()
	w.run(time.Second)
	if !w.over["ann"] || len(w.logs) != 0 {
		t.Fatalf("over %v, logs %q", w.over, w.logs)
	}
}

func TestMenuNothingTyped(t *testing.T) {
	w := shipped(t, "main")
	c := w.dial("ann", "main", "1000")
	w.run(25 * time.Second)
	c.expect("prompts/nothing.wav")
	if !w.over["ann"] {
		t.Fatal("the call goes on")
	}
}

func TestMenuConferenceByPIN(t *testing.T) {
	w := shipped(t, "main")
	ann, bob := w.dial("ann", "main", "1000"), w.dial("bob", "main", "1000")
	ann.press("21234#")
	w.run(3 * time.Second)
	ann.expect("join ann lobby")
	bob.press("29999#")
	bob.expect("prompts/bad-pin.wav")
	bob.press("1234#")
	w.run(3 * time.Second)
	bob.expect("join bob lobby")
	if v := w.f.Conferences(); len(v) != 1 || len(v[0].Members) != 2 || v[0].Members[1].Label != "bob" {
		t.Fatalf("conferences %+v", v)
	}
	ann.press("*")
	ann.expect("prompts/welcome.wav")
	if v := w.f.Conferences(); len(v[0].Members) != 1 {
		t.Fatalf("conferences %+v", v)
	}
	ann.hangup()
	bob.hangup()
	w.run(time.Second)
	if !w.over["ann"] || !w.over["bob"] || len(w.f.Conferences()) != 0 {
		t.Fatalf("over %v, conferences %+v", w.over, w.f.Conferences())
	}
	for _, l := range w.logs {
		if strings.Contains(l, "1234") || strings.Contains(l, "9999") || strings.HasPrefix(l, "error") {
			t.Errorf("log: %s", l)
		}
	}
}

func TestMenuRecord(t *testing.T) {
	w := shipped(t, "main")
	c := w.dial("ann", "main", "1000")
	c.press("3")
	w.run(3 * time.Second)
	c.expect("record:{")
	w.run(4 * time.Second)
	c.press("#")
	c.expect(`root:RECORDINGS path:"ann-4.wav"`)
	w.run(5 * time.Second)
	c.expect("prompts/welcome.wav")
	c.hangup()
	w.run(time.Second)
}

func TestMenuDialTone(t *testing.T) {
	w := shipped(t, "main")
	c := w.dial("ann", "main", "1000")
	c.press("0")
	c.expect("hz:350 hz:440")
	c.press("1") // stops the tone, and is the menu's choice
	c.expect("prompts/echo.wav")
	c.hangup()
	w.run(time.Second)
}

func TestToneScript(t *testing.T) {
	w := shipped(t, "tone")
	c := w.dial("ann", "tone", "5000")
	c.expect("hz:440 ms:10000")
	w.run(9 * time.Second)
	if len(w.trace) != 0 {
		t.Fatalf("trace %v", w.trace)
	}
	w.run(2 * time.Second)
	c.expect("Hangup")
}

func TestEchoScript(t *testing.T) {
	w := shipped(t, "echo")
	c := w.dial("ann", "echo", "9196")
	c.expect("echo:{")
	w.run(5 * time.Second)
	c.hangup()
	w.run(time.Second)
	if !w.over["ann"] || len(w.logs) != 1 || !strings.Contains(w.logs[0], "echoed 50") {
		t.Fatalf("logs %q", w.logs)
	}
}

func TestConferenceScript(t *testing.T) {
	w := shipped(t, "conference")
	ann := w.dial("ann", "conference", "7123")
	ann.expect("join ann 7123")
	bob := w.dial("bob", "conference", "7123")
	bob.expect("hz:660")
	w.run(time.Second)
	bob.expect("join bob 7123")
	bob.hangup()
	w.run(time.Second)
	ann.hangup()
	w.run(time.Second)
	if len(w.over) != 2 || len(w.logs) != 2 || !strings.Contains(w.logs[1], "(hangup)") {
		t.Fatalf("over %v, logs %q", w.over, w.logs)
	}
}

// visit is a call that goes through the whole menu.
func visit(w *world) {
	ann := w.dial("ann", "main", "1000")
	ann.press("1")
	w.run(3 * time.Second)
	ann.press("5")
	ann.press("2")
	w.run(3 * time.Second)
	ann.press("77#")
	ann.press("4321#")
	w.run(5 * time.Second)
	ann.press("*3")
	w.run(6 * time.Second)
	ann.press("#")
	w.run(8 * time.Second)
	ann.press("0")
	w.run(25 * time.Second)
	ann.hangup()
	w.run(2 * time.Minute)
}

// TestReplayIsTheSame loses the isolate at each activation in turn. What leaves the
// flows must not differ by a letter, nor by a millisecond.
func TestReplayIsTheSame(t *testing.T) {
	whole := shipped(t, "main")
	visit(whole)
	if !whole.over["ann"] || whole.activations < 15 {
		t.Fatalf("over %v after %d activations; trace\n%s", whole.over, whole.activations, strings.Join(whole.trace, "\n"))
	}
	for k := 2; k <= whole.activations; k++ {
		w := whole.again()
		w.loseAt = k
		visit(w)
		for i, l := range whole.trace {
			if i >= len(w.trace) || w.trace[i] != l {
				t.Fatalf("lost at activation %d of %d, action %d differs: got %s, want %s", k, whole.activations, i, append(w.trace, "nothing")[i], l)
			}
		}
		if len(w.trace) != len(whole.trace) || strings.Join(w.logs, "\n") != strings.Join(whole.logs, "\n") {
			t.Fatalf("lost at activation %d: %d actions, want %d; logs %q, want %q", k, len(w.trace), len(whole.trace), w.logs, whole.logs)
		}
	}
}

func TestScriptsAreShortAndHaveTheirPrompts(t *testing.T) {
	dir := filepath.Join("..", "..", "scripts")
	apps, err := filepath.Glob(filepath.Join(dir, "*.js"))
	if err != nil || len(apps) < 4 {
		t.Fatalf("scripts %v, %v", apps, err)
	}
	for _, name := range apps {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(b), "\n"); n >= 80 {
			t.Errorf("%s has %d lines", name, n)
		}
		for _, part := range strings.Split(string(b), "'") {
			if strings.HasSuffix(part, ".wav") {
				if _, err := os.Stat(filepath.Join(dir, part)); err != nil {
					t.Error(err)
				}
			}
		}
	}
}
