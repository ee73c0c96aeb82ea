package process_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/callwright/callwright/sandbox"
)

const counting = `import { state } from 'callwright';
export default async call => {
  await call.answer();
  for (;;) {
    const r = await call.gather();
    state.n = (state.n ?? 0) + 1;
    state.list ??= [];
    state.list.push(state.n);
    if (state.list.length > 5) state.list.shift();
  }
}`

// Two children count in one tree while the brain writes to it as well: each works on a
// copy of its own, and no update is lost.
func TestCopiesLoseNoUpdate(t *testing.T) {
	state := sandbox.NewState(nil)
	pool := newPool(t, state)
	opts := sandbox.Options{Budget: time.Minute}
	apps := []*engine{newEngine(t, pool, opts, counting), newEngine(t, pool, opts, counting+"// b")}
	const each, own = 60, 40
	var wg sync.WaitGroup
	for i, e := range apps {
		name := fmt.Sprint("unit", i)
		r := e.send(name, answered(e.send(name, start()), "null"))
		wg.Go(func() {
			for range each {
				r = e.send(name, answered(r, "{}"))
			}
		})
	}
	for i := range own {
		put := sandbox.Write{Path: []string{"own"}, Value: fmt.Append(nil, i)}
		if err := state.Apply(sandbox.Batch{Unit: "brain", Turn: uint64(i + 1), Writes: []sandbox.Write{put}}); err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
	last := 2 * each
	want := fmt.Sprintf(`"n":%d,"list":[%d,%d,%d,%d,%d]`, last, last-4, last-3, last-2, last-1, last)
	if got := snapshot(t, state); !strings.Contains(got, want) || !strings.Contains(got, `"own":39`) {
		t.Errorf("state is %s, want %s", got, want)
	}
}

// What a script holds of state means the same in each turn, also when others have
// written in between, when the whole tree was replaced, and when it has grown too large
// to be copied.
func TestHeldStateInACopy(t *testing.T) {
	const text = `import { state } from 'callwright';
export default async call => {
  const o = state.o;
  for (;;) {
    await call.gather();
    try { o.n++; console.log(o.n, state.o.n) } catch (e) { console.log(e.name, o.n ?? 'gone', state.o.n) }
  }
}`
	state := sandbox.NewState(nil)
	turn := uint64(0)
	write := func(w sandbox.Write) {
		turn++
		if err := state.Apply(sandbox.Batch{Unit: "brain", Turn: turn, Writes: []sandbox.Write{w}}); err != nil {
			t.Fatal(err)
		}
	}
	write(sandbox.Write{Path: []string{"o"}, Value: []byte(`{"n":1}`)})
	e := newEngine(t, newPool(t, state), sandbox.Options{Budget: time.Minute}, text)
	r := e.send("a", start())
	step := func(want string) {
		t.Helper()
		r = e.send("a", answered(r, "{}"))
		if len(r.Logs) != 1 || r.Logs[0].Text != want {
			t.Errorf("the script says %v, want %s (%v)", r.Logs, want, r.Error)
		}
	}
	step("2 2")
	write(sandbox.Write{Path: []string{"o", "n"}, Value: []byte("10")})
	step("11 11")
	write(sandbox.Write{Path: []string{"big"}, Value: []byte(`"` + strings.Repeat("x", 600<<10) + `"`)})
	step("12 12") // the batch is large, the tree is not
	for i := range 4 {
		write(sandbox.Write{Path: []string{fmt.Sprint("big", i)}, Value: []byte(`"` + strings.Repeat("x", 2<<20) + `"`)})
	}
	step("TypeError gone 12") // each access is asked for now; what was held is stale
	write(sandbox.Write{Path: []string{"o"}, Value: []byte(`{"n":20}`)})
	step("TypeError gone 20")
}

// A batch that is submitted again by a replay changes neither tree nor copy.
func TestCopyOfATurnThatWasWritten(t *testing.T) {
	state := sandbox.NewState(nil)
	e := newEngine(t, newPool(t, state), sandbox.Options{Budget: time.Minute}, counting)
	r := e.send("a", answered(e.send("a", start()), "null"))
	if err := state.Apply(sandbox.Batch{Unit: "a", Turn: 3, Writes: []sandbox.Write{{Path: []string{"n"}, Value: []byte("7")}}}); err != nil {
		t.Fatal(err)
	}
	r = e.send("a", answered(r, "{}")) // turn 3, which the tree knows
	if got := snapshot(t, state); !strings.Contains(got, `{"n":7}`) {
		t.Errorf("state is %s after a turn that had been written", got)
	}
	e.send("a", answered(r, "{}"))
	if got := snapshot(t, state); !strings.Contains(got, `{"n":8,"list":[8]}`) {
		t.Errorf("state is %s, want n 8", got)
	}
}
