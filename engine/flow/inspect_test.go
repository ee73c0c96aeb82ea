package flow

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/callwright/callwright/sandbox/sandboxtest"
)

const looked = `export default async call => {
  await call.answer();
  const g = await call.gather({ max: 4, mask: true, prompt: 'tone:400/100' });
  call.vars.pin = g.digits;
  call.vars.who = 'ann';
  await call.play('tone:440/' + 60000);
};`

func TestDetailTellsWhatACallIsAbout(t *testing.T) {
	w := apps(t, map[string]string{"main.js": looked})
	c := w.dial("ann", "main", "1")
	d, ok := w.f.Detail("ann")
	if !ok || len(d.Pending) != 1 || d.Pending[0].Name != "call.gather" || !strings.HasPrefix(d.Pending[0].Line, "main.js:3:") {
		t.Fatalf("at the gather: %+v", d)
	}
	if len(d.Recent) != 1 || d.Recent[0].Name != "call.answer" || d.Recent[0].Error != "" {
		t.Errorf("ended last: %+v", d.Recent)
	}
	c.press("4711")
	w.run(10 * time.Second)
	d, _ = w.f.Detail("ann")
	if len(d.Pending) != 1 || d.Pending[0].Name != "call.play" || d.Await != d.Pending[0].Line {
		t.Fatalf("at the play: %+v", d)
	}
	if got := string(d.Vars); got != `{"pin":"•••","who":"ann"}` {
		t.Errorf("vars %s", got)
	}
	var args struct{ Source []string }
	if err := json.Unmarshal(d.Pending[0].Args, &args); err != nil || len(args.Source) != 1 || args.Source[0] != "tone:440/60000" {
		t.Errorf("args %s", d.Pending[0].Args)
	}
	if all := string(encode(d)); strings.Contains(all, "4711") {
		t.Errorf("masked digits in %s", all)
	}
	if _, ok := w.f.Detail("bob"); ok {
		t.Error("a call that is not there has details")
	}
}

// What authors name a secret is none of the operator's business.
func TestArgumentsAreRedacted(t *testing.T) {
	r := newRig(t)
	r.answered("c")
	r.begin("c", "sendDigits", map[string]any{"digits": "99", "method": "rtp"})
	d, _ := r.f.Detail("c")
	if got := string(d.Pending[0].Args); strings.Contains(got, "99") || !strings.Contains(got, `"digits":"•••"`) || !strings.Contains(got, `"rtp"`) {
		t.Errorf("args %s", got)
	}
	v := hideSecrets(map[string]any{"headers": map[string]any{"Authorization": "x", "X-A": "y"}, "bargeIn": map[string]any{"digits": true},
		"long": strings.Repeat("z", 1000)}).(map[string]any)
	h := v["headers"].(map[string]any)
	if h["Authorization"] != "•••" || h["X-A"] != "y" || v["bargeIn"].(map[string]any)["digits"] != true || len(v["long"].(string)) > 210 {
		t.Errorf("redacted to %v", v)
	}
}

func TestTrailIsBounded(t *testing.T) {
	r := newRig(t)
	r.answered("c")
	for range 3 * maxTrail {
		n := r.begin("c", "mute", map[string]any{"which": "in"})
		r.completed("c", n)
	}
	if d, _ := r.f.Detail("c"); len(d.Recent) != maxTrail {
		t.Errorf("%d are kept, want %d", len(d.Recent), maxTrail)
	}
}

func (w *world) evaluate(call, code string, write bool) string {
	w.t.Helper()
	w.step(Evaluate{ID: "r", App: "main", Call: call, Code: code, Write: write})
	w.settle()
	return w.reply()
}

func TestEvaluateInACall(t *testing.T) {
	w := apps(t, map[string]string{"main.js": looked, "other.js": `export default async call => {};`})
	w.dial("ann", "main", "1")
	before := w.f.History("ann")
	for code, want := range map[string]string{
		`call.state`:                        `"'answered'"`,
		`call.vars.x = 1; return call.vars`: `"{}"`,
		`call.hangup()`:                     "Denied: ",
		`nowhere`:                           "ReferenceError: ",
	} {
		if got := w.evaluate("ann", code, false); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s, want %s", code, got, want)
		}
	}
	if after := w.f.History("ann"); len(after.Inputs) != len(before.Inputs) || after.Ops != before.Ops {
		t.Errorf("looking is in the journal: %d inputs, before %d", len(after.Inputs), len(before.Inputs))
	}
	for _, c := range []struct{ in, want string }{{"nobody", `Error: there is no call "nobody"`}, {"", `"3"`}} {
		if got := w.evaluate(c.in, `1 + 2`, false); got != c.want {
			t.Errorf("in %q: %s, want %s", c.in, got, c.want)
		}
	}
	w.step(Evaluate{ID: "r", App: "other", Call: "ann", Code: "1"})
	if got := w.reply(); got != "Error: call ann is of app main, not of other" {
		t.Errorf("in another app: %s", got)
	}
}

// The fields that an activation brings must not get lost with one that is not recorded.
func TestLookingTakesNoFields(t *testing.T) {
	w := apps(t, map[string]string{"main.js": `export default async call => {
		await call.answer();
		await sleepFor(call);
		console.log(call.state, call.media.sbc);
		await call.gather({ timeout: '1h' });
	};
	const sleepFor = call => call.play('tone:440/1000');`})
	c := w.dial("ann", "main", "1")
	w.evaluate("ann", `call.media`, false)
	w.run(2 * time.Second)
	logs := strings.Join(w.logs, "\n")
	w.gens["main"].Close("ann") // the isolate is lost
	c.press("1")
	w.run(time.Second)
	if strings.Contains(logs, "undefined") || !w.f.units["ann"].busy && len(w.f.units["ann"].history.Inputs) == 0 {
		t.Errorf("logs %s", logs)
	}
	if got := w.evaluate("ann", `call.state`, false); got != `"'answered'"` {
		t.Errorf("after the loss: %s", got)
	}
}

func TestEvaluateWithWritesIsReplayed(t *testing.T) {
	w := apps(t, map[string]string{"main.js": looked})
	w.dial("ann", "main", "1")
	if got := w.evaluate("ann", `call.vars.by = 'operator'`, true); got != `"'operator'"` {
		t.Fatalf("writing: %s", got)
	}
	w.gens["main"].Close("ann") // the next activation finds the instance gone
	if got := w.evaluate("ann", `call.vars`, false); got != `"{ by: 'operator' }"` {
		t.Errorf("after a replay: %s", got)
	}
}

// Code that hangs costs the one who typed it, not the call.
func TestEvaluateThatHangs(t *testing.T) {
	// Without the app's own run, whose loss would be told as well.
	w := worldWith(t, sandboxtest.Write(t, map[string]string{"main.js": looked}), 400*time.Millisecond)
	c := w.dial("ann", "main", "1")
	for _, write := range []bool{false, true} {
		if got := w.evaluate("ann", `for (;;);`, write); !strings.Contains(got, "ran longer than") {
			t.Fatalf("an endless loop: %s", got)
		}
		if got := w.evaluate("ann", `call.state`, false); got != `"'answered'"` {
			t.Fatalf("the call afterwards: %s", got)
		}
	}
	c.press("4711")
	w.run(10 * time.Second)
	if d, ok := w.f.Detail("ann"); !ok || d.Pending[0].Name != "call.play" {
		t.Errorf("the flow did not go on: %+v, logs %q", d, w.logs)
	}
}

func TestAnAppMayForbidIt(t *testing.T) {
	r := newRig(t)
	r.f.cfg.MayEvaluate = func(app string) error { return errors.New("app.yaml of " + app + " says repl: false") }
	r.answered("c")
	acts := r.step(Evaluate{ID: "r", Call: "c", Code: "1"})
	if !has(acts, func(a Reply) bool { return a.Error != nil && a.Error.Name == "Denied" }) {
		t.Errorf("answered with %v", acts)
	}
}
