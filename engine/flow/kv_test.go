package flow

import (
	"strings"
	"testing"
	"time"

	"github.com/callwright/callwright/engine/keep"
)

// keepImport is for bodies that says() runs: its prologue has no kv and no lock.
func keeps(t *testing.T, body string) string {
	t.Helper()
	w := script(t, `import { kv, lock, sleep } from 'callwright';
const tried = async f => { try { return await f() } catch (e) { return e.name + ': ' + e.message } };
export default async call => {
`+body+`
};`)
	w.dial("ann", "main", "1000")
	w.run(3 * time.Minute)
	return w.texts()
}

func TestKV(t *testing.T) {
	for _, c := range []struct{ name, body, logs string }{
		{"values", `await kv.put('a', { n: [1, 'x', null] }); const v = await kv.get('a'); console.log(v.n.length, v.n[1], await kv.get('b'))`, "3 x null"},
		{"ttl", `await kv.put('a', 1, { ttl: '2s' }); await sleep('1s'); console.log(await kv.get('a')); await sleep('1s'); console.log(await kv.get('a'))`, "1\nnull"},
		{"incr", `const r = []; for (const by of [1, 2.5, -1]) r.push(await kv.incr('n', by)); r.push(await kv.incr('n')); console.log(r.join())`, "1,3.5,2.5,3.5"},
		{"list", `for (const k of ['b:2', 'a', 'b:1', 'b:3']) await kv.put(k, 1); console.log((await kv.list('b:')).join(), (await kv.list('', { limit: 2 })).join(), (await kv.list()).length)`, "b:1,b:2,b:3 a,b:1 4"},
		{"delete", `await kv.put('a', 1); console.log(await kv.delete('a'), await kv.delete('a'), await kv.get('a'))`, "true false null"},
		{"wrong", `await kv.put('t', 'x');
			for (const f of [() => kv.incr('t'), () => kv.put('', 1), () => kv.put('k'.repeat(513), 1), () => kv.put('f', { f() {} }), () => kv.put('a', 1, { til: 1 }),
				() => kv.put('a', 'x'.repeat(70000)), () => kv.list('', { limit: 0 })]) console.log((await tried(f)).slice(0, 60))`,
			"TypeError: kv.incr: not a number: \"x\"\nBadOption: kv.put: bad key: 0 bytes, from 1 to 512\nBadOption: kv.put: bad key: 513 bytes, from 1 to 512\n" +
				"TypeError: kv.put: not JSON: only JSON can be kept, no funct\nBadOption: kv.put has no option \"til\"; did you mean \"ttl\"?\nRangeError: value is larger than 65536 bytes\nBadOption: kv.list: limit must be at least 1"},
		{"lock", `let in_ = 0, most = 0;
			const work = async n => lock('k', async () => { most = Math.max(most, ++in_); await sleep(100); in_--; return n; });
			console.log((await Promise.all([work(1), work(2), work(3)])).join(), most)`, "1,2,3 1"},
		{"lock throws", `console.log(await tried(() => lock('k', () => { throw new RangeError('far') })), await lock('k', () => 'free'))`, "in a callback: RangeError: far\n    at main.js:4:55\nRangeError: far free"},
		{"lock waits", `const long = lock('k', () => sleep('5s'), { ttl: '1m' });
			console.log(await tried(() => lock('k', () => 1, { wait: '2s' })), '|', await tried(() => lock('k', () => 1, { wait: 0 }))); await long; console.log(await lock('k', () => 'mine'))`,
			`Timeout: lock "k" is held by ann since main.js:4:14; waited 2s | Busy: lock "k" is held by ann since main.js:4:14` + "\nmine"},
		{"lock held longer than it was waited for", `lock('k', () => sleep('1s')); console.log(await tried(() => lock('k', async () => { await sleep('5s'); return 'whole' }, { wait: '2s' })))`, "whole"},
		{"lock ends", `const long = tried(() => lock('k', () => sleep('5s'), { ttl: '2s' })); console.log(await lock('k', () => 'next')); console.log(await long)`,
			"next\nTimeout: lock \"k\": its function had not ended after 2s; the lock is given to the next"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := keeps(t, c.body); got != c.logs && !strings.HasSuffix(got, c.logs) {
				t.Errorf("got  %q\nwant %q", got, c.logs)
			}
		})
	}
}

func TestALockIsGivenBackWithItsCall(t *testing.T) {
	w := script(t, `import { lock, sleep } from 'callwright';
export default async call => {
  await call.answer();
  await lock('desk', async () => { console.log(call.id, 'has it'); await sleep('1h'); }, { ttl: '2h', wait: '1h' });
};`)
	ann := w.dial("ann", "main", "1")
	w.dial("bob", "main", "1")
	w.run(time.Minute)
	if got := strings.Join(w.logs, "\n"); strings.Contains(got, "bob has it") {
		t.Fatal(got)
	}
	ann.hangup()
	w.run(2 * time.Minute) // a flow may finish for a minute after its call
	if got := strings.Join(w.logs, "\n"); !strings.Contains(got, "bob has it") {
		t.Fatalf("not after ann's end: %s", got)
	}
	if len(w.f.locks) != 1 {
		t.Fatalf("locks %v", w.f.locks)
	}
}

func TestKVOutlivesFlows(t *testing.T) {
	w := script(t, `import { kv } from 'callwright';
export default async call => { console.log('n', await kv.incr('n')); };`)
	kept := keep.New(nil)
	for i := range 2 {
		w = w.again()
		w.f = NewFlows(Config{Keep: kept})
		w.dial("ann", "main", "1")
		w.run(time.Second)
		if want := []string{"n 1", "n 2"}[i]; !strings.Contains(strings.Join(w.logs, "\n"), want) {
			t.Fatalf("logs %q, want %q", w.logs, want)
		}
	}
}
