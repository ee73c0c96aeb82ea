package flow

import (
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/callwright/callwright/sandbox"
	"github.com/callwright/callwright/sandbox/sandboxtest"
)

// To keep the journals of a release: go test ./engine/flow -run Released -journals 1.2
var recordJournals = flag.String("journals", "", "record journals into testdata/journal/NAME")

const released = "../../testdata/journal"

// wide uses each construct of the language that decides in which order things happen.
const wide = `import { sleep, state, conference, race } from 'callwright';
function* steps() { for (const ms of [10, 20]) yield sleep(ms); }
async function* twice(call) { yield await call.gather({ max: 1 }); yield await sleep('1s'); }
export default async function (call) {
  const heard = [];
  call.on('dtmf', async e => { heard.push(e.digit); await sleep('100ms'); });
  const [a] = await Promise.all([call.gather({ max: 1, validate: d => d !== '9' }), sleep('200ms')]);
  await Promise.any([sleep('3s'), sleep('1s').then(() => { throw new Error('no') }), call.play('a.wav')]);
  for (const p of steps()) await p;
  try {
    try { await call.play('b.wav', { loop: 2 }); throw new TypeError(a.digits); } finally { await sleep(heard.length * 10); }
  } catch (e) { call.vars.caught = e.message; }
  for await (const x of twice(call)) call.vars.n = (call.vars.n ?? 0) + 1;
  state.calls = (state.calls ?? 0) + 1;
  let n = 0;
  const beat = setInterval(() => { if (++n === 3) clearInterval(beat); }, 300);
  const ended = (async () => { for await (const e of call.events('dtmf')) if (e.digit === '#') return 'hash'; })();
  const first = await race({ ended, late: sleep('20s') });
  const room = await conference('wide' + state.calls);
  const m = await room.join(call, { label: String(Math.floor(Math.random() * 1000)) });
  await Promise.allSettled([m.left, sleep(first.key === 'late' ? '1h' : '2h')]);
}
`

// stories are the calls of which a release keeps its journals, and how far they go.
var stories = map[string]struct {
	script string
	go1    func(c *caller, w *world)
}{
	"asks": {asks, func(c *caller, w *world) {
		w.run(time.Second)
		c.press("4711")
		w.run(3 * time.Second)
	}},
	"rounds": {rounds, func(c *caller, w *world) { w.run(2500 * time.Millisecond) }},
	"wide": {wide, func(c *caller, w *world) {
		w.run(time.Second)
		c.press("92")
		w.run(8 * time.Second)
		c.press("5")
		w.run(3 * time.Second)
		c.press("#")
		w.run(time.Minute)
	}},
}

// Every journal that a release has written fits the script it was written with, for ever.
func TestJournalsOfReleasedVersions(t *testing.T) {
	if *recordJournals != "" {
		record1(t, filepath.Join(released, *recordJournals))
	}
	files, err := filepath.Glob(filepath.Join(released, "*", "*.json"))
	if err != nil || len(files) < len(stories) {
		t.Fatalf("only %d journals, %v", len(files), err)
	}
	for _, file := range files {
		dir, name := filepath.Split(file)
		t.Run(filepath.Base(dir)+"/"+name, func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, text := range []string{string(text), later(string(text))} {
				j, err := ReadJournal([]byte(text))
				if err != nil {
					t.Fatal(err)
				}
				app, err := sandbox.AppNamed(dir, j.App)
				if err != nil {
					t.Fatal(err)
				}
				if await, err := j.Try(context.Background(), app); err != nil || await != j.Await {
					t.Errorf("stands at %q, not %q: %v", await, j.Await, err)
				}
			}
		})
	}
}

// later is a journal as a later release might write it: with keys nobody knows yet.
func later(text string) string {
	text = strings.Replace(text, `{"format"`, `{"later":{"a":[1]},"format"`, 1)
	text = strings.ReplaceAll(text, `{"k":`, `{"zz":"later","k":`)
	return strings.ReplaceAll(text, `{"n":`, `{"zz":[],"n":`)
}

func record1(t *testing.T, dir string) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, s := range stories {
		w := newWorld(t, sandboxtest.Write(t, map[string]string{name + ".js": s.script}))
		s.go1(w.dial("ann", name, "100"), w)
		j, ok := w.f.Journal("ann")
		b, err := json.Marshal(j)
		if !ok || err != nil {
			t.Fatal(name, ok, err)
		}
		for ext, text := range map[string]string{".json": string(b) + "\n", ".js": s.script} {
			if err := os.WriteFile(filepath.Join(dir, name+ext), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}
