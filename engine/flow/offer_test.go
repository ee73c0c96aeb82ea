package flow

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/callwright/callwright/sandbox/sandboxtest"
)

// apps is a world with some apps, each with its own run.
func apps(t *testing.T, files map[string]string) *world {
	t.Helper()
	return worldWith(t, sandboxtest.Write(t, files), 400*time.Millisecond).runApps()
}

func (w *world) runApps() *world {
	w.t.Helper()
	for _, name := range names(w.gens) {
		w.runApp(name)
	}
	return w
}

func (w *world) runApp(name string) {
	w.t.Helper()
	g := w.gens[name]
	w.step(NewApp{Unit: "app:" + name, App: name, Version: g.Version(), Seed: 7, API: g.API()})
	w.settle()
}

// request calls an app's function from outside and returns the reply.
func (w *world) request(app, function, args string) string {
	w.t.Helper()
	w.step(Request{ID: "r", App: app, Function: function, Args: json.RawMessage(args)})
	w.settle()
	return w.reply()
}

func (w *world) reply() string {
	r, ok := w.replies["r"]
	delete(w.replies, "r")
	switch {
	case !ok:
		return "nothing"
	case r.Error != nil:
		return r.Error.Name + ": " + r.Error.Message
	}
	return string(r.Value)
}

const billing = `let asked = 0;
export const api = {
  price(n) { return { total: n * 2, asked: ++asked }; },
  async slow() { await new Promise(done => setTimeout(done, 3000)); return 'late'; },
  never: () => new Promise(() => {}),
  self() { return Object.keys(this).length; },
  refuse(why) { throw new RangeError('no: ' + why); },
  big: () => 'x'.repeat(70000),
  hang() { for (;;); },
};`

func TestAnAppIsAskedFromOutside(t *testing.T) {
	w := apps(t, map[string]string{"billing.js": billing, "other.js": `export default async call => {};`})
	for _, c := range []struct{ app, function, args, want string }{
		{"billing", "price", "[21]", `{"total":42,"asked":1}`},
		{"billing", "price", "[1,2]", `{"total":2,"asked":2}`},
		{"billing", "self", "[]", `7`},
		{"billing", "refuse", `["today"]`, `RangeError: no: today`},
		{"billing", "prise", `[]`, `Error: app billing offers no function "prise"; the nearest is "price"`},
		{"biling", "price", `[]`, `Error: there is no app "biling"; the nearest is "billing"`},
		{"other", "price", `[]`, `Error: app other offers no functions (export const api = { … })`},
	} {
		if got := w.request(c.app, c.function, c.args); got != c.want {
			t.Errorf("%s.%s%s: %q, want %q", c.app, c.function, c.args, got, c.want)
		}
	}
	if got := w.request("billing", "big", "[]"); !strings.HasPrefix(got, "RangeError") {
		t.Errorf("a result of 70 KB: %.80q", got)
	}
	if got := w.request("billing", "price", `["`+strings.Repeat("x", 70_000)+`"]`); !strings.Contains(got, "at most 65536") {
		t.Errorf("arguments of 70 KB: %.80q", got)
	}
}

func TestAnAnswerMayTakeTenSeconds(t *testing.T) {
	w := apps(t, map[string]string{"billing.js": billing})
	if got := w.request("billing", "slow", "[]"); got != "nothing" {
		t.Fatalf("at once: %q", got)
	}
	w.run(4 * time.Second)
	if got := w.reply(); got != `"late"` {
		t.Fatalf("after 3 s: %q", got)
	}
	w.request("billing", "never", "[]")
	w.run(9 * time.Second)
	if got := w.reply(); got != "nothing" {
		t.Fatalf("after 9 s: %q", got)
	}
	w.run(time.Second)
	if got := w.reply(); got != "Timeout: app billing has not answered in 10s" {
		t.Fatalf("after 10 s: %q", got)
	}
	if len(w.timers) != 0 || len(w.f.runOf("billing").served) != 0 {
		t.Fatalf("left: %v", w.timers)
	}
}

func TestAnAppThatHangsAnswersAllTheSame(t *testing.T) {
	w := apps(t, map[string]string{"billing.js": billing})
	w.request("billing", "price", "[1]")
	if got := w.request("billing", "hang", "[]"); !strings.Contains(got, "app billing: Budget") {
		t.Fatalf("hang: %q", got)
	}
	if got := w.request("billing", "price", "[1]"); got != `{"total":2,"asked":2}` {
		t.Fatalf("afterwards, rebuilt: %q", got)
	}
}

func TestAReloadAnswersWhoWaits(t *testing.T) {
	w := apps(t, map[string]string{"billing.js": billing})
	w.request("billing", "never", "[]")
	w.step(EndApp{Unit: "app:billing"})
	w.settle()
	if got := w.reply(); got != "Error: app billing: was replaced or ended before it answered" {
		t.Fatalf("%q", got)
	}
	if got := w.request("billing", "price", "[]"); !strings.Contains(got, "no app") {
		t.Fatalf("without the app: %q", got)
	}
}

func TestAppsUseEachOther(t *testing.T) {
	w := apps(t, map[string]string{"billing.js": billing, "main.js": `import { app } from 'callwright';
const billing = app.use('billing');
export default async call => {
  console.log('price', (await billing.price(4)).total);
  const [a, b] = await Promise.all([billing.price(1), app.use('billing').price(2)]);
  console.log('both', a.total, b.total);
  for (const f of [() => billing.refuse('x'), () => billing.prize(), () => app.use('shop').price(), () => billing.price(() => 1), () => billing.never()]) {
    try { await f(); } catch (e) { console.log(e.name, e.message, e.code ?? '') }
  }
  console.log('same', await billing === billing, JSON.stringify({ billing }));
};`})
	w.dial("ann", "main", "1")
	w.run(time.Minute)
	got := strings.Join(w.logs, "\n")
	for _, want := range []string{
		"price 8", "both 2 4", "RangeError no: x", `"prize"; the nearest is "price" no-function`, `there is no app "shop"`,
		"BadOption app.use: price takes JSON values, not functions", "Timeout app billing has not answered in 10s timeout", "same true",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func TestUseIsRebuiltFromTheJournal(t *testing.T) {
	files := map[string]string{"billing.js": billing, "main.js": `import { app } from 'callwright';
export default async call => {
  for (let i = 1; i <= 3; i++) console.log('asked', (await app.use('billing').price(i)).asked);
};`}
	for n := 1; n <= 12; n++ {
		w := worldWith(t, sandboxtest.Write(t, files), time.Second)
		w.loseAt = n
		w.runApps()
		w.dial("ann", "main", "1")
		w.run(time.Second)
		if got := strings.Join(w.logs, "\n"); strings.Count(got, "asked") != 3 || !strings.Contains(got, "asked 3") {
			t.Fatalf("isolate lost at activation %d: a call was lost or made twice\n%s", n, got)
		}
	}
}

func TestGrantsAreAsked(t *testing.T) {
	w := worldWith(t, sandboxtest.Write(t, map[string]string{"billing.js": billing, "main.js": `import { app } from 'callwright';
export default async call => { try { await app.use('billing').price(1) } catch (e) { console.log(e.name, e.message) } };`}), time.Second)
	w.f = NewFlows(Config{MayUse: func(app, of, function string) error { return errDenied{app + " may not call " + of + "." + function} }})
	w.runApps()
	w.dial("ann", "main", "1")
	w.run(time.Second)
	if got := strings.Join(w.logs, "\n"); !strings.Contains(got, "Denied main may not call billing.price") {
		t.Fatal(got)
	}
}

type errDenied struct{ text string }

func (e errDenied) Error() string { return e.text }

func TestAnAppHearsOfItsReloadAndItsEnd(t *testing.T) {
	w := script(t, `import { app } from 'callwright';
app.on('reload', e => console.log('from', e.from, e.to.length > 5));
app.on('shutdown', () => console.log('bye'));
for (const name of ['websocket', 'shutdwn']) try { app.on(name, () => {}) } catch (e) { console.log(e.message) }`)
	w.step(NewApp{Unit: "app:main", App: "main", Version: w.gens["main"].Version(), From: "old"})
	w.settle()
	w.step(Stopping{})
	w.settle()
	want := `app: event "websocket" is not built yet|app has no event "shutdwn"; did you mean "shutdown"?|from old true|bye`
	if got := w.said(); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
