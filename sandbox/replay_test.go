package sandbox_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/callwright/callwright/sandbox"
	"github.com/callwright/callwright/sandbox/sandboxtest"
)

// flows are scripts whose way depends on what happens, in many shapes.
var flows = map[string]string{
	"sequence": `await call.answer(); const r = await call.gather({ max: 2 }); call.vars.d = r.digits;
		for (let i = 0; i < 3; i++) await sleep(100 * i); return call.hangup();`,
	"race": `const r = await call.race({ a: call.gather(), b: sleep('1s'), ended: call.ended });
		console.log(r.key); await call.gather({ max: r.key.length });`,
	"all": `const [a, b] = await Promise.all([call.gather({ max: 1 }), call.gather({ max: 2 }), sleep(5)]);
		const any = await Promise.any([call.gather({ max: a.n ?? 3 }), sleep(b?.n ?? 4)]);
		const s = await Promise.allSettled([sleep(1), call.answer()]); await sleep(s.length + (any?.n ?? 0));`,
	"finally": `try { await call.gather(); try { await sleep(1); throw new Error('x') } finally { await sleep(2) } }
		catch (e) { await call.gather({ max: e.message.length }) } finally { await call.hangup() }`,
	"timers": `let n = 0; const i = setInterval(() => { n++; if (n === 3) clearInterval(i) }, 100);
		setTimeout(x => { n += x }, 50, 10); const t = setTimeout(() => {}, 5000);
		await call.gather(); clearTimeout(t); await sleep(n); await call.gather({ max: n });`,
	"events": `let seen = []; call.on('dtmf', e => seen.push(e)); call.once('dtmf', () => call.answer());
		const ev = call.events('dtmf', 'ended'); for (let i = 0; i < 2; i++) { const e = await ev.next(); await sleep(e.value?.n ?? 7) }
		ev.return(); call.off('dtmf'); await call.gather({ max: seen.length });`,
	"forawait": `const q = []; const work = (async () => { for await (const e of call.events('dtmf')) { q.push(e); await sleep(e.n ?? 1); if (q.length > 1) break } })();
		await call.gather(); await work; await call.hangup();`,
	"generator": `function* plan() { for (const ms of [1, 2, 3]) yield sleep(ms) } const it = plan();
		async function* more() { yield await call.gather(); yield* [1, 2] }
		for (const p of it) await p; let n = 0; for await (const x of more()) n++; await sleep(n);`,
	"random": `const t = Date.now(); await sleep(Math.floor(Math.random() * 1000)); await sleep(Date.now() - t);
		await call.gather({ max: crypto.randomUUID().charCodeAt(0) }); await sleep(Math.floor(Math.random() * 1000));`,
	"objects": `const p = call.play('a.wav'); p.on('finished', () => { call.vars.f = 1 }); await p.pause(); await Promise.race([p, sleep(9)]);
		const room = await conference('x'); const m = await room.join(call); room.kick(m); await room.tags('a', 'b'); await sleep(1); m.left.then(() => call.hangup());`,
	"state": `state.n = (state.n ?? 0) + 1; await sleep(state.n); state.log ??= []; state.log.push({ n: state.n });
		await call.gather({ max: state.log.length }); const x = state.log[0]; x.n += 5; await sleep(JSON.stringify(state.log).length);
		try { state.bad = () => 1 } catch (e) { await sleep(e.message.length) } const j = state.log.shift(); await sleep(j.n); await sleep(Object.keys(state).length)`,
	"callbacks": `await Promise.all([call.gather({ validate: async d => { await sleep(3); return d === '1' } }), call.gather({ validate: /^2/ })]); await call.hangup();`,
}

const prologue = `import { play, sleep, conference, state } from 'callwright';
export default async function (call) {
`

// answerFor makes up an answer for an operation.
func answerFor(op sandbox.Op, rng *rand.Rand, faults bool) sandbox.Input {
	if faults && rng.IntN(5) == 0 && op.Method != "setTimeout" {
		return sandboxtest.Fault(op, "Timeout", "late")
	}
	switch op.Method {
	case "setTimeout":
		return sandboxtest.Answer(op, "")
	case "conference":
		return sandboxtest.Answer(op, `{"$handle":"room:x","$fields":{"name":"x"}}`)
	case "join":
		return sandboxtest.Answer(op, `{"$handle":"member:1","$class":"Member","$fields":{"id":"1"}}`)
	}
	return sandboxtest.Answer(op, fmt.Sprintf(`{"digits":"%d","n":%d}`, rng.IntN(100), rng.IntN(5)))
}

// step picks the next thing that happens to a unit, deterministically.
func step(u *sandboxtest.Unit, rng *rand.Rand, k int, faults bool) (sandbox.Input, bool) {
	keys := make([]uint32, 0, len(u.Open))
	for n, op := range u.Open {
		if op.Method != "clearTimeout" {
			keys = append(keys, n)
		}
	}
	slices.Sort(keys)
	switch {
	case k%4 == 1:
		return sandboxtest.Event("call", "dtmf", fmt.Sprintf(`{"n":%d}`, k)), true
	case k == 30:
		return sandboxtest.Event("call", "ended", `{"cause":"normal"}`), true
	case k%7 == 3:
		return sandbox.Input{Kind: sandbox.Called, Callback: 1, Ask: uint32(k), Value: []byte(`["1"]`)}, true
	case len(keys) == 0:
		return sandboxtest.Event("member:1", "left", `{}`), k < 40
	}
	return answerFor(u.Open[keys[rng.IntN(len(keys))]], rng, faults), true
}

// stand is what must be the same after a replay.
type stand struct {
	Ops     []sandbox.Op
	Settled bool
	Await   string
	Answers []sandbox.Answer
	Logs    []sandbox.Log
	Vars    string
}

func standOf(r sandbox.Result) stand {
	return stand{r.Ops, r.Settled, r.Await, r.Answers, r.Logs, string(r.Vars)}
}

// A flow that is rebuilt after any of its inputs stands where it stood, and goes on
// as the one that was never disturbed.
func TestReplayAtEveryPoint(t *testing.T) {
	for name, body := range flows {
		t.Run(name, func(t *testing.T) {
			h := flow(t, prologue+body+"\n}")
			first := h.Start("live")
			stands := []stand{standOf(first)}
			var listens []map[string]bool
			heard := map[string]bool{}
			hear := func(r sandbox.Result) {
				for _, l := range r.Listens {
					if l.On {
						heard[l.Object+" "+l.Event] = true
					} else {
						delete(heard, l.Object+" "+l.Event)
					}
				}
				c := map[string]bool{}
				for k := range heard {
					c[k] = true
				}
				listens = append(listens, c)
			}
			hear(first)
			u := h.Unit("live")
			ops := []uint32{u.Ops}
			rng := rand.New(rand.NewPCG(1, 2))
			for k := 0; k < 40; k++ {
				in, ok := step(u, rng, k, name == "finally" || name == "race")
				if !ok {
					break
				}
				r := h.Send("live", in)
				if r.Lost || r.Interrupted {
					t.Fatalf("%+v", r)
				}
				stands = append(stands, standOf(r))
				ops = append(ops, u.Ops)
				hear(r)
			}
			if len(u.History) < 8 || u.Ops < 3 {
				t.Fatalf("the flow did too little: %d inputs, %d operations", len(u.History), u.Ops)
			}
			for k := 1; k <= len(u.History); k++ {
				id := fmt.Sprint("again", k)
				h.Open(id, sandbox.CallUnit, u.Seed, slices.Clone(u.History[:k]), ops[k-1])
				r := h.Wait(id)
				if r.Error != nil && r.Error.Name == "Diverged" || len(r.Ops) != 0 || r.Turn != 0 || len(r.Logs)+len(r.Answers) != 0 {
					t.Fatalf("after %d inputs: %+v %v", k, r, r.Error)
				}
				if r.Await != stands[k-1].Await || r.Settled != stands[k-1].Settled {
					t.Fatalf("after %d inputs it stands at %q (%v), not %q", k, r.Await, r.Settled, stands[k-1].Await)
				}
				got := map[string]bool{}
				for _, l := range r.Listens {
					got[l.Object+" "+l.Event] = true
				}
				if !reflect.DeepEqual(got, listens[k-1]) {
					t.Fatalf("after %d inputs it listens for %v, not %v", k, got, listens[k-1])
				}
				if name == "state" { // the tree has moved on since
					h.Close(id)
					continue
				}
				for j := k; j < len(u.History); j++ {
					in := u.History[j]
					h.Activate(sandbox.Activation{Unit: id, Turn: uint64(j + 1), Now: time.UnixMilli(in.At), Inputs: []sandbox.Input{in}})
					if got := standOf(h.Wait(id)); !reflect.DeepEqual(got, stands[j]) {
						t.Fatalf("rebuilt after %d inputs, input %d gives\n%+v, not\n%+v", k, j, got, stands[j])
					}
				}
				h.Close(id)
			}
		})
	}
}

// The state tree is left alone by a replay, which reads what was read then.
func TestReplayDoesNotTouchState(t *testing.T) {
	h := flow(t, prologue+`state.n = (state.n ?? 0) + 1; const n = state.n; await sleep(n); state.n += 10; await sleep(n); await sleep(state.n)
}`)
	r := h.Start("a")
	r = h.Complete("a", r.Ops[0], "null")
	h.Start("b") // n is 12 now
	before, err := h.State.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	if r := h.Reopen("a"); r.Error != nil {
		t.Fatal(r.Error)
	}
	after, _ := h.State.Snapshot()
	if string(before) != string(after) {
		t.Fatalf("%s became %s", before, after)
	}
	r = h.Complete("a", r.Ops[0], "null")
	if string(r.Ops[0].Args) != `{"time":12}` {
		t.Fatalf("after the replay state must be live: %s", r.Ops[0].Args)
	}
}

// A write that failed when it was made fails in the replay too.
func TestReplayOfFailedWrite(t *testing.T) {
	h := flow(t, prologue+`state.a = { b: 1 }; const a = state.a; state.a = {};
		let ms = 1; try { a.b = 2 } catch (e) { ms = e.message.length } await sleep(ms); await sleep(ms + 1) }`)
	h.Start("a")
	if r := h.Reopen("a"); r.Error != nil {
		t.Fatal(r.Error)
	}
	u := h.Unit("a")
	if r := h.Complete("a", u.All[0], "null"); len(r.Ops) != 1 {
		t.Fatalf("%+v", r)
	}
}

func TestDiverged(t *testing.T) {
	old := flow(t, prologue+`await call.answer(); await sleep(1); await sleep(2) }`)
	r := old.Start("a")
	r = old.Complete("a", r.Ops[0], "null")
	old.Complete("a", r.Ops[0], "null")
	u := old.Unit("a")
	for text, want := range map[string]string{
		`await call.answer(); await sleep(5); await sleep(2) }`: "main.js:3:28: Diverged: operation 2 is now sleep",
		`await call.answer(); call.vars.x = 1 }`:                "Diverged: the history answers operation 2",
		`await call.answer(); await sleep(1) }`:                 "Diverged: the history has 3 operations, the code began 2",
		`await call.answer(); await sleep(1); state.x }`:        "Diverged: the code reads more of state",
	} {
		h := flow(t, prologue+text)
		h.Open("a", sandbox.CallUnit, u.Seed, u.History, u.Ops)
		r := h.Wait("a")
		if r.Error == nil || r.Error.Name != "Diverged" || !r.Settled || !contains(r.Error.Error(), want) {
			t.Errorf("%s: %v, not %s", text, r.Error, want)
		}
		h.Activate(sandbox.Activation{Unit: "a", Turn: 9})
		if r := h.Wait("a"); !r.Lost {
			t.Error("a diverged unit is not closed")
		}
	}
}

// Snapshots come back with the history, so fields read the same.
func TestReplayOfFields(t *testing.T) {
	h := flow(t, prologue+`await sleep(call.from.user.length); await sleep(call.state.length); await sleep(1) }`)
	h.OpenUnit("a", sandbox.CallUnit)
	fields := func(text string) map[string]json { return map[string]json{"call": []byte(text)} }
	r := h.Send("a", sandbox.Input{Kind: sandbox.Start, Fields: fields(`{"from":{"user":"anna"},"state":"new"}`)})
	in := sandboxtest.Answer(r.Ops[0], "null")
	in.Fields = fields(`{"from":{"user":"anna"},"state":"answered"}`)
	r = h.Send("a", in)
	if string(r.Ops[0].Args) != `{"time":8}` {
		t.Fatalf("%s", r.Ops[0].Args)
	}
	if r := h.Reopen("a"); r.Error != nil {
		t.Fatal(r.Error)
	}
}
