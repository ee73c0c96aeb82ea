package sandbox_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/callwright/callwright/sandbox"
	"github.com/callwright/callwright/sandbox/sandboxtest"
)

// hostile are scripts that mean harm. Those that end say what was thrown (or "none");
// those that do not are stopped.
var hostile = []struct{ name, body, want string }{
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
	{"deep recursion", `const f = () => f() + 1; f()`, "RangeError"},
	{"repeat", `'x'.repeat(2 ** 30)`, "RangeError|Budget"},
	{"doubling", `let s = 'x'; for (;;) s += s`, "Budget"},
	{"join of one text", `Array(2 ** 20).fill('x'.repeat(2 ** 20)).join()`, "RangeError|Budget"},
	{"join by a text", `Array(2 ** 20).join('x'.repeat(2 ** 20))`, "RangeError|Budget"},
	{"concat", `const s = 'x'.repeat(2 ** 20); s.concat(...Array(100).fill(s))`, "RangeError|Budget"},
	{"replace that grows", `'a'.repeat(2 ** 15).replace(/a/g, 'b'.repeat(2 ** 15))`, "RangeError|Budget"},
	{"replace by the rest", "'a'.repeat(2 ** 18).replace(/a/g, '$`')", "RangeError|Budget"},
	{"replaceAll that grows", `'a'.repeat(2 ** 15).replaceAll('a', 'b'.repeat(2 ** 15))`, "RangeError|Budget"},
	{"template recursion", "const f = n => n ? `${f(n - 1)}${f(n - 1)}` : 'x'.repeat(1e6); f(40)", "Budget"},
	{"long array", `new Array(2 ** 32 - 1).fill(0)`, "RangeError"},
	{"typed array", `new Float64Array(2 ** 30)`, "RangeError"},
	{"buffer", `Buffer.alloc(2 ** 31)`, "RangeError"},
	{"map without end", `const m = new Map(); for (let i = 0; ; i++) m.set(i, 'x' + i)`, "Budget"},
	{"promises without end", `const a = []; for (;;) a.push(new Promise(() => {}))`, "Budget"},
	{"timers", `for (;;) setTimeout(() => {}, 1)`, "RangeError|Budget"},
	{"operations", `for (;;) call.gather()`, "RangeError|Budget"},
	{"listeners", `for (;;) call.on('dtmf', () => {})`, "RangeError|Budget"},
	{"power", `10n ** 1000000000n`, "RangeError"},
	{"power by Math", `Math.pow(2n, 2n ** 40n)`, "RangeError"},
	{"squares", `let x = 3n; for (;;) x = x * x`, "Budget"},
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
	{"backtracking", `/^(?=(a+)+$)(a|aa)+$/.test('a'.repeat(60) + '!')`, "Budget"},
	{"nested groups", `new RegExp('('.repeat(1e4) + ')'.repeat(1e4))`, "SyntaxError|Budget"},
	{"long pattern", `new RegExp('a?'.repeat(1e5))`, "RangeError|Budget"},
	{"deep join", `let a = []; for (let i = 0; i < 1e4; i++) a = [a]; String(a)`, "RangeError|Budget"},
	{"deep flat", `let a = []; for (let i = 0; i < 1e4; i++) a = [a]; a.flat(Infinity)`, "none|Budget"},
	{"deep JSON", `let a = []; for (let i = 0; i < 1e4; i++) a = [a]; JSON.stringify(a)`, "TypeError|Budget"},
	{"deep clone", `let a = []; for (let i = 0; i < 1e4; i++) a = [a]; structuredClone(a)`, "RangeError|Budget"},
	{"deep console", `let a = []; for (let i = 0; i < 1e4; i++) a = [a]; console.log(a)`, "none|Budget"},
	{"bound again", `let f = () => {}; for (;;) f = f.bind(null)`, "RangeError|Budget"},
	{"proxy of proxies", `let p = {}; for (;;) p = new Proxy(p, {})`, "RangeError|Budget"},
	{"call of call", `Function.prototype.call.apply(Function.prototype.call, Array(1e5).fill(Function.prototype.call))`, "RangeError|Budget"},
	{"apply of apply", `let a = []; for (let i = 0; i < 2e4; i++) a = [Reflect.apply, null, a]; Reflect.apply(...a)`, "RangeError|Budget"},
	{"big sort", `Array(2 ** 20).fill('b').sort()`, "RangeError|Budget"},
	{"clearTimeout of anything", `clearTimeout({}); clearTimeout(null); clearInterval(NaN); clearTimeout(-1)`, "none"},
	{"an exception that cannot be shown", `throw { toString() { throw 1 }, get message() { throw 2 } }`, "thrown"},
	{"a promise that throws itself", `await new Promise((_, no) => { const e = new Error('x'); e.cause = e; no(e) })`, "thrown"},
	{"logs", `for (let i = 0; i < 1e4; i++) console.log('x'.repeat(1e4))`, "none|Budget"},
	{"race of itself", `const f = () => Promise.all(Array(1000).fill(0).map(f)); await f()`, "RangeError|Budget"},
}

// Each hostile script runs beside good calls of its own app and of another, which go on
// as if nothing had been.
func TestHostileScripts(t *testing.T) {
	const good = `if (!call.id.startsWith('bad')) { for (;;) { const r = await call.gather(); call.vars.n = (call.vars.n ?? 0) + r.n } }
`
	other := sandboxtest.With(t, sandbox.Options{Faces: faces()}, map[string]string{"main.js": prologue + good + "}"})
	other.Start("o")
	before := runtime.NumGoroutine()
	for _, c := range hostile {
		t.Run(c.name, func(t *testing.T) {
			text := prologue + good + "let threw = 'none';\ntry {\n" + c.body + "\n} catch (e) { threw = 'thrown'; try { threw = e.name ?? threw } catch {} }\nif (threw === 'Error') threw = 'thrown';\ncall.vars.threw = threw }"
			h := sandboxtest.With(t, sandbox.Options{Faces: faces(), Isolates: 1, Budget: 50 * time.Millisecond, LoadBudget: time.Second}, map[string]string{"main.js": text})
			h.Start("good")
			began := time.Now()
			r := h.Start("bad")
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("it took %v", took)
			}
			if r.Interrupted {
				if r.Error == nil || !slices.Contains(strings.Split(c.want, "|"), r.Error.Name) {
					t.Fatalf("stopped: %v, want %s", r.Error, c.want)
				}
				if r.Error.File != "main.js" && r.Error.File != "" {
					t.Errorf("no line is named: %+v", r.Error)
				}
				if r := h.Wait("good"); !r.Lost {
					t.Fatalf("the good call is not told: %+v", r)
				}
				h.Reopen("good")
			} else if !slices.ContainsFunc(strings.Split(c.want, "|"), func(want string) bool { return contains(string(r.Vars), fmt.Sprintf(`"threw":%q`, want)) }) {
				t.Fatalf("%s %v, want %s", r.Vars, r.Error, c.want)
			}
			if r := h.Complete("good", h.Unit("good").All[0], `{"n":1}`); len(r.Ops) != 1 || !contains(string(r.Vars), `{"n":1}`) {
				t.Errorf("the good call does not go on: %+v", r)
			}
			ops := other.Unit("o").All
			if r := other.Complete("o", ops[len(ops)-1], `{"n":1}`); len(r.Ops) != 1 {
				t.Errorf("a call of another app does not go on: %+v", r)
			}
		})
	}
	for i := 0; runtime.NumGoroutine() > before+2; i++ { // what ends is given its turn, the patterns' clock its seconds
		if i > 1e7 {
			buf := make([]byte, 1<<16)
			t.Fatalf("goroutines are left over:\n%s", strings.TrimSpace(string(buf[:runtime.Stack(buf, true)])))
		}
		runtime.Gosched()
	}
}
