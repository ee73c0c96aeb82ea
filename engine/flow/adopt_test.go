package flow

import (
	"strings"
	"testing"
	"time"

	"github.com/callwright/callwright/sandbox"
	"github.com/callwright/callwright/sandbox/sandboxtest"
)

const desk1 = `import { sleep } from 'callwright';
export default async function (call) {
  const kind = call.to.user === '1' ? 'short' : 'long';
  call.vars.kind = kind;
  if (kind === 'short') await sleep('10s'); else await sleep('11s');
  console.log('old', call.vars.kind);
  await sleep('1s');
}
`

// another loads a further version of an app.
func (w *world) another(t *testing.T, app, script string) string {
	t.Helper()
	src, err := sandbox.AppNamed(sandboxtest.Write(t, map[string]string{app + ".js": script}), app)
	if err != nil {
		t.Fatal(err)
	}
	g, err := sandbox.Load(src, sandbox.Options{Faces: Faces(), State: w.state, Isolates: 1, Budget: 10 * time.Second,
		Deliver: func(r sandbox.Result) { w.results <- r }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Stop)
	w.gens[app+"@"+g.Version()] = g
	return g.Version()
}

func (w *world) adopted(t *testing.T, in Adopt) (told Adopted, switches int) {
	t.Helper()
	w.adoptions = nil
	w.step(in)
	w.settle()
	for _, a := range w.adoptions {
		switch a := a.(type) {
		case Adopted:
			told = a
		case Switch:
			switches++
		}
	}
	return told, switches
}

// Calls whose history fits the new code go on in it; the others finish where they are.
func TestCallsMoveToCodeTheirHistoryFits(t *testing.T) {
	w := newWorld(t, sandboxtest.Write(t, map[string]string{"desk.js": desk1}))
	w.mayDiverge = true
	for _, id := range []string{"a", "b", "c"} {
		w.dial(id, "desk", map[string]string{"a": "1", "b": "1", "c": "2"}[id])
	}
	w.run(time.Second)
	first := w.gens["desk"].Version()
	next := w.another(t, "desk", strings.NewReplacer("'old'", "'new'", "await sleep('11s')", "await sleep('12s')",
		"console.log", "call.on('dtmf', () => {}); console.log").Replace(desk1))
	told, switches := w.adopted(t, Adopt{App: "desk", From: first, To: next})
	why := ""
	for why = range told.Kept {
	}
	if told.Moved != 2 || switches != 2 || len(told.Kept) != 1 || !strings.Contains(why, "desk.js:5:56: Diverged: operation 1 is sleep with other arguments") {
		t.Fatalf("%+v, %d switches", told, switches)
	}
	for id, want := range map[string]string{"a": next, "b": next, "c": first} {
		if _, v := w.f.VersionOf(id); v != want {
			t.Errorf("%s is of version %s, not %s", id, v, want)
		}
	}
	w.run(20 * time.Second)
	text := strings.Join(w.logs, "\n")
	if strings.Count(text, "new short") != 2 || strings.Count(text, "old long") != 1 || !w.over["a"] || !w.over["c"] || strings.Contains(text, "error") {
		t.Errorf("over %v, logs\n%s", w.over, text)
	}
}

// What a call does while it is tried is not lost, and the trial is made again.
func TestACallIsTriedAgainWhenItGoesOn(t *testing.T) {
	r := newRig(t)
	r.answered("c")
	r.did("c", sandbox.Result{Listens: []sandbox.Listen{{Object: "call", Event: "dtmf", On: true}}})
	r.step(Adopt{App: "main", From: "v1", To: "v2"})
	tries := 0
	for range maxTries + 1 {
		if !has(r.acts, func(o Open) bool { return o.Unit == "try:c" && o.Version == "v2" }) {
			t.Fatalf("actions %+v", r.acts)
		}
		tries++
		r.digits("c", "1")
		r.did("c", sandbox.Result{})
		r.step(Did{sandbox.Result{Unit: "try:c"}})
	}
	told := func(a Adopted) bool { return a.Moved == 0 && a.Kept["its flow did not wait while it was tried"] == 1 }
	if !has(r.acts, told) || tries != maxTries+1 {
		t.Fatalf("after %d tries: %+v", tries, r.acts)
	}
	r.step(Adopt{App: "main", From: "v1", To: "v2"})
	r.step(Did{sandbox.Result{Unit: "try:c"}})
	if !has(r.acts, func(a Adopted) bool { return a.Moved == 1 }) || !has(r.acts, func(o Open) bool { return o.Unit == "c" && o.Version == "v2" && o.History != nil }) ||
		r.f.units["c"].listens[subject{"call", "dtmf"}] {
		t.Fatalf("actions %+v", r.acts)
	}
}
