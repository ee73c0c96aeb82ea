package flow

import (
	"strings"
	"testing"
	"time"

	"github.com/callwright/callwright/sandbox"
	"github.com/callwright/callwright/sandbox/sandboxtest"
)

// rounds goes over three checkpoints with music and a recording under way, in a
// conference from the first round on.
const rounds = `import { conference, sleep } from 'callwright';
let tries = 0;
export default async function (call, data) {
  tries++;
  const round = data?.round ?? 0;
  if (round === 0) {
    call.play('hold.wav', { loop: true });
    call.record({ file: 'all.wav' });
    await (await conference('7')).join(call);
    call.vars.drawn = Math.random();
  }
  call.on('dtmf', () => {});
  setTimeout(() => console.log('a timer of round', round), 60_000);
  console.log('round', round, 'try', tries, call.room?.name, call.playbacks.length, call.recordings.length, Math.random() === call.vars.drawn);
  await sleep('1s');
  if (round === 2) {
    await call.playbacks[0].stop();
    const p = await call.playbacks[0];
    console.log('played', p.reason, call.playbacks.length);
    await sleep('1s');
    console.log('left', call.playbacks.length, call.recordings.length);
  }
  const next = { round: round + 1 };
  if (round < 3) Promise.resolve().then(() => call.gather({ max: 1 }));
  if (round < 3) await call.checkpoint(next);
  const r = call.recordings[0];
  await r.stop();
  console.log('recorded', (await r).reason);
}
`

func goRounds(w *world) {
	w.dial("ann", "rounds", "100")
	w.run(90 * time.Second)
}

func TestACheckpointEntersAnew(t *testing.T) {
	w := newWorld(t, sandboxtest.Write(t, map[string]string{"rounds.js": rounds}))
	goRounds(w)
	want := []string{"round 0 try 1 7 0 0 false", "round 1 try 1 7 1 1 false", "round 2 try 1 7 1 1 false", "played stopped", "left 0 1",
		"round 3 try 1 7 0 1 false", "recorded stopped"}
	if len(w.logs) != len(want) {
		t.Fatalf("%q", w.logs)
	}
	for i, l := range w.logs {
		if !strings.Contains(l, want[i]) {
			t.Errorf("%q, not %q", l, want[i])
		}
	}
	if trace := strings.Join(w.trace, "\n"); strings.Count(trace, "join ann") != 1 || !w.over["ann"] || len(w.timers) != 0 {
		t.Fatalf("over %v, timers %v\n%s", w.over["ann"], w.timers, trace)
	}
}

// What is begun anew can be lost at any time, as all else.
func TestACheckpointSurvivesALossAnywhere(t *testing.T) {
	whole := newWorld(t, sandboxtest.Write(t, map[string]string{"rounds.js": rounds}))
	goRounds(whole)
	for k := 2; k <= whole.activations; k++ {
		w := whole.again()
		w.loseAt = k
		goRounds(w)
		if strings.Join(w.trace, "\n") != strings.Join(whole.trace, "\n") || strings.Join(w.logs, "\n") != strings.Join(whole.logs, "\n") {
			t.Fatalf("lost at activation %d of %d:\n%s\n%q\nnot\n%s\n%q", k, whole.activations,
				strings.Join(w.trace, "\n"), w.logs, strings.Join(whole.trace, "\n"), whole.logs)
		}
	}
}

func TestACheckpointCutsTheHistory(t *testing.T) {
	r := newRig(t)
	r.answered("c")
	before, _, _ := r.f.Inputs("c")
	u := r.f.units["c"]
	seed, ops := u.history.Seed, u.history.Ops
	r.did("c", sandbox.Result{Ops: []sandbox.Op{r.op("c", "call", "Call", "checkpoint", map[string]any{"data": map[string]any{"n": 5}}),
		r.op("c", "", "", "sleep", map[string]any{"time": 1})}})
	in := r.active["c"].Inputs[0]
	if n, cuts, _ := r.f.Inputs("c"); before == 0 || n != 0 || cuts != 1 || u.history.Seed == seed {
		t.Fatalf("%d inputs, %d cuts, seed %d", n, cuts, u.history.Seed)
	}
	if in.Kind != sandbox.Start || in.Op != ops+2 || string(in.Value) != `{"n":5}` || len(u.ops) != 0 || r.active["c"].Fields["call"] == nil {
		t.Fatalf("%+v, operations %v", in, u.ops)
	}
}

func TestALongHistoryIsToldOf(t *testing.T) {
	r := newRig(t)
	r.answered("c")
	u := r.f.units["c"]
	u.await = "main.js:7:3"
	for range 2 {
		u.history.Inputs = make([]sandbox.Input, 1_000)
		r.did("c", sandbox.Result{Await: "main.js:7:3", Listens: []sandbox.Listen{{Object: "call", Event: "dtmf", On: true}}})
		r.digits("c", "1")
	}
	if len(r.notes) != 1 || r.notes[0].Level != "warn" || r.notes[0].Line != "main.js:7:3" || !strings.Contains(r.notes[0].Text, "call.checkpoint(data)") {
		t.Fatalf("notes %+v", r.notes)
	}
}

// A flow that depends on what is not recorded goes to its app's onDiverged.
func TestACallThatDivergedIsItsAppsToSave(t *testing.T) {
	const script = `import { sleep } from 'callwright';
export default async function (call) {
  await call.answer();
  await sleep('1s');
}
`
	const hook = `export async function onDiverged(call, e) {
  console.log(e.message, e.at, call.state);
  await call.play('sorry.wav');
}
`
	for name, c := range map[string]struct{ more, log, last string }{
		"it has one":  {hook, "operation 2 is now sleep", "play"},
		"it has none": {"", "operation 2 is now sleep", "Hangup"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, sandboxtest.Write(t, map[string]string{"odd.js": script + c.more}))
			w.mayDiverge = true
			w.dial("ann", "odd", "100")
			w.run(2 * time.Second / 4)
			u := w.f.units["ann"]
			for i := range u.history.Inputs {
				if in := &u.history.Inputs[i]; in.Op == 1 {
					in2 := *in
					in2.Op, in2.Hash, in2.What = 2, 7, "call.gather"
					u.history.Inputs = append(u.history.Inputs, in2)
					break
				}
			}
			w.gens["odd"].Close("ann")
			w.owed++
			w.results <- sandbox.Result{Unit: "ann", Lost: true}
			w.settle()
			w.run(20 * time.Second)
			text := strings.Join(w.logs, "\n")
			if !strings.Contains(text, c.log) || !strings.Contains(text, "in its history it was call.gather (0007)") || !strings.Contains(text, "odd.js:4:9") {
				t.Errorf("logs\n%s", text)
			}
			if trace := strings.Join(w.trace, "\n"); !strings.Contains(trace, c.last) || !w.over["ann"] {
				t.Errorf("over %v, trace\n%s", w.over["ann"], trace)
			}
		})
	}
}
