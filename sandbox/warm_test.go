package sandbox_test

import (
	"errors"
	"testing"
	"time"

	"github.com/callwright/callwright/sandbox"
	"github.com/callwright/callwright/sandbox/sandboxtest"
)

// The second app comes up on a realm that was frozen ahead, the third too though it
// fails, with its own file and line.
func TestWarmRealms(t *testing.T) {
	state := sandbox.NewState(nil)
	warm, err := sandbox.NewWarm(faces(), state, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer warm.Close()
	opts := sandbox.Options{Faces: faces(), State: state, Warm: warm, LoadBudget: time.Minute}
	load := func(text string) *sandbox.Generation {
		t.Helper()
		g, err := sandbox.Load(sandboxtest.Source(t, map[string]string{"main.js": text}), opts)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(g.Stop)
		return g
	}
	load(`export const routes = ['1']`)
	warm.Wait()
	g := load(`export const routes = ['2']; export default async call => {}`)
	if r := g.Routes(); len(r) != 1 || r[0].Literal != "2" || !g.HasFlow() {
		t.Errorf("routes %+v", r)
	}
	if warm.Lent() != 1 {
		t.Errorf("%d realms came from the stock, want that of the second app", warm.Lent())
	}
	if _, err := sandbox.Load(sandboxtest.Source(t, map[string]string{"main.js": "throw new TypeError('no')"}), opts); err == nil || err.Error() != "main.js:1:7: TypeError: no" {
		t.Errorf("error %v", err)
	}
}

// The top level has more time at load than an activation has, and not for ever.
func TestLoadBudget(t *testing.T) {
	src := sandboxtest.Source(t, map[string]string{"main.js": "let n = 0; for (let i = 0; i < 300000; i++) n += i; export default async call => {}"})
	g, err := sandbox.Load(src, sandbox.Options{Budget: time.Millisecond, LoadBudget: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	g.Stop()
	_, err = sandbox.Load(sandboxtest.Source(t, map[string]string{"main.js": "let n = 0;\nfor (;;) n++;"}), sandbox.Options{LoadBudget: 10 * time.Millisecond})
	var e *sandbox.ScriptError
	if !errors.As(err, &e) || e.Name != "Budget" || e.Line != 2 {
		t.Errorf("error %v", err)
	}
}

// A program that is put together from its parts again runs as it did.
func TestRestoredProgram(t *testing.T) {
	src := sandboxtest.Source(t, map[string]string{"main.ts": "import { n } from './n';\nexport const routes: string[] = [n];\n", "n.ts": "export const n: string = '5000';\n"})
	src.Extra = []byte("manifest")
	p, err := sandbox.Compile(src, faces())
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := sandbox.Build(src); err != nil || plain.Version != p.Version {
		t.Errorf("version %v %v, want %s", plain, err, p.Version)
	}
	if p.Version == sandbox.VersionOf(p.Code, nil) || p.Version != sandbox.VersionOf(p.Code, src.Extra) {
		t.Errorf("version %s is not that of code and manifest", p.Version)
	}
	back, err := sandbox.Restore(sandbox.Program{App: p.App, Version: p.Version, Code: p.Code, Map: p.Map, Files: p.Files})
	if err != nil {
		t.Fatal(err)
	}
	g, err := sandbox.Open(back, sandbox.Options{Faces: faces()})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Stop()
	if r := g.Routes(); len(r) != 1 || r[0].Literal != "5000" || g.Version() != p.Version || back.Sources()["n.ts"] == "" {
		t.Errorf("routes %+v, version %s, sources %v", r, g.Version(), back.Sources())
	}
	if _, err := sandbox.Restore(sandbox.Program{App: "x", Code: []byte("(")}); err == nil {
		t.Error("a damaged bundle was taken")
	}
}
