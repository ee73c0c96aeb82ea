package script

import (
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/callwright/callwright/sandbox"
)

// What app.yaml says of budgets holds in the app's calls, and only there.
func TestBudgetsHold(t *testing.T) {
	for budgets, c := range map[string]struct {
		body, want string
		holds      func(r sandbox.Result) bool
	}{
		"timers: 3": {"for (;;) setTimeout(() => {}, 1000)", "`budgets: {timers: 6}` in main.yaml",
			func(r sandbox.Result) bool { return len(r.Ops) == 3 }},
		"promises: 2": {"for (;;) call.answer()", "`budgets: {promises: 4}` in main.yaml",
			func(r sandbox.Result) bool { return len(r.Ops) == 2 }},
		"operationsPerSecond: 4": {"for (;;) clearTimeout(setTimeout(() => {}, 1000))", "`budgets: {operationsPerSecond: 8}` in main.yaml",
			func(r sandbox.Result) bool { return len(r.Ops) == 8 }},
		"callbacks: 1": {"for (;;) call.answer({ when: () => {} })", "`budgets: {callbacks: 2}` in main.yaml",
			func(r sandbox.Result) bool { return len(r.Ops) == 1 }},
		"listeners: 2": {"for (;;) call.on('dtmf', () => {})", "`budgets: {listeners: 4}` in main.yaml",
			func(r sandbox.Result) bool { return len(r.Listens) == 1 }},
		"logsPerSecond: 3": {"for (let i = 0; i < 50; i++) console.log(i)", "",
			func(r sandbox.Result) bool { return len(r.Logs) == 3 && strings.Contains(r.Logs[2].Text, "left out") }},
		"activation: 20ms": {"for (;;) ;", "ran longer than 20ms",
			func(r sandbox.Result) bool { return r.Interrupted }},
	} {
		t.Run(budgets, func(t *testing.T) {
			text := "export default async function (call) { " + c.body + " }\n"
			r := firstTurn(t, map[string]string{"main.js": text, "main.yaml": "budgets: {" + budgets + "}\n"})
			if (r.Error == nil) != (c.want == "") || r.Error != nil && !strings.Contains(r.Error.Error(), c.want) || !c.holds(r) {
				t.Errorf("%d operations, logs %+v, error %v, want %q", len(r.Ops), r.Logs, r.Error, c.want)
			}
		})
	}
	four := strings.Replace(flow, "{}", "{ for (let i = 0; i < 4; i++) setTimeout(() => {}, 1000) }", 1)
	if r := firstTurn(t, map[string]string{"main.js": four}); r.Error != nil || len(r.Ops) != 4 {
		t.Errorf("without a manifest: %d operations, error %v", len(r.Ops), r.Error)
	}
}

// The manifest changes what it names, and leaves the engine's own options alone.
func TestOptionsOfAManifest(t *testing.T) {
	engine := sandbox.Options{Budget: time.Second, Heap: 1 << 30, Budgets: sandbox.Budgets{Timers: 7, Operations: 8, LogRate: 9}}
	if o := (&Manifest{}).options("a", engine); o.Budgets != engine.Budgets || o.Budget != time.Second || o.Heap != 1<<30 {
		t.Errorf("without a word: %+v", o)
	}
	m, err := ParseManifest("a", "a/app.yaml", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	o := m.options("a", engine)
	if want := (sandbox.Budgets{Timers: 10, Operations: 20, LogRate: 5}); o.Budgets != want || o.Budget != 50*time.Millisecond || o.Heap != 64<<20 {
		t.Errorf("options %+v", o)
	}
}

// Where an app runs is its manifest's to say, when there are processes to have.
func TestIsolationIsTheManifests(t *testing.T) {
	for text, want := range map[string]bool{"": true, "isolation: process\n": true, "isolation: shared\n": false} {
		dir := t.TempDir()
		write(t, dir, map[string]string{"main.js": flow, "main.yaml": text})
		asked := false
		c, err := OpenWith(Config{Dir: dir, Options: sandbox.Options{Isolates: 1}, Process: func(p *sandbox.Program, o sandbox.Options) (Isolated, error) {
			asked = true
			return sandbox.Open(p, o)
		}})
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
		if asked != want {
			t.Errorf("%q: a process %v, want %v", text, asked, want)
		}
	}
}

// firstTurn runs the one call of a catalogue until it waits.
func firstTurn(t *testing.T, files map[string]string) sandbox.Result {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, files)
	results := make(chan sandbox.Result, 1)
	c, err := Open(dir, sandbox.Options{Isolates: 1, Budget: 5 * time.Second, Deliver: func(r sandbox.Result) { results <- r },
		Faces: []sandbox.Face{{Class: "Call", Fields: []sandbox.Field{{Name: "id"}}, Events: []string{"dtmf"},
			Methods: []sandbox.Method{{Name: "answer", Options: []sandbox.Option{{Name: "when", Type: sandbox.Function}}}}}}}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	for _, o := range c.Loaded() {
		if o.Error != nil {
			t.Fatal(o.Error)
		}
		g := c.Generation(o.App, o.To)
		g.Open("a", sandbox.CallUnit, 1, nil, 0)
		g.Activate(sandbox.Activation{Unit: "a", Turn: 1, Now: time.Unix(2e9, 0), Inputs: []sandbox.Input{{Kind: sandbox.Start,
			Fields: map[string]json.RawMessage{"call": json.RawMessage(`{"id":"a","vars":{}}`)}}}})
	}
	return <-results
}
