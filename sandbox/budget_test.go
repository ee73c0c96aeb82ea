package sandbox_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callwright/callwright/sandbox"
	"github.com/callwright/callwright/sandbox/sandboxtest"
)

// One unit of fifty spins: it alone fails, with its line, and the others are lost,
// rebuilt from their histories and go on.
func TestSpinningUnitCostsItselfOnly(t *testing.T) {
	const text = prologue + `const r = await call.gather();
  console.log('first', call.id);
  if (r.spin) { try { for (;;) {} } catch (e) {} finally { for (;;) {} } }
  const s = await call.gather({ max: r.n });
  await sleep(s.n);
}`
	h := sandboxtest.With(t, sandbox.Options{Faces: faces(), Isolates: 1}, map[string]string{"main.js": text})
	const n = 50
	id := func(i int) string { return fmt.Sprint("u", i) }
	for i := range n {
		r := h.Start(id(i))
		if i%2 == 1 { // half of them stand one operation further
			h.Complete(id(i), r.Ops[0], fmt.Sprintf(`{"n":%d}`, i))
		}
	}
	began := time.Now()
	h.Post(id(10), sandboxtest.Answer(h.Unit(id(10)).All[0], `{"spin":true}`))
	// Some are asked while the isolate is spinning.
	h.Post(id(2), sandboxtest.Answer(h.Unit(id(2)).All[0], `{"n":2}`))
	bad := h.Wait(id(10))
	if !bad.Interrupted || !bad.Settled || bad.Error == nil || bad.Error.Name != "Budget" || bad.Error.Line != 5 || bad.Error.Source == "" {
		t.Fatalf("%+v %v", bad, bad.Error)
	}
	for i := range n {
		if i == 10 {
			continue
		}
		r := h.Wait(id(i))
		wantTurn := uint64(0)
		if i == 2 {
			wantTurn = h.Unit(id(i)).Turn
		}
		if !r.Lost || r.Turn != wantTurn {
			t.Fatalf("unit %d: %+v", i, r)
		}
		if r := h.Reopen(id(i)); r.Error != nil || len(r.Ops) != 0 || r.Await == "" {
			t.Fatalf("unit %d: %+v %v", i, r, r.Error)
		}
	}
	t.Logf("rebuilt after %v", time.Since(began))
	for i := range n {
		if i == 10 {
			continue
		}
		u := h.Unit(id(i))
		r := h.Complete(id(i), u.All[len(u.All)-1], fmt.Sprintf(`{"n":%d}`, i))
		want := fmt.Sprintf(`{"max":%d,"timeout":5000}`, i)
		if i%2 == 1 {
			want = fmt.Sprintf(`{"time":%d}`, i)
		}
		if len(r.Ops) != 1 || string(r.Ops[0].Args) != want {
			t.Fatalf("unit %d goes on with %+v", i, r)
		}
	}
	h.Activate(sandbox.Activation{Unit: id(10), Turn: 9})
	if r := h.Wait(id(10)); !r.Lost || r.Turn != 9 {
		t.Errorf("the interrupted unit is not closed: %+v", r)
	}
}

// Builtins that an interrupt does not reach throw instead of running for ever.
func TestCapsOfBuiltins(t *testing.T) {
	exprs := []string{
		`'x'.repeat(2 ** 30)`, `'x'.padStart(2 ** 29)`, `'x'.padEnd(2 ** 29)`, `Array.from({ length: 2 ** 30 })`,
		`new Array(2 ** 31).fill(0)`, `new Array(2 ** 31).join('x')`, `new Array(2 ** 31).indexOf(1)`, `Array.prototype.map.call({ length: 2 ** 31 }, x => x)`,
		`new ArrayBuffer(2 ** 31)`, `new Float64Array(2 ** 28)`, `Math.max.apply(null, { length: 2 ** 31 })`, `JSON.parse('['.repeat(100000))`,
		`(() => { let a = []; for (let i = 0; i < 1e4; i++) a = [a]; return JSON.stringify(a) })()`,
	}
	h := sandboxtest.With(t, sandbox.Options{Faces: faces(), Budget: time.Hour, LoadBudget: time.Hour}, map[string]string{"main.js": prologue +
		"const all = [() => " + strings.Join(exprs, ",\n() => ") + `];
try { all[call.id](); call.vars.err = 'none' } catch (e) { call.vars.err = e.name } }`})
	for i, expr := range exprs {
		r := h.Start(fmt.Sprint(i))
		if got := string(r.Vars); r.Interrupted || !contains(got, "RangeError") && !contains(got, "TypeError") && !contains(got, "SyntaxError") {
			t.Errorf("%s: %s %v", expr, got, r.Error)
		}
	}
}

// A generation lives and ends inside a synctest bubble.
func TestInBubble(t *testing.T) {
	src := sandboxtest.Source(t, map[string]string{"main.js": prologue + `await sleep(1); console.log('done') }`})
	synctest.Test(t, func(t *testing.T) {
		results := make(chan sandbox.Result, 10)
		g, err := sandbox.Load(src, sandbox.Options{Faces: faces(), Deliver: func(r sandbox.Result) { results <- r }})
		if err != nil {
			t.Fatal(err)
		}
		g.Open("a", sandbox.CallUnit, 1, nil, 0)
		g.Activate(sandbox.Activation{Unit: "a", Turn: 1, Now: time.Now(), Inputs: []sandbox.Input{{Kind: sandbox.Start}}})
		r := <-results
		time.Sleep(time.Hour) // no budget runs out while nothing runs
		g.Retire()
		g.Activate(sandbox.Activation{Unit: "a", Turn: 2, Now: time.Now(), Inputs: []sandbox.Input{sandboxtest.Answer(r.Ops[0], "null")}})
		if r = <-results; !r.Settled || len(r.Logs) != 1 {
			t.Fatalf("%+v", r)
		}
		g.Close("a") // the last one: its isolates end, or the bubble would complain
	})
}

func TestClosedAndUnknownUnits(t *testing.T) {
	h := flow(t, prologue+`await sleep(1) }`)
	r := h.Start("a")
	h.Close("a")
	h.Post("a", sandboxtest.Answer(r.Ops[0], "null"))
	if r := h.Wait("a"); !r.Lost || r.Turn != 2 {
		t.Errorf("%+v", r)
	}
	if r := h.Start("a"); len(r.Ops) != 1 || r.Ops[0].N != 1 {
		t.Errorf("a unit opened again is not new: %+v", r)
	}
}

// More units than one isolate takes get another, and all go on.
func TestSecondIsolate(t *testing.T) {
	h := flow(t, prologue+`await sleep(1); await sleep(2) }`)
	for i := range 200 {
		h.Start(fmt.Sprint(i))
	}
	for i := range 200 {
		u := h.Unit(fmt.Sprint(i))
		if r := h.Complete(u.Name, u.All[0], "null"); len(r.Ops) != 1 {
			t.Fatalf("%+v", r)
		}
	}
}

// A history may be longer than one budget: each of its inputs has its own.
func TestLongHistory(t *testing.T) {
	h := sandboxtest.With(t, sandbox.Options{Faces: faces(), Budget: 100 * time.Millisecond, LoadBudget: time.Hour}, map[string]string{"main.js": prologue +
		`for (let i = 0; ; i++) { await sleep(i); for (let n = 0; n < 4000; n++) Math.sqrt(n) } }`})
	r := h.Start("a")
	for range 150 {
		if r = h.Complete("a", r.Ops[0], "null"); len(r.Ops) != 1 {
			t.Fatalf("%+v %v", r, r.Error)
		}
	}
	if r := h.Reopen("a"); r.Error != nil || r.CPU == 0 || r.Await == "" {
		t.Fatalf("%+v %v", r, r.Error)
	}
}
