package sandbox_test

import (
	"strings"
	"testing"

	"github.com/callwright/callwright/sandbox"
)

func TestConsole(t *testing.T) {
	for expr, want := range map[string]string{
		`'a', 1, null, undefined, true, 1n, Symbol('s')`:                                                               `a 1 null undefined true 1n Symbol(s)`,
		`{ a: [1, 'x', { b: null }], 'c-d': () => 1 }`:                                                                 `{ a: [ 1, 'x', { b: null } ], 'c-d': [Function: c-d] }`,
		`'%s has %d of %j%%', 'bob', 3, { a: 1 }, 'more'`:                                                              `bob has 3 of {"a":1}% more`,
		`(() => { const a = { n: 1 }; a.a = a; return a })()`:                                                          `{ n: 1, a: [Circular] }`,
		`{ get a() { throw 1 } }`:                                                                                      `{ a: undefined }`,
		`{ toString() { throw 1 }, [Symbol.toPrimitive]() { throw 1 } }`:                                               `{ toString: [Function: toString] }`,
		`new Proxy({}, { get() { throw 1 }, ownKeys() { throw 1 } })`:                                                  `[Proxy]`,
		`new Map([[1, 2]]), new Set([1]), new Uint8Array(2), Promise.resolve(1), /x/g`:                                 `Map(1) { 1 => 2 } Set(1) { 1 } Uint8Array(2) [ 0, 0 ] Promise { <fulfilled> } /x/g`,
		`class A { x = 1 }, new (class B { y = 2 })()`:                                                                 `[Function: A] B { y: 2 }`,
		`Object.create(null), new Date(0), [], {}`:                                                                     `[Object: null prototype] {} 1970-01-01T00:00:00.000Z [] {}`,
		`Object.defineProperty(new Error('x'), 'message', { get() { throw 1 } })`:                                      `Error: `,
		`(() => { const m = new Map(); m.set(m, new Set([{ a: 1 }, 'b'])); return m })(), new Date(NaN)`:               `Map(1) { [Circular] => Set(2) { { a: 1 }, 'b' } } Invalid Date`,
		`new Map(Array.from({ length: 60 }, (_, i) => [i, i])), new (class X extends Map { forEach() { throw 1 } })()`: `Map(60) { 0 => 0, 1 => 1`,
		`(function deep() { return new Error('x').stack })()`:                                                          "Error: x\n    at deep (main.js:",
		`call`: `Call { id: 'a', state: undefined, from: undefined, vars: {} }`,
	} {
		expr := strings.Replace(expr, "class A { x = 1 },", "class A { x = 1 },", 1)
		h := flow(t, prologue+`console.log(`+expr+`) }`)
		r := h.Start("a")
		if len(r.Logs) != 1 || !strings.HasPrefix(r.Logs[0].Text, want) || r.Logs[0].Line == "" {
			t.Errorf("%s\n\t%+v %v\n\twant %s", expr, r.Logs, r.Error, want)
		}
		h.Stop()
	}
}

func TestLogsAreBounded(t *testing.T) {
	h := flow(t, prologue+`const x = 'x'.repeat(10000); for (let i = 0; i < 150; i++) console.warn(x) }`)
	r := h.Start("a")
	if len(r.Logs) != 100 || len(r.Logs[0].Text) > 9000 || r.Logs[0].Level != "warn" || !contains(r.Logs[99].Text, "left out") {
		t.Errorf("%d lines, %+v", len(r.Logs), r.Logs[len(r.Logs)-1])
	}
}

func TestRejectionsNobodyHandles(t *testing.T) {
	h := flow(t, prologue+`Promise.reject(new RangeError('lost')); Promise.reject(1); const p = Promise.reject(2); p.catch(() => {});
  setTimeout(() => { null.x }, 1); call.on('dtmf', async () => { throw new Error('in event') }); call.answer(); await sleep(1);
  throw new TypeError('at last') }`)
	r := h.Start("a")
	if len(r.Logs) != 2 || r.Logs[0].Level != "error" || !contains(r.Logs[0].Text, "unhandled rejection: RangeError: lost\n    at ") || r.Logs[0].Line != "main.js:3:16" {
		t.Fatalf("%+v", r.Logs)
	}
	timer, answer, sleep := r.Ops[0], r.Ops[1], r.Ops[2]
	if r = h.Complete("a", timer, ""); len(r.Logs) != 1 || !contains(r.Logs[0].Text, "in a timer: TypeError") {
		t.Errorf("%+v", r.Logs)
	}
	if r = h.Tell("a", "call", "dtmf", "{}"); len(r.Logs) != 1 || !contains(r.Logs[0].Text, "in event") {
		t.Errorf("%+v", r.Logs)
	}
	if r = h.Fail("a", answer, "CallEnded", "x"); len(r.Logs) != 0 {
		t.Errorf("that the call ended is logged: %+v", r.Logs)
	}
	r = h.Complete("a", sleep, "null")
	if len(r.Logs) != 0 || !r.Settled || r.Error == nil || r.Error.Error() != "main.js:5:9: TypeError: at last" || r.Error.Source != "  throw new TypeError('at last') }" || !contains(r.Error.Stack, "main.js:5:9") {
		t.Errorf("%+v %v %q", r, r.Error, r.Error.Stack)
	}
}

func TestTimers(t *testing.T) {
	h := flow(t, prologue+`const seen = call.vars.seen = []; const t = setTimeout(() => seen.push('never'), 10); clearTimeout(t); clearTimeout(t); clearTimeout({}); clearTimeout(NaN); clearTimeout(-1); clearTimeout();
  let n = 0; const i = setInterval(x => { seen.push(x); if (++n === 2) clearInterval(i) }, 20, 'tick'); await sleep(1); for (let j = 0; j < 2000; j++) setTimeout(() => {}, 1) }`)
	r := h.Start("a")
	var methods []string
	for _, op := range r.Ops {
		methods = append(methods, op.Method+string(op.Args))
	}
	if got := strings.Join(methods, " "); got != `setTimeout{"ms":10} clearTimeout{"op":1} setTimeout{"ms":20} sleep{"time":1}` {
		t.Fatal(got)
	}
	tick, sleep := r.Ops[2], r.Ops[3]
	r = h.Complete("a", r.Ops[0], "") // crossed with its clearing
	if string(r.Vars) != "" {
		t.Errorf("a cleared timer ran: %s", r.Vars)
	}
	r = h.Complete("a", tick, "")
	if len(r.Ops) != 1 || r.Ops[0].Method != "setTimeout" || r.Ops[0].Line == "" {
		t.Fatalf("the interval is not armed again: %+v", r)
	}
	if r = h.Complete("a", r.Ops[0], ""); len(r.Ops) != 0 || string(r.Vars) != `{"seen":["tick","tick"]}` {
		t.Fatalf("%+v %s", r, r.Vars)
	}
	r = h.Complete("a", sleep, "null")
	if r.Error == nil || r.Error.Name != "Busy" || len(r.Ops) != 1000 {
		t.Errorf("%d timers, %v", len(r.Ops), r.Error)
	}
}

// Time and randomness come from the activation and the seed.
func TestTimeAndRandom(t *testing.T) {
	h := flow(t, prologue+`const v = call.vars; v.t = [Date.now(), new Date().toISOString()]; v.r = [Math.random(), crypto.randomUUID(), [...crypto.getRandomValues(new Uint8Array(4))]] }`)
	a := h.Start("a")
	if !contains(string(a.Vars), `"t":[1893553446000,"2030-01-02T03:04:06.000Z"]`) {
		t.Errorf("%s", a.Vars)
	}
	b := h.Start("b")
	if string(a.Vars) != string(b.Vars) {
		t.Errorf("the same seed gives\n%s\n%s", a.Vars, b.Vars)
	}
	h.Open("c", sandbox.CallUnit, 43, nil, 0)
	h.Activate(sandbox.Activation{Unit: "c", Turn: 1, Inputs: []sandbox.Input{{Kind: sandbox.Start}}})
	if c := h.Wait("c"); string(c.Vars) == string(a.Vars) {
		t.Error("another seed gives the same")
	}
}

// What one unit does to its modules or to builtins another does not see.
func TestUnitsAreApart(t *testing.T) {
	h := flow(t, `let n = 0; const list = [];
export default async call => {
  list.push(++n); call.vars.n = list;
  for (const f of [() => { Array.prototype.evil = 1 }, () => { Math.max = 1 }, () => { JSON.x = 1 }, () => { Object.freeze.x = 1 }, () => { console.log = 1 }, () => { (async () => {}).constructor.prototype.x = 1 }, () => { Object.setPrototypeOf(Array.prototype, {}) }, () => { Error.prototype.name = 'x' }]) {
    let failed = false; try { f() } catch { failed = true } if (!failed) throw new Error('changed: ' + f);
  }
  const o = {}; o.toString = () => 'mine'; o.constructor = 1; class E extends Error { constructor(m) { super(m); this.name = 'E'; this.message += '!' } }
  function Old() {} Old.prototype.toString = () => 'old'; call.vars.s = [String(o), String(new E('x')), String(new Old())];
}`)
	for range 2 {
		if r := h.Start("a"); r.Error != nil || string(r.Vars) != `{"n":[1],"s":["mine","E: x!","old"]}` {
			t.Errorf("%s %v", r.Vars, r.Error)
		}
	}
}
