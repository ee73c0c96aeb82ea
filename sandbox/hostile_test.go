package sandbox_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/callwright/callwright/sandbox"
	"github.com/callwright/callwright/sandbox/sandboxtest"
)

// attack is a script that means harm, and what is thrown at it ("none": it ends), or
// the name of the error of the call that it cost.
type attack struct{ name, body, want string }

// endless are what only time ends.
var endless = []attack{
	{"loop in a getter", `({ get a() { for (;;); } }).a`, "Budget"},
	{"loop in a toString", "`${{ toString() { for (;;); } }}`", "Budget"},
	{"loop in a trap", `new Proxy({}, { get() { for (;;); } }).x`, "Budget"},
	{"loop in a comparator", `[2, 1, 3].sort(() => { for (;;); })`, "Budget"},
	{"loop in a reviver", `JSON.parse('[1]', () => { for (;;); })`, "Budget"},
	{"loop in a finally", `try { for (;;); } finally { for (;;); }`, "Budget"},
	{"loop in a microtask", `queueMicrotask(function f() { queueMicrotask(f) }); await null`, "Budget"},
	{"loop in a thenable", `await { then(ok) { ok({ then: this.then }) } }`, "Budget"},
	{"loop in a replacer", `'a'.replace(/a/, () => { for (;;); })`, "Budget"},
	{"endless iterator", `[...(function* () { for (;;) yield 1 })()]`, "Budget"},
	{"doubling", `let s = 'x'; for (;;) s += s`, "Budget"},
	{"template recursion", "const f = n => n ? `${f(n - 1)}${f(n - 1)}` : 'x'.repeat(1e6); f(40)", "Budget"},
	{"map without end", `const m = new Map(); for (let i = 0; ; i++) m.set(i, 'x' + i)`, "Budget"},
	{"promises without end", `const a = []; for (;;) a.push(new Promise(() => {}))`, "Budget"},
	{"squares", `let x = 3n; for (;;) x = x * x`, "Budget"},
	{"loop after an await", `await null; for (;;);`, "Budget"},
	{"endless jobs", `const f = () => Promise.resolve().then(f); await f(); for (;;) await null`, "Budget"},
	{"loop in a log", `console.log({ get a() { for (;;); } })`, "Budget"},
	{"loop with state", `state.x = 1; for (;;);`, "Budget"},
	{"backtracking", `/^(?=(a+)+$)(a|aa)+$/.test('a'.repeat(60) + '!')`, "Budget"},
}

// capped are what a cap of its own ends, however much time there is.
var capped = []attack{
	{"deep recursion", `const f = () => f() + 1; f()`, "RangeError"},
	{"repeat", `'x'.repeat(2 ** 30)`, "RangeError"},
	{"join of one text", `Array(2 ** 20).fill('x'.repeat(2 ** 20)).join()`, "RangeError"},
	{"join by a text", `Array(2 ** 20).join('x'.repeat(2 ** 20))`, "RangeError"},
	{"concat", `const s = 'x'.repeat(2 ** 20); s.concat(...Array(100).fill(s))`, "RangeError"},
	{"replace that grows", `'a'.repeat(2 ** 15).replace(/a/g, 'b'.repeat(2 ** 15))`, "RangeError"},
	{"replace by the rest", "'a'.repeat(2 ** 18).replace(/a/g, '$`')", "RangeError"},
	{"replaceAll that grows", `'a'.repeat(2 ** 15).replaceAll('a', 'b'.repeat(2 ** 15))`, "RangeError"},
	{"long array", `new Array(2 ** 32 - 1).fill(0)`, "RangeError"},
	{"typed array", `new Float64Array(2 ** 30)`, "RangeError"},
	{"buffer", `Buffer.alloc(2 ** 31)`, "RangeError"},
	{"timers", `for (;;) setTimeout(() => {}, 1)`, "Busy"},
	{"operations", `for (;;) call.gather()`, "Busy"},
	{"listeners", `for (;;) call.on('dtmf', () => {})`, "Busy"},
	{"power", `10n ** 1000000000n`, "RangeError"},
	{"power by Math", `Math.pow(2n, 2n ** 40n)`, "RangeError"},
	{"text of a big integer", `(1n << 30000000n).toString()`, "RangeError"},
	{"Function", `(() => {}).constructor('return this')()`, "EvalError"},
	{"AsyncFunction", `(async () => {}).constructor('return this')()`, "EvalError"},
	{"eval", `(0, eval)('1')`, "EvalError"},
	{"prototype of Object", `Object.prototype.evil = 1`, "TypeError"},
	{"prototype of a global", `URL.prototype.evil = 1`, "TypeError"},
	{"__proto__", `({}).__proto__.evil = 1`, "TypeError"},
	{"a hash's prototype", `Object.getPrototypeOf(crypto.createHash('md5')).evil = 1`, "TypeError"},
	{"a helper's prototype", `Object.getPrototypeOf([].values().map(x => x)).next = 1`, "TypeError"},
	{"globalThis", `globalThis.evil = 1`, "TypeError"},
	{"call of the host", `call.gather.call({})`, "TypeError"},
	{"another's call", `call.gather.call(Object.create(call))`, "TypeError"},
	{"nested groups", `new RegExp('('.repeat(1e4) + ')'.repeat(1e4))`, "SyntaxError"},
	{"long pattern", `new RegExp('a?'.repeat(1e5))`, "RangeError"},
	{"deep join", `let a = []; for (let i = 0; i < 1e4; i++) a = [a]; String(a)`, "RangeError"},
	{"deep flat", `let a = []; for (let i = 0; i < 1e4; i++) a = [a]; a.flat(Infinity)`, "none"},
	{"deep JSON", `let a = []; for (let i = 0; i < 1e4; i++) a = [a]; JSON.stringify(a)`, "TypeError"},
	{"deep clone", `let a = []; for (let i = 0; i < 1e4; i++) a = [a]; structuredClone(a)`, "RangeError"},
	{"deep console", `let a = []; for (let i = 0; i < 1e4; i++) a = [a]; console.log(a)`, "none"},
	{"bound again", `let f = () => {}; for (;;) f = f.bind(null)`, "RangeError"},
	{"proxy of proxies", `let p = {}; for (;;) p = new Proxy(p, {})`, "RangeError"},
	{"call of call", `Function.prototype.call.apply(Function.prototype.call, Array(1e5).fill(Function.prototype.call))`, "RangeError"},
	{"apply of apply", `let a = []; for (let i = 0; i < 2e4; i++) a = [Reflect.apply, null, a]; Reflect.apply(...a)`, "RangeError"},
	{"big sort", `Array(2 ** 20).fill('b').sort()`, "RangeError"},
	{"clearTimeout of anything", `clearTimeout({}); clearTimeout(null); clearInterval(NaN); clearTimeout(-1)`, "none"},
	{"an exception that cannot be shown", `throw { toString() { throw 1 }, get message() { throw 2 } }`, "thrown"},
	{"a promise that throws itself", `await new Promise((_, no) => { const e = new Error('x'); e.cause = e; no(e) })`, "thrown"},
	{"logs", `for (let i = 0; i < 1e4; i++) console.log('x'.repeat(1e4))`, "none"},
	{"race of itself", `const f = () => Promise.all(Array(1000).fill(0).map(f)); await f()`, "RangeError"},
}

// hostileText is an app whose calls attack by their id, and count if they are good.
func hostileText(list []attack) string {
	var b strings.Builder
	b.WriteString("const attacks = {\n")
	for _, a := range list {
		fmt.Fprintf(&b, "%q: async call => { %s },\n", a.name, a.body)
	}
	b.WriteString("};\n" + prologue + `if (!(call.id in attacks)) for (;;) { const r = await call.gather(); call.vars.n = (call.vars.n ?? 0) + r.n }
let threw = 'none';
try { await attacks[call.id](call) } catch (e) { threw = 'thrown'; try { threw = e.name ?? threw } catch {} }
call.vars.threw = threw === 'Error' ? 'thrown' : threw }`)
	return b.String()
}

// What time must end is ended by it; what has a cap of its own is ended by that, though
// its time would never run out. Good calls of the same isolate and of another app go on
// as if nothing had been.
func TestHostileScripts(t *testing.T) {
	before := runtime.NumGoroutine()
	t.Run("endless", func(t *testing.T) { attackAll(t, endless, 20*time.Millisecond) })
	t.Run("capped", func(t *testing.T) { attackAll(t, capped, time.Hour) })
	for i := 0; runtime.NumGoroutine() > before+2; i++ { // what ends is given its turn, the patterns' clock its seconds
		if i > 1e7 {
			buf := make([]byte, 1<<16)
			t.Fatalf("goroutines are left over:\n%s", strings.TrimSpace(string(buf[:runtime.Stack(buf, true)])))
		}
		runtime.Gosched()
	}
}

func attackAll(t *testing.T, list []attack, budget time.Duration) {
	files := map[string]string{"main.js": hostileText(list)}
	h := sandboxtest.With(t, sandbox.Options{Faces: faces(), Isolates: 1, Budget: budget, LoadBudget: time.Hour}, files)
	other := sandboxtest.With(t, sandbox.Options{Faces: faces(), Isolates: 1, Budget: time.Hour, LoadBudget: time.Hour}, files)
	h.Start("good")
	other.Start("apart")
	for _, a := range list {
		t.Run(a.name, func(t *testing.T) {
			began := time.Now()
			attackOnce(t, h, a)
			t.Logf("over after %v", time.Since(began))
			count(t, h, "good")
			count(t, other, "apart")
		})
	}
	if snap, err := h.State.Snapshot(); err != nil || contains(string(snap), `"x"`) {
		t.Errorf("the write of a stopped call was kept: %s %v", snap, err)
	}
}

// attackOnce runs an attack, and opens the good call again if that cost it its isolate.
func attackOnce(t *testing.T, h *sandboxtest.Host, a attack) {
	t.Helper()
	r := h.Start(a.name)
	defer h.Close(a.name)
	if !r.Interrupted {
		if !contains(string(r.Vars), fmt.Sprintf(`"threw":%q`, a.want)) {
			t.Fatalf("%s %v, want %s", r.Vars, r.Error, a.want)
		}
		return
	}
	if r.Error == nil || r.Error.Name != a.want {
		t.Errorf("stopped: %v, want %s", r.Error, a.want)
	}
	if r.Error.File != "main.js" && r.Error.File != "" {
		t.Errorf("no line is named: %+v", r.Error)
	}
	if r := h.Wait("good"); !r.Lost {
		t.Fatalf("the good call is not told: %+v", r)
	}
	h.Reopen("good")
}

// count is a good call's next turn.
func count(t *testing.T, h *sandboxtest.Host, name string) {
	t.Helper()
	ops := h.Unit(name).All
	if r := h.Complete(name, ops[len(ops)-1], `{"n":1}`); len(r.Ops) != 1 || !contains(string(r.Vars), fmt.Sprintf(`{"n":%d}`, len(ops))) {
		t.Errorf("the good call %s does not go on: %+v", name, r)
	}
}
