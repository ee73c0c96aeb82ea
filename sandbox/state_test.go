package sandbox_test

import (
	stdjson "encoding/json"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/callwright/callwright/sandbox"
	"github.com/callwright/callwright/sandbox/sandboxtest"
)

// probe runs expressions in a flow and returns call.vars.
func probe(t *testing.T, s *sandbox.State, body string) (map[string]any, sandbox.Result) {
	t.Helper()
	h := sandboxtest.With(t, sandbox.Options{Faces: faces(), State: s, Budget: time.Minute}, map[string]string{"main.js": prologue + body + "\n}"})
	r := h.Start("a")
	if r.Error != nil {
		t.Fatal(r.Error)
	}
	var vars map[string]any
	if r.Vars != nil {
		if err := stdjson.Unmarshal(r.Vars, &vars); err != nil {
			t.Fatal(err)
		}
	}
	return vars, r
}

func TestStateBehavesLikeAnObject(t *testing.T) {
	vars, _ := probe(t, sandbox.NewState(nil), `const v = call.vars;
		v.none = [state.nope === undefined, 'nope' in state, Object.keys(state).length];
		state.o = { a: { b: 1 }, l: [3, 1, 2] }; state.o.a.b++; state.o.l.push(9, { id: 7 });
		v.o = state.o; v.keys = Object.keys(state.o); v.has = ['a' in state.o, Object.hasOwn(state.o, 'z')];
		v.spread = { ...state.o.a, c: 3 }; v.list = [Array.isArray(state.o.l), state.o.l.length, ...state.o.l];
		v.shift = state.o.l.shift(); v.sorted = (state.o.l.pop(), state.o.l.sort()); v.map = state.o.l.map(x => x * 2);
		v.splice = state.o.l.splice(1, 1, 'x', 'y'); state.o.l.unshift(0); v.after = state.o.l; v.find = state.o.l.indexOf('x');
		delete state.o.a; v.gone = state.o.a === undefined; v.text = JSON.stringify(state.o); state.o.l.length = 1; v.cut = state.o.l;
		state.nul = null; v.nul = state.nul; const it = []; for (const k in state) it.push(k); v.it = it;
		v.tx = state.tx(s => { s.t = 1; return s.t + 1 }); try { state.tx(s => { s.t = 5; delete s.o; throw 1 }) } catch {} v.t = [state.t, 'o' in state];`)
	got, _ := stdjson.Marshal(vars)
	want := `{"after":[0,1,"x","y",9],"cut":[0],"find":2,"gone":true,"has":[true,false],"it":["o","nul"],"keys":["a","l"],"list":[true,5,3,1,2,9,{"id":7}],` +
		`"map":[2,4,18],"none":[true,false,0],"nul":null,"o":{"a":{"b":2},"l":[3,1,2,9,{"id":7}]},"shift":3,"sorted":[1,2,9],"splice":[2],"spread":{"b":2,"c":3},` +
		`"t":[1,true],"text":"{\"l\":[0,1,\"x\",\"y\",9]}","tx":2}`
	// vars holds what was assigned: state's own objects are read when it is reported.
	want = strings.Replace(want, `"o":{"a":{"b":2},"l":[3,1,2,9,{"id":7}]}`, `"o":{"l":[0]}`, 1)
	want = strings.Replace(want, `"after":[0,1,"x","y",9]`, `"after":[0]`, 1)
	want = strings.Replace(want, `"sorted":[1,2,9]`, `"sorted":[0]`, 1)
	if string(got) != want {
		t.Errorf("\n%s\n%s", got, want)
	}
}

func TestStateRefusesWhatIsNoJSON(t *testing.T) {
	thrown(t, map[string]string{
		`state.x = () => 1`: "state.x cannot hold a function", `state.x = { a: { b: undefined } }`: "state.x.a.b cannot hold undefined",
		`const a = {}; a.a = a; state.x = a`: "is a cycle", `state.x = new Map()`: "cannot hold a Map", `state.x = new Date()`: "cannot hold a Date",
		`state.x = NaN`: "cannot hold NaN", `state.x = 1n`: "BigInt", `state.x = Symbol()`: "a symbol", `state.x = call`: "cannot hold a Call",
		`state.x = Promise.resolve()`: "a Promise", `state.tx = 1`: "tx", `state.l = []; state.l[2 ** 30] = 1`: "state.l.1073741824",
		`state.tx(async () => 1)`: "must not be async",
	})
}

func TestStateQuota(t *testing.T) {
	s := sandbox.NewState(nil)
	s.SetQuota(10_000)
	vars, _ := probe(t, s, `const big = 'x'.repeat(1000); let n = 0; try { for (;;) state['k' + n++] = big } catch (e) { call.vars.e = [n, String(e)] }
		state.k0 = 1; state.k1 = big + 'y'; for (const k of Object.keys(state)) delete state[k];
		for (n = 0; n < 9; n++) state['again' + n] = big; call.vars.left = Object.keys(state).length`)
	if e := fmt.Sprint(vars["e"]); !contains(e, "[10 TypeError: state.k9: state is full") || vars["left"] != 9.0 {
		t.Error(e, vars["left"])
	}
}

// n++ from two isolates never loses an update.
func TestStateIsAtomic(t *testing.T) {
	var mu sync.Mutex
	var batches []sandbox.Batch
	s := sandbox.NewState(func(b sandbox.Batch) { mu.Lock(); batches = append(batches, b); mu.Unlock() })
	files := map[string]string{"main.js": prologue + `for (let i = 0; i < 1000; i++) { state.n = (state.n ?? 0) + 1; await sleep(1) } }`}
	var wg sync.WaitGroup
	for _, unit := range []string{"a", "b"} {
		h := sandboxtest.With(t, sandbox.Options{Faces: faces(), State: s}, files)
		wg.Go(func() {
			r := h.Start(unit)
			for !r.Settled {
				r = h.Complete(unit, r.Ops[0], "null")
			}
		})
	}
	wg.Wait()
	if snap, _ := s.Snapshot(); !contains(string(snap), `"root":{"n":2000}`) {
		t.Errorf("%s", snap)
	}
	for i, b := range batches {
		if want := fmt.Sprint(i + 1); string(b.Writes[0].Value) != want {
			t.Fatalf("batch %d writes %s", i, b.Writes[0].Value)
		}
	}
}

// A batch names its unit and turn, comes in order, and is applied once elsewhere.
func TestBatches(t *testing.T) {
	var batches []sandbox.Batch
	s := sandbox.NewState(func(b sandbox.Batch) { batches = append(batches, b) })
	h := sandboxtest.With(t, sandbox.Options{Faces: faces(), State: s}, map[string]string{"main.js": prologue + `
		state.a = { l: [1] }; state.a.l.push(2); await sleep(1); state.a.l.shift(); state.a.k = 'é"\u2028'; delete state.b; state.z = 1; delete state.z; await state.commit() }`})
	r := h.Start("u")
	r = h.Complete("u", r.Ops[0], "null")
	if r.Ops[0].Method != "state.commit" || r.Settled {
		t.Fatalf("%+v", r.Ops)
	}
	if r = h.Complete("u", r.Ops[0], "null"); !r.Settled {
		t.Fatalf("%+v", r)
	}
	if len(batches) != 2 || batches[0].Unit != "u" || batches[0].Turn != 1 || batches[1].Turn != 2 {
		t.Fatalf("%+v", batches)
	}
	twin := sandbox.NewState(nil)
	for range 2 {
		for _, b := range batches {
			text, _ := stdjson.Marshal(b)
			var copied sandbox.Batch
			if err := stdjson.Unmarshal(text, &copied); err != nil {
				t.Fatal(err)
			}
			if err := twin.Apply(copied); err != nil {
				t.Fatal(err)
			}
		}
	}
	a, _ := s.Snapshot()
	b, _ := twin.Snapshot()
	if string(a) != string(b) || !contains(string(a), `"root":{"a":{"l":[2],"k":"é\"`) {
		t.Errorf("\n%s\n%s", a, b)
	}
	back := sandbox.NewState(nil)
	if err := back.Restore(a); err != nil {
		t.Fatal(err)
	}
	if c, _ := back.Snapshot(); string(c) != string(a) {
		t.Errorf("%s", c)
	}
	if err := back.Apply(batches[1]); err != nil {
		t.Fatal(err)
	}
	if c, _ := back.Snapshot(); string(c) != string(a) {
		t.Errorf("a turn was applied again after a restore: %s", c)
	}
}

func TestBadBatchesAndSnapshots(t *testing.T) {
	s := sandbox.NewState(nil)
	for i, w := range []sandbox.Write{{}, {Path: []string{"a", "b"}, Value: []byte("1")}, {Path: []string{"a"}, Value: []byte("{")},
		{Path: []string{"a"}, Value: []byte("1 2")}, {Path: []string{"a"}, Value: []byte("[]"), Splice: &sandbox.Splice{At: 1}}} {
		err := s.Apply(sandbox.Batch{Unit: "u", Turn: uint64(i + 1), Writes: []sandbox.Write{{Path: []string{"x"}, Value: []byte("1")}, w}})
		if err == nil {
			t.Errorf("%+v is applied", w)
		}
	}
	if snap, _ := s.Snapshot(); string(snap) != `{"v":1,"root":{}}` {
		t.Errorf("half a batch stays: %s", snap)
	}
	for _, text := range []string{"", "{}", `{"v":2,"root":{}}`, `{"v":1,"root":[]}`, `{"v":1}`} {
		if s.Restore([]byte(text)) == nil {
			t.Errorf("%q is restored", text)
		}
	}
}

// State outlives generations and is shared between apps.
func TestStateIsShared(t *testing.T) {
	s := sandbox.NewState(nil)
	probe(t, s, `state.users = { bob: { n: 1 } }`)
	vars, _ := probe(t, s, `call.vars.n = state.users.bob.n`)
	if !reflect.DeepEqual(vars, map[string]any{"n": 1.0}) {
		t.Error(vars)
	}
}
