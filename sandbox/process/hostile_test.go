package process_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/callwright/callwright/sandbox"
)

// attacks are what a call's flow does once it was asked to. Each must end that call
// alone, or harm nobody.
var attacks = map[string]string{
	"repeat":             `'x'.repeat(2**30)`,
	"repeat doubled":     `let s = 'x'.repeat(2**19); for (;;) s += s`,
	"concat":             `let s = 'xy'; for (let i = 0; i < 40; i++) s = s.concat(s, s); return s.length`,
	"template":           "let s = 'x'; for (;;) s = `${s}${s}`",
	"recursive template": "const f = s => `${s}${f(s + s)}`; f('x')",
	"array fill":         `Array(1e9).fill(0)`,
	"array join":         `Array(2**28).join('xxxxxxxx')`,
	"array from":         `Array.from({ length: 1e9 })`,
	"array push":         `const a = []; for (;;) a.push(a.length, {}, [])`,
	"array concat":       `let a = [1]; for (;;) a = a.concat(a)`,
	"array spread":       `let a = [1, 2]; for (;;) a = [...a, ...a]`,
	"sparse":             `const a = []; a[2**32 - 2] = 1; a.indexOf(7); a.sort(); a.reverse()`,
	"typed array":        `const keep = []; for (;;) keep.push(new Uint8Array(2**24).fill(1))`,
	"huge typed array":   `new Float64Array(2**31).fill(1)`,
	"array buffer":       `new ArrayBuffer(2**40)`,
	"map":                `const m = new Map(); for (let i = 0; ; i++) m.set({ i }, 'x' + i)`,
	"set":                `const s = new Set(); for (let i = 0; ; i++) s.add('k' + i)`,
	"closures":           `let f = () => 0; for (;;) { const g = f; f = () => [g, g] }`,
	"bigint power":       `let b = 7n; for (;;) b = b ** 9n`,
	"bigint text":        `const n = 9000000n; (7n ** n).toString()`,
	"bigint shift":       `const n = 100000000000n; 1n << n`,
	"regexp":             `/^(a+)+$/.test('a'.repeat(40) + 'b')`,
	"regexp backref":     `/^(?=(a+))(\1+)+(?!a)b/.test('a'.repeat(60))`,
	"regexp state":       `/^(\w+\s?)*$/.exec('word '.repeat(30) + '!'); /(x+x+)+y/.exec('x'.repeat(60))`,
	"regexp parser":      `new RegExp('('.repeat(2**19))`,
	"json wide":          `JSON.parse('[' + '[],'.repeat(2**17) + '[]]'); const a = []; for (;;) a.push(JSON.parse('{"a":[1,2,3]}'))`,
	"json deep":          `let o = {}; for (let i = 0; i < 1e6; i++) o = { o }; JSON.stringify(o)`,
	"json shared":        `let o = [1]; for (let i = 0; i < 60; i++) o = [o, o]; JSON.stringify(o)`,
	"json parse deep":    `JSON.parse('['.repeat(2**19))`,
	"reviver":            `JSON.parse('[1,2]', () => { for (;;); })`,
	"toJSON":             `JSON.stringify({ toJSON() { for (;;); } })`,
	"getter":             `({ get x() { for (;;); } }).x`,
	"toString":           `'' + { toString() { for (;;); } }`,
	"valueOf in args":    `await call.gather({ max: { valueOf() { for (;;); } } })`,
	"getter in args":     `await call.gather({ get max() { for (;;); } })`,
	"proxy":              `new Proxy({}, { get() { for (;;); } }).x`,
	"proxy in args":      `await call.gather(new Proxy({}, { ownKeys() { for (;;); } }))`,
	"proxy of itself":    `const t = {}; const p = new Proxy(t, {}); Object.setPrototypeOf(t, p); p.x`,
	"comparator":         `[2, 1].sort(() => { for (;;); })`,
	"thrown":             `throw { get message() { for (;;); }, toString() { for (;;); } }`,
	"logged":             `console.log({ get a() { for (;;); } }); console.log(new Proxy({}, { get() { for (;;); } })); for (;;);`,
	"iterator":           `const it = { [Symbol.iterator]() { return { next: () => ({ value: 1 }) } } }; [...it]`,
	"generator":          `function* g() { yield* g() } for (const x of g());`,
	"promise flood":      `const f = () => Promise.resolve().then(f).then(f); f()`,
	"async recursion":    `const f = async () => { await null; f(); f() }; f()`,
	"thenable":           `const t = { then(ok) { ok(t) } }; await t`,
	"timer flood":        `for (;;) setTimeout(() => {}, 1)`,
	"operation flood":    `for (;;) call.gather()`,
	"log flood":          `for (;;) console.log('x'.repeat(1000))`,
	"recursion":          `const f = () => f() + 1; f()`,
	"recursion, caught":  `const f = () => { try { f() } finally { f() } }; f()`,
	"mutual getters":     `const o = { get a() { return this.b }, get b() { return this.a } }; o.a`,
	"bind chain":         `let f = () => 1; for (let i = 0; i < 1e6; i++) f = f.bind(null); f()`,
	"constructor":        `(() => {}).constructor.constructor('for (;;);')()`,
	"eval":               `(0, eval)('for (;;);'); for (;;);`,
	"finally":            `for (;;) { try { for (;;); } catch {} finally { continue } }`,
	"label":              `x: for (;;) { try { return } finally { continue x } }`,
	"state held":         `state.n = 0; for (;;);`,
	"state held in text": `state.n = 0; let s = 'ab'.repeat(2**18); /(a|b|ab)*c/.test(s); for (;;);`,
	"state growth":       `for (let i = 0; ; i++) state['k' + i] = 'x'.repeat(2**18)`,
	"replaceAll":         `let s = 'a'.repeat(2**19); for (;;) s = s.replaceAll('a', 'aaaaaaaa')`,
	"split":              `const s = 'a'.repeat(2**20); const k = []; for (;;) k.push(s.split(''))`,
	"normalize":          `let s = '\ufdfa'.repeat(2**19); for (;;) s = s.normalize('NFKD')`,
	"vars":               `for (let i = 0; ; i++) call.vars['k' + i] = 'x'.repeat(2**16)`,
}

// hostileText is an app whose calls attack when the digits name an attack, and count
// otherwise.
func hostileText() string {
	var b strings.Builder
	b.WriteString("import { state } from 'callwright';\nconst attacks = {\n")
	for _, name := range slices.Sorted(maps.Keys(attacks)) {
		fmt.Fprintf(&b, "%q: async call => { %s },\n", name, attacks[name])
	}
	b.WriteString(`};
export default async function (call) {
  await call.answer();
  let n = 0;
  for (;;) {
    const r = await call.gather();
    if (r.digits in attacks) { await attacks[r.digits](call); await call.hangup(); }
    call.vars.n = ++n;
    const seen = state.seen ?? 0;
    state.seen = seen + 1;
  }
}`)
	return b.String()
}

// caller is a good call: it answers at each turn with its count.
type caller struct {
	e    *engine
	name string
	last sandbox.Result
	n    int
}

func newCaller(e *engine, name string) *caller {
	c := &caller{e: e, name: name}
	c.last = e.send(name, answered(e.send(name, start()), "null"))
	return c
}

// turn sends a digit and says how long the answer took.
func (c *caller) turn(t *testing.T) time.Duration {
	t.Helper()
	began := time.Now()
	c.n++
	c.last = c.e.send(c.name, answered(c.last, `{"digits":"1"}`))
	if c.last.Error != nil || string(c.last.Vars) != fmt.Sprintf(`{"n":%d}`, c.n) {
		t.Fatalf("the good call %s: vars %s, want n %d; error %v", c.name, c.last.Vars, c.n, c.last.Error)
	}
	return time.Since(began)
}

// Each attack costs the call that made it, and nobody else more than a moment: good
// calls of the same app go on where they were, and those of another app go on.
func TestHostileScripts(t *testing.T) {
	const budget = 60 * time.Millisecond // a good call under the race detector needs a third of it
	before := runtime.NumGoroutine()
	t.Cleanup(func() { leftovers(t, before) })
	pool := newPool(t, sandbox.NewState(nil))
	app := newEngine(t, pool, sandbox.Options{Budget: budget}, hostileText())
	other := newEngine(t, pool, sandbox.Options{Budget: budget}, hostileText()+"\n// another")
	same, apart := newCaller(app, "good"), newCaller(other, "apart")
	var slowest, slowestApart time.Duration
	for _, name := range slices.Sorted(maps.Keys(attacks)) {
		t.Run(name, func(t *testing.T) {
			bad := "bad " + name
			r := app.send(bad, answered(app.send(bad, start()), "null"))
			began := time.Now()
			u := app.post(bad, answered(r, fmt.Sprintf(`{"digits":%q}`, name)))
			far := apart.turn(t)
			r = app.wait(bad, u)
			took := time.Since(began)
			near := same.turn(t)
			far = max(far, apart.turn(t))
			slowest, slowestApart = max(slowest, near), max(slowestApart, far)
			app.g.Close(bad)
			if !r.Interrupted && r.Error == nil && len(r.Ops) == 0 {
				t.Errorf("it neither failed nor went on: %+v", r)
			}
			t.Logf("%v: the call ended after %v (%v), good calls answered in %v, in another app %v", name, took.Round(time.Millisecond),
				r.Error, near.Round(time.Microsecond), far.Round(time.Microsecond))
		})
	}
	t.Logf("slowest answer of a good call: same app %v, another app %v", slowest, slowestApart)
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	if m.HeapInuse > 200<<20 {
		t.Errorf("the parent's heap has %d MiB in use", m.HeapInuse>>20)
	}
}

// leftovers finds goroutines and processes that should have ended.
func leftovers(t *testing.T, before int) {
	for end := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before && time.Now().Before(end); {
		runtime.Gosched()
	}
	if n := runtime.NumGoroutine(); n > before {
		b := make([]byte, 1<<16)
		t.Errorf("%d goroutines, %d before:\n%s", n, before, b[:runtime.Stack(b, true)])
	}
	if left := children(t); len(left) > 0 {
		t.Errorf("processes left: %v", left)
	}
}

// children are the processes this one has (proc(5)).
func children(t *testing.T) (pids []string) {
	files, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, _ := os.ReadFile(f) // a thread may end meanwhile
		pids = append(pids, strings.Fields(string(b))...)
	}
	return pids
}
