package process_test

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/callwright/callwright/sandbox"
	"github.com/callwright/callwright/sandbox/sandboxtest"
)

const good = `import { state, sleep } from 'callwright';
let mine = 0;
export const routes = ['100', /^2/];
export const api = { price(n) { return n } };
export default async function (call) {
  await call.answer();
  for (;;) {
    const r = await call.gather();
    mine++;
    state.n = (state.n ?? 0) + 1;
    call.vars.mine = mine;
    console.log('got', r.digits);
  }
}`

// A flow runs in a child as it runs here: operations, results, vars, logs, lines.
func TestFlowInAChild(t *testing.T) {
	state := sandbox.NewState(nil)
	e := newEngine(t, newPool(t, state), sandbox.Options{}, good)
	if !e.g.HasFlow() || len(e.g.Routes()) != 2 || e.g.Routes()[1].Pattern != "^2" || len(e.g.API()) != 1 || len(e.g.Files()) != 1 || e.g.App() != "main" {
		t.Errorf("exports: flow %v, routes %v, api %v, files %v", e.g.HasFlow(), e.g.Routes(), e.g.API(), e.g.Files())
	}
	r := e.send("a", start())
	if len(r.Ops) != 1 || r.Ops[0].Method != "answer" || r.Ops[0].Line != "main.js:6:9" || r.Await != "main.js:6:9" {
		t.Fatalf("start gave %+v", r)
	}
	r = e.send("a", answered(r, "null"))
	for i := range 3 {
		r = e.send("a", answered(r, `{"digits":"12"}`))
		if string(r.Vars) != fmt.Sprintf(`{"mine":%d}`, i+1) || len(r.Logs) != 1 || r.Logs[0].Text != "got 12" {
			t.Fatalf("turn %d gave vars %s, logs %v, error %v", i, r.Vars, r.Logs, r.Error)
		}
	}
	if got := snapshot(t, state); !strings.Contains(got, `{"n":3}`) {
		t.Errorf("state is %s", got)
	}
}

func snapshot(t testing.TB, s *sandbox.State) string {
	t.Helper()
	b, err := s.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// An author's errors come back with file and line, at load and at run time.
func TestErrorsOfTheAuthor(t *testing.T) {
	p := newPool(t, nil)
	for text, want := range map[string]string{
		"export default async call => {\n  await call.answer(\n}": "main.js:3:",
		"const a = 1;\nnull.x;":                                   "main.js:2:",
		"export const routes = 5":                                 "routes must be a list",
	} {
		_, err := p.Load(sandboxtest.Source(t, map[string]string{"main.js": text}), sandbox.Options{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
	e := newEngine(t, p, sandbox.Options{}, "export default async call => {\n  await call.answer();\n  call.x.y;\n}")
	r := e.send("a", answered(e.send("a", start()), "null"))
	if r.Error == nil || r.Error.Line != 3 || r.Error.Name != "TypeError" || !r.Settled {
		t.Errorf("result %+v, error %v", r, r.Error)
	}
}

// A killed child is replaced, its units stand where they stood, and what was written
// to state was written once.
func TestKilledChildIsReplaced(t *testing.T) {
	state := sandbox.NewState(nil)
	e := newEngine(t, newPool(t, state), sandbox.Options{}, good)
	r := e.send("a", start())
	r = e.send("a", answered(r, "null"))
	for i := range 5 {
		r = e.send("a", answered(r, `{"digits":"1"}`))
		if i%3 == 0 {
			replaced := e.g.Replaced()
			kill(t, e.g.Pid())
			<-replaced
		}
	}
	if string(r.Vars) != `{"mine":5}` {
		t.Errorf("vars %s", r.Vars)
	}
	if got := snapshot(t, state); !strings.Contains(got, `{"n":5}`) {
		t.Errorf("state is %s", got)
	}
}

func kill(t testing.TB, pid int) {
	t.Helper()
	p, err := os.FindProcess(pid)
	if err == nil {
		err = p.Kill()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Three deaths within ten seconds that no unit is to blame for refuse the app: its
// calls are told why, and other apps run on.
func TestDyingChildRefusesTheApp(t *testing.T) {
	p := newPool(t, nil)
	e, other := newEngine(t, p, sandbox.Options{}, good), newEngine(t, p, sandbox.Options{}, good+"// b")
	r := e.send("a", answered(e.send("a", start()), "null"))
	far := other.send("b", start())
	u := e.units["a"]
	for range 3 {
		replaced := e.g.Replaced()
		kill(t, e.g.Pid())
		<-replaced
	}
	if end := e.wait("a", u); !end.Interrupted || end.Error == nil || end.Error.Name != "InternalError" || !strings.Contains(end.Error.Message, "3 times") {
		t.Errorf("the call was told %+v, %v", end, end.Error)
	}
	if r = e.send("c", start()); !r.Interrupted || r.Turn != 1 {
		t.Errorf("a new call was told %+v", r)
	}
	if far = other.send("b", answered(far, "null")); len(far.Ops) != 1 {
		t.Errorf("a call of another app was told %+v", far)
	}
}

// What swells or hangs while it is compiled or loaded is an error of the author's, and
// the parent is none the worse.
func TestHostileAtLoad(t *testing.T) {
	p := newPool(t, nil)
	for text, want := range map[string]string{
		"const a = 1n << 100000000000n;":         "Memory",
		"let s = 'xy'; for (;;) s = `${s}${s}`;": "",
		"for (;;);":                              "Budget",
		"const t = {}; Object.setPrototypeOf(t, new Proxy(t, {})); t.x;": "",
	} {
		opts := sandbox.Options{LoadBudget: 200 * time.Millisecond}
		_, err := p.Load(sandboxtest.Source(t, map[string]string{"main.js": text}), opts)
		var author *sandbox.ScriptError
		if !errors.As(err, &author) || want != "" && author.Name != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

const stateful = `import { state, sleep } from 'callwright';
export default async function (call) {
  const steps = [
    () => { state.o = { a: [1, 2, { b: 'x' }], n: null, t: true }; state.list = [] },
    () => { state.o.a.push(3, { c: 4 }); state.o.a[2].b = 'y'; delete state.o.n; return Object.keys(state.o) },
    () => state.o.a.splice(1, 2, 'in').length + ':' + JSON.stringify(state.o),
    () => { try { state.tx(s => { s.lost = 1; s.o.a[0] = 9; throw new Error('undone') }) } catch (e) { return e.message + ('lost' in state) + state.o.a[0] } },
    () => { state.tx(s => { s.kept = { in: { in: 1 } } }); return state.kept.in.in },
    () => { const held = state.kept; state.kept = { other: 1 }; try { held.x = 1 } catch (e) { return e.name + ': ' + e.message + ' ' + held.in?.in } },
    () => { try { state.f = () => 1 } catch (e) { return e.message } },
    () => { for (const x of [3, 1, 2]) state.list.push(x); state.list.sort(); state.list.reverse(); return state.list.shift() + state.list.length },
    () => { state.list.length = 0; return [...state.list, 'kept' in state, 'none' in state, state.none, state.o?.a?.[1]] },
    () => { const all = []; for (const k in state) all.push(k); return all },
  ];
  for (const step of steps) { console.log(step()); await call.gather(); }
}`

// State is the same tree with the same words whether the isolate lives here or there.
func TestStateIsTheSame(t *testing.T) {
	here := sandboxtest.With(t, sandbox.Options{Faces: faces()}, map[string]string{"main.js": stateful})
	state := sandbox.NewState(nil)
	there := newEngine(t, newPool(t, state), sandbox.Options{}, stateful)
	a, b := here.Start("a"), there.send("a", start())
	for i := 0; ; i++ {
		if !reflect.DeepEqual(a.Logs, b.Logs) || !reflect.DeepEqual(a.Reads, b.Reads) || a.Settled != b.Settled {
			t.Errorf("step %d: logs %v and %v, reads %s and %s, errors %v %v", i, a.Logs, b.Logs, a.Reads, b.Reads, a.Error, b.Error)
		}
		if a.Settled {
			break
		}
		b = there.send("a", answered(b, "{}"))
		a = here.Complete("a", a.Ops[0], "{}")
	}
	if a, b := snapshot(t, here.State), snapshot(t, state); a != b {
		t.Errorf("state here %s, there %s", a, b)
	}
}

// A small heap is enough for a small app, and bounds it.
func TestSmallHeap(t *testing.T) {
	e := newEngine(t, newPool(t, nil), sandbox.Options{Heap: 8 << 20, Budget: time.Minute},
		"export default async call => { await call.answer(); const keep = []; for (;;) keep.push({ n: keep.length }) }")
	r := e.send("a", answered(e.send("a", start()), "null"))
	if !r.Interrupted || r.Error == nil || r.Error.Name != "Memory" || r.Error.Line != 1 {
		t.Errorf("%+v, %v", r, r.Error)
	}
}
