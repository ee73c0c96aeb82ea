package script

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callwright/callwright/sandbox"
)

const flow = "export default async function (call) {}\n"

// write puts files into a scripts directory.
func write(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func routes(literals ...string) string {
	return fmt.Sprintf("export const routes = %s;\n", strings.ReplaceAll(fmt.Sprintf("%q", literals), `" "`, `", "`))
}

func openAll(t testing.TB, dir string) *Catalogue {
	t.Helper()
	c, err := Open(dir, sandbox.Options{Isolates: 1, Budget: 5 * time.Second}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// serves expects a number to go to an app, "" to none.
func serves(t *testing.T, c *Catalogue, number, want string) (version string) {
	t.Helper()
	app, version, _ := c.Route(number, "example.com")
	if app != want {
		t.Errorf("%s goes to %q, want %q", number, app, want)
	}
	return version
}

func TestBadScriptKeepsTheOldOne(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"main.js": routes("5000") + flow})
	c := openAll(t, dir)
	var told []Outcome
	c.Changed = func(o Outcome) { told = append(told, o) }
	before := serves(t, c, "5000", "main")

	write(t, dir, map[string]string{"main.js": routes("6000") + "export default async call => {\n  call.answer(;\n}\n"})
	out := c.Reload("main")
	var wrong *sandbox.ScriptError
	if len(out) != 1 || !errors.As(out[0].Error, &wrong) || out[0].From != before || out[0].To != before {
		t.Fatalf("outcomes %+v", out)
	}
	if wrong.File != "main.js" || wrong.Line != 3 || !strings.Contains(wrong.Source, "call.answer(;") {
		t.Errorf("error %+v", wrong)
	}
	if v := serves(t, c, "5000", "main"); v != before {
		t.Errorf("version %s, want %s", v, before)
	}
	if view := c.List()[0]; !strings.HasPrefix(view.Error, "main.js:3:") || view.Version != before || view.Cause == nil {
		t.Errorf("view %+v", view)
	}

	write(t, dir, map[string]string{"main.js": routes("6000") + flow})
	out = c.Reload("")
	if len(out) != 1 || out[0].Error != nil || out[0].From != before || out[0].To == before {
		t.Errorf("outcomes %+v", out)
	}
	serves(t, c, "6000", "main")
	if c.List()[0].Error != "" || len(told) != 2 {
		t.Errorf("view %+v, told %+v", c.List()[0], told)
	}
	if out = c.Reload(""); out[0].From != out[0].To || len(told) != 2 {
		t.Errorf("nothing changed, but %+v, told %+v", out, told)
	}
}

func TestAppsComeAndGo(t *testing.T) {
	dir := t.TempDir()
	c := openAll(t, dir)
	if len(c.List()) != 0 {
		t.Errorf("apps %+v", c.List())
	}
	write(t, dir, map[string]string{"a.js": routes("1") + flow, "b/main.ts": routes("2") + flow, "broken.js": "throw new Error('no')"})
	out := c.Reload("")
	if len(out) != 3 || out[0].App != "a" || out[1].App != "b" || out[2].Error == nil {
		t.Fatalf("outcomes %+v", out)
	}
	serves(t, c, "1", "a")
	serves(t, c, "2", "b")
	if c.Dir("a") != "" || c.Dir("b") != "b" {
		t.Errorf("directories %q %q", c.Dir("a"), c.Dir("b"))
	}
	if err := c.Reload("nope")[0].Error; !errors.Is(err, ErrNoApp) {
		t.Errorf("error %v", err)
	}
	if l := c.Loaded(); len(l) != 3 || l[0].To == "" || l[2].To != "" || l[2].Error == nil {
		t.Errorf("loaded %+v", l)
	}
	os.RemoveAll(filepath.Join(dir, "b"))
	out = c.Reload("b")
	if len(out) != 1 || out[0].App != "b" || out[0].To != "" || out[0].From == "" {
		t.Errorf("outcomes %+v", out)
	}
	serves(t, c, "2", "")
	os.RemoveAll(dir)
	if out = c.Reload(""); len(out) != 1 || out[0].Error == nil {
		t.Errorf("outcomes %+v", out)
	}
	serves(t, c, "1", "a") // what serves goes on
}

func TestOpenWithoutDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "none")
	if _, err := Open(dir, sandbox.Options{}, nil); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("error %v", err)
	}
	twice := t.TempDir()
	write(t, twice, map[string]string{"a.js": flow, "a.ts": flow})
	if _, err := Open(twice, sandbox.Options{}, nil); !errors.Is(err, sandbox.ErrTwice) {
		t.Errorf("error %v", err)
	}
}

func TestSameRouteTwice(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"a.js": routes("5000") + flow, "b.js": routes("50-00", "7*") + flow, "c.js": routes("7*") + flow})
	c := openAll(t, dir)
	serves(t, c, "5000", "a")
	serves(t, c, "71", "c") // b was refused whole
	view := c.List()[1]
	for _, part := range []string{"b.js", "a.js", "5000"} {
		if !strings.Contains(view.Error, part) {
			t.Errorf("error %q does not say %s", view.Error, part)
		}
	}
	// A route moves from a to b in one save of both: b comes in although a is read first.
	write(t, dir, map[string]string{"a.js": routes("5001") + flow, "c.js": flow})
	out := c.Reload("")
	if len(out) != 3 || slices.ContainsFunc(out, func(o Outcome) bool { return o.Error != nil }) {
		t.Errorf("outcomes %+v", out)
	}
	serves(t, c, "5000", "b")
	serves(t, c, "72", "b")
	// And back, when the file with the older claim goes.
	write(t, dir, map[string]string{"a.js": routes("5000") + flow})
	if out := c.Reload("a"); out[0].Error == nil {
		t.Errorf("outcomes %+v", out)
	}
	os.Remove(filepath.Join(dir, "b.js"))
	c.Reload("b")
	serves(t, c, "5000", "a")
}

func TestRoutesNeedAFlow(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"a.js": routes("5000")})
	c := openAll(t, dir)
	serves(t, c, "5000", "")
	if view := c.List()[0]; !strings.Contains(view.Error, "no call flow") {
		t.Errorf("view %+v", view)
	}
}

// catalogueOf has generations without runtimes, given by a function.
func catalogueOf(load func(app string) (plain, error), apps ...string) *Catalogue {
	c := newCatalogue("dir", slog.New(slog.DiscardHandler))
	var built sync.Map
	c.list = func(string) (out []sandbox.AppSource, err error) {
		for _, name := range apps {
			out = append(out, sandbox.AppSource{Name: name, Root: "dir", Entry: filepath.Join("dir", name+".js")})
		}
		return out, nil
	}
	c.build = func(s sandbox.AppSource) (*bundle, error) {
		p, err := load(s.Name)
		if err != nil {
			return nil, err
		}
		if p.manifest == nil {
			p.manifest = &Manifest{file: s.Name + ".yaml"}
		}
		built.Store(s.Name+p.version, p)
		return &bundle{app: s.Name, version: p.version, file: s.Name + ".js", manifest: p.manifest, files: p.files}, nil
	}
	c.open = func(b *bundle) (loaded, error) {
		p, _ := built.Load(b.app + b.version)
		return p.(plain), nil
	}
	return c
}

func TestGenerationsLiveAsLongAsTheirUnits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		retired := map[string]*atomic.Int32{"v1": {}, "v2": {}}
		version := "v1"
		c := catalogueOf(func(string) (plain, error) {
			return plain{version: version, retired: retired[version]}, nil
		}, "main")
		defer c.Close()
		c.Reload("")
		if !c.Hold("main", "v1") || c.Hold("main", "v2") || c.Hold("other", "v1") {
			t.Error("hold")
		}
		if app, v, err := c.Admit("call", "1", "h"); app != "main" || v != "v1" || err != nil {
			t.Errorf("admitted to %s %s: %v", app, v, err)
		}
		c.Release("main", "v1")
		version = "v2"
		c.Reload("")
		time.Sleep(2 * linger)
		if retired["v1"].Load() != 0 {
			t.Error("retired under a unit")
		}
		if v := c.List()[0]; v.Version != "v2" || v.Calls != 1 || v.Older != 1 {
			t.Errorf("view %+v", v)
		}
		c.Done("main", "v1")
		if retired["v1"].Load() != 1 || c.Hold("main", "v1") {
			t.Error("not retired with its last unit")
		}
		if v := c.List()[0]; v.Calls != 0 || v.Older != 0 {
			t.Errorf("view %+v", v)
		}
		c.Release("main", "v1") // once too often: noted, not fatal
	})
}

func TestGenerationLingersForACallBetweenRouteAndHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var retired atomic.Int32
		version := "v1"
		c := catalogueOf(func(string) (plain, error) {
			if version == "v1" {
				return plain{version: version, retired: &retired}, nil
			}
			return plain{version: version}, nil
		}, "main")
		defer c.Close()
		c.Reload("")
		app, v, _ := c.Route("5000", "h")
		version = "v2"
		c.Reload("")
		for range 2 { // also when another call has come and gone meanwhile
			time.Sleep(linger / 3)
			if !c.Hold(app, v) {
				t.Fatal("the version that was routed to is gone")
			}
			c.Release(app, v)
		}
		c.Hold(app, v)
		time.Sleep(linger)
		c.Release(app, v)
		if n := retired.Load(); n != 1 {
			t.Errorf("retired %d times", n)
		}
	})
}

// TestEditUndone: the old version comes back while it has units, and is the same.
func TestEditUndone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var loads []*atomic.Int32
		version := "v1"
		c := catalogueOf(func(string) (plain, error) {
			loads = append(loads, new(atomic.Int32))
			return plain{version: version, retired: loads[len(loads)-1]}, nil
		}, "main")
		c.Reload("")
		c.Hold("main", "v1")
		for _, version = range []string{"v2", "v1"} {
			c.Reload("")
		}
		time.Sleep(2 * linger)
		if first, edit, again := loads[0].Load(), loads[1].Load(), loads[2].Load(); first != 0 || edit != 1 || again != 0 {
			t.Errorf("retired: first %d, edit %d, and the first, which was not started twice, %d", first, edit, again)
		}
		c.Release("main", "v1")
		if !c.Hold("main", "v1") {
			t.Error("the serving generation is gone")
		}
		c.Close()
	})
}

// TestRealGenerations runs calls of the shard beside reloads, for the race detector.
func TestRealGenerations(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"main.js": flow})
	c := openAll(t, dir)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			app, v, ok := c.Route("1", "h")
			if !ok || !c.Hold(app, v) || c.Generation(app, v) == nil {
				t.Error("no generation for a call")
				return
			}
			c.Release(app, v)
			c.List()
		}
	}()
	for i := range 5 {
		write(t, dir, map[string]string{"main.js": flow + fmt.Sprintf("console.log(%d)\n", i)})
		if out := c.Reload("main"); out[0].Error != nil || out[0].From == out[0].To {
			t.Errorf("outcome %+v", out[0])
		}
	}
	stop()
	<-done
}
