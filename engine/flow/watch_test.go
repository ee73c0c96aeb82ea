package flow

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/callwright/callwright/sandbox/sandboxtest"
)

const watcher = `
state.agents ??= { ann: { free: true }, bob: { free: false } };
state.watch('agents.ann', e => console.log('ann', e.path, JSON.stringify(e.value), JSON.stringify(e.old), e.by));
const end = state.watch(['agents'], e => { console.log('all', Object.keys(e.value ?? {}).join(), Object.keys(e.old ?? {}).join()); });
export const api = {
  own() { state.agents.ann.free = false; state.agents.ann.free = true; return 1; },
  stop() { end(); end(); },
};`

const writer = `export const api = {
  free(who, free) { state.agents[who].free = free; },
  add(who) { state.agents[who] = {}; },
  same() { const was = state.agents.ann.free; state.agents.ann.free = !was; state.agents.ann.free = was; },
  other() { state.other = 1; },
  gone() { delete state.agents; },
};`

func (w *world) said() string {
	text := strings.ReplaceAll(w.texts(), "\n", "|")
	w.logs = nil
	return text
}

func TestStateIsWatched(t *testing.T) {
	w := apps(t, map[string]string{"watcher.js": watcher, "writer.js": writer})
	for _, c := range []struct{ app, function, args, want string }{
		{"writer", "free", `["ann",false]`, `all ann,bob ann,bob|ann agents.ann {"free":false} {"free":true} app:writer`},
		{"writer", "free", `["bob",true]`, `all ann,bob ann,bob`},
		{"writer", "add", `["carl"]`, `all ann,bob,carl ann,bob`},
		{"writer", "same", `[]`, ``},
		{"writer", "other", `[]`, ``},
		{"watcher", "own", `[]`, ``},
		{"watcher", "stop", `[]`, ``},
		{"writer", "gone", `[]`, `ann agents.ann null {"free":true} app:writer`},
	} {
		w.request(c.app, c.function, c.args)
		w.run(time.Millisecond)
		if got := w.said(); got != c.want {
			t.Errorf("%s%s: %q, want %q", c.function, c.args, got, c.want)
		}
	}
	w.step(EndApp{Unit: "app:watcher"})
	w.settle()
	if len(w.f.watching) != 0 {
		t.Errorf("still watched: %v", w.f.watching)
	}
}

func TestWatchesGatherWhileOneIsOut(t *testing.T) {
	w := apps(t, map[string]string{
		"a.js": `import { sleep } from 'callwright'; state.n = 0;
state.watch('n', async e => { console.log(e.old, e.value); await sleep('1s'); });`,
		"b.js": `export const api = { set(n) { state.n = n } };`})
	for n := 1; n <= 5; n++ {
		w.request("b", "set", fmt.Sprintf("[%d]", n))
	}
	w.run(3 * time.Second)
	if got := w.said(); got != "0 1|1 5" {
		t.Error(got)
	}
}

func TestCallsWatchWhileTheyLive(t *testing.T) {
	w := worldWith(t, sandboxtest.Write(t, map[string]string{"main.js": `
state.watch('n', e => console.log('never: the top level of a call'));
export default async call => {
  await call.answer();
  state.watch('n', e => console.log(call.id, 'saw', e.value));
  for (const bad of ['', 'a..b', 7, []]) try { state.watch(bad, () => {}) } catch (e) { console.log(e.name) }
  await call.ended;
};`, "b.js": `export const api = { set(n) { state.n = n } };`}), time.Second)
	w.runApp("b")
	ann := w.dial("ann", "main", "1")
	w.run(100 * time.Millisecond)
	if got := w.said(); got != "BadOption|BadOption|BadOption|BadOption" {
		t.Fatal(got)
	}
	w.request("b", "set", "[1]")
	ann.hangup()
	w.run(time.Second)
	w.request("b", "set", "[2]")
	w.run(time.Second)
	if got := w.said(); got != "ann saw 1" || len(w.f.watching) != 0 {
		t.Fatalf("%q, watching %v", got, w.f.watching)
	}
}

func TestWatchesOutliveTheirIsolate(t *testing.T) {
	for n := 2; n < 8; n++ {
		w := worldWith(t, sandboxtest.Write(t, map[string]string{
			"a.js": `state.n = 0; let seen = 0; state.watch('n', e => console.log(++seen, e.old, e.value));`,
			"b.js": `export const api = { set(n) { state.n = n } };`}), time.Second)
		w.loseAt = n
		w.runApps()
		for i := 1; i <= 3; i++ {
			w.request("b", "set", fmt.Sprintf("[%d]", i))
			w.run(time.Millisecond)
		}
		if got := w.said(); got != "1 0 1|2 1 2|3 2 3" {
			t.Fatalf("isolate lost at activation %d: %s", n, got)
		}
	}
}
