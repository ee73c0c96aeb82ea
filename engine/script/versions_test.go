package script

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callwright/callwright/sandbox"
)

// numbered is an app whose route tells its version.
func numbered(n int) map[string]string {
	return map[string]string{"main.js": routes(fmt.Sprint(n)) + flow}
}

func openKept(t *testing.T, dir, versions string) *Catalogue {
	t.Helper()
	c, err := OpenWith(Config{Dir: dir, Versions: versions, Log: slog.New(slog.DiscardHandler),
		Options: sandbox.Options{Isolates: 1, Budget: 5 * time.Second}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// A rollback outlives the engine, and ends when the file changes.
func TestRollback(t *testing.T) {
	dir, kept := t.TempDir(), t.TempDir()
	write(t, dir, numbered(1))
	c := openKept(t, dir, kept)
	first, _ := c.standing("main")
	write(t, dir, numbered(2))
	c.Reload("")
	second, _ := c.standing("main")

	o, err := c.Rollback("main", "")
	if err != nil || o.From != second || o.To != first {
		t.Fatalf("%+v %v", o, err)
	}
	if out := c.Reload(""); out[0].From != first || out[0].To != first {
		t.Errorf("a reload of all ended the rollback: %+v", out)
	}
	serves(t, c, "2", "main") // the fallback
	c.Close()

	c = openKept(t, dir, kept)
	if v, _ := c.standing("main"); v != first {
		t.Errorf("%s serves after a restart, want %s", v, first)
	}
	if v := c.List()[0]; v.Held == "" || v.Routes[0] != "1" {
		t.Errorf("view %+v", v)
	}
	if out := c.Reload("main"); out[0].From != first || out[0].To != second {
		t.Errorf("a reload by name: %+v", out)
	}
	if _, err := c.Rollback("main", first[:6]); err != nil {
		t.Error(err)
	}
	write(t, dir, numbered(3))
	if out := c.Reload(""); out[0].From != first || out[0].To == second || c.List()[0].Held != "" {
		t.Errorf("the file has changed: %+v", out)
	}
	views, err := c.Versions("main")
	if err != nil || len(views) != 3 || views[0].State != "serving" || !views[0].OnDisk || views[1].Version != first || views[2].Version != second {
		t.Errorf("versions %+v %v", views, err)
	}
	for name, err := range map[string]error{"version": second1(c.Rollback("main", "zz")), "app": second1(c.Rollback("nope", ""))} {
		if !errors.Is(err, ErrNoVersion) && !errors.Is(err, ErrNoApp) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func second1(_ Outcome, err error) error { return err }

// What served last serves again when the file does not load at a start.
func TestBrokenFileAtStart(t *testing.T) {
	dir, kept := t.TempDir(), t.TempDir()
	write(t, dir, numbered(1))
	openKept(t, dir, kept).Close()
	write(t, dir, map[string]string{"main.js": "export const routes = ["})
	c := openKept(t, dir, kept)
	serves(t, c, "1", "main")
	if v := c.List()[0]; !strings.HasPrefix(v.Error, "main.js:1:") || v.Version == "" {
		t.Errorf("view %+v", v)
	}
	write(t, dir, numbered(2))
	if out := c.Reload(""); out[0].Error != nil || out[0].From == out[0].To || c.List()[0].Error != "" {
		t.Errorf("outcome %+v", out[0])
	}
}

func TestTwentyVersionsAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		version := "v0"
		c := catalogueOf(func(string) (plain, error) { return plain{version: version}, nil }, "main")
		defer c.Close()
		c.Reload("")
		c.Hold("main", "v0")
		for i := range keepVersions + 5 {
			version = fmt.Sprint("v", i+1)
			c.Reload("")
			time.Sleep(2 * linger)
			synctest.Wait()
		}
		list := c.store.list("main")
		if len(list) != keepVersions || list[0].Version != version || list[len(list)-1].Version != "v0" {
			t.Errorf("%d versions, the last %+v", len(list), list[len(list)-1])
		}
		if len(c.store.bundles) != keepVersions {
			t.Errorf("%d bundles", len(c.store.bundles))
		}
	})
}

// A version damaged on disk is told, and nothing else is harmed; one that is dropped
// leaves no file.
func TestVersionsOnDisk(t *testing.T) {
	dir, kept := t.TempDir(), t.TempDir()
	write(t, dir, numbered(1))
	c := openKept(t, dir, kept)
	old, _ := c.standing("main")
	write(t, dir, numbered(2))
	c.Reload("")
	c.Close()
	name := filepath.Join(kept, "main", old+".json")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	os.WriteFile(name, []byte(strings.Replace(string(text), "routes", "rootes", 1)), 0o600)
	c = openKept(t, dir, kept)
	if _, err := c.Rollback("main", old); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("error %v", err)
	}
	serves(t, c, "2", "main")
	c.store.dropped = []target{{"main", old}}
	c.store.flush()
	if files, _ := filepath.Glob(filepath.Join(kept, "main", "*")); len(files) != 2 {
		t.Errorf("files %v", files)
	}
}

func TestUpload(t *testing.T) {
	dir, kept := t.TempDir(), t.TempDir()
	write(t, dir, numbered(1))
	c := openKept(t, dir, kept)
	o, err := c.Put(Upload{App: "main", Ext: ".ts", Files: map[string]string{"": "export const routes: string[] = ['77'];\n" + flow}})
	if err != nil || o.From == o.To || o.From == "" {
		t.Fatalf("%+v %v", o, err)
	}
	o2, err := c.Put(Upload{App: "extra", Files: map[string]string{
		"index.ts": "import { n } from './lib/n';\nexport const routes = [n];\n" + flow, "lib/n.ts": "export const n: string = '88';", "app.yaml": "maxCalls: 3\n"}})
	if err != nil || o2.From != "" || o2.File != "extra/index.ts" {
		t.Fatalf("%+v %v", o2, err)
	}
	serves(t, c, "77", "main")
	serves(t, c, "88", "extra")
	if m := c.Manifest("extra", o2.To); m.MaxCalls != 3 {
		t.Errorf("manifest %+v", m)
	}
	c.Reload("")
	c.Close()
	c = openKept(t, dir, kept)
	serves(t, c, "77", "main")
	serves(t, c, "88", "extra")
	write(t, dir, numbered(2))
	c.Reload("")
	serves(t, c, "77", "main") // the fallback: its route is gone
	if v := c.List()[1]; v.Routes[0] != "2" {
		t.Errorf("view %+v", v)
	}

	var e *sandbox.ScriptError
	_, err = c.Put(Upload{App: "extra", Files: map[string]string{"main.ts": "export default async call => {\n  call.(\n}\n"}})
	if !errors.As(err, &e) || e.File != "extra/main.ts" || e.Line != 2 || e.Source == "" {
		t.Errorf("error %#v", err)
	}
	_, err = c.Put(Upload{App: "other", Ext: ".js", Files: map[string]string{"": routes("88") + flow}})
	if err == nil || !strings.Contains(err.Error(), "claimed") {
		t.Errorf("error %v", err)
	}
	for _, u := range []Upload{{App: "../x", Ext: ".js"}, {App: "x", Files: map[string]string{"../main.js": ""}}, {App: "x", Files: map[string]string{"a.js": flow}}, {App: "x"}} {
		if _, err := c.Put(u); !errors.Is(err, ErrUpload) {
			t.Errorf("%+v: %v", u, err)
		}
	}
	serves(t, c, "88", "extra")
}

func TestDiff(t *testing.T) {
	dir := t.TempDir()
	var long []string
	for i := range 40 {
		long = append(long, fmt.Sprintf("// line %d", i))
	}
	text := strings.Join(long, "\n") + "\n"
	write(t, dir, map[string]string{"a/main.ts": "import './n';\n" + text + flow, "a/n.ts": "console.log(1);\n"})
	c := openAll(t, dir)
	text = strings.Replace(strings.Replace(text, "// line 3\n", "// line three\n// more\n", 1), "// line 30\n", "", 1)
	write(t, dir, map[string]string{"a/main.ts": "import './n';\n" + text + flow, "a/app.yaml": "maxCalls: 1\n"})
	c.Reload("")
	d, err := c.Diff("a", "", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"--- /dev/null\n+++ b/a/app.yaml\n@@ -0,0 +1,1 @@\n+maxCalls: 1\n",
		"--- a/a/main.ts\n+++ b/a/main.ts\n@@ -2,7 +2,8 @@\n // line 0\n // line 1\n // line 2\n-// line 3\n+// line three\n+// more\n // line 4\n",
		"@@ -29,7 +30,6 @@\n // line 27\n // line 28\n // line 29\n-// line 30\n // line 31\n",
	} {
		if !strings.Contains(d.Text, want) {
			t.Errorf("no %q in\n%s", want, d.Text)
		}
	}
	if strings.Contains(d.Text, "/n.ts") || d.From == d.To {
		t.Errorf("%+v", d)
	}
	back, err := c.Diff("a", d.To, d.From)
	if err != nil || !strings.Contains(back.Text, "-// more\n") {
		t.Errorf("%+v %v", back, err)
	}
}

func TestMaxCalls(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"a/main.js": routes("1") + flow, "a/app.yaml": "maxCalls: 2\n"})
	c := openAll(t, dir)
	_, v, err := c.Admit("c1", "1", "h")
	_, _, err2 := c.Admit("c2", "1", "h")
	if _, _, third := c.Admit("c3", "1", "h"); err != nil || err2 != nil || !errors.Is(third, ErrBusy) || !strings.Contains(third.Error(), "maxCalls: 2 in a/app.yaml") {
		t.Errorf("%v %v %v", err, err2, third)
	}
	c.Done("a", v)
	if _, _, err := c.Admit("c4", "1", "h"); err != nil {
		t.Error(err)
	}
	if _, _, err := c.Admit("c5", "nobody", "h"); !errors.Is(err, ErrNoRoute) {
		t.Error(err)
	}
	if views := c.List(); views[0].Calls != 2 {
		t.Errorf("view %+v", views[0])
	}
}

// canary is an app on trial: version v2 over v1, tried by a fifth of the calls.
func canary(t *testing.T, f func(c *Catalogue, version *string, told *[]Outcome)) {
	synctest.Test(t, func(t *testing.T) {
		version := "v1"
		var told []Outcome
		rule := &Manifest{file: "main.yaml", Reload: Reload{Canary: 20, Rollback: Rollback{3, time.Minute}}}
		c := catalogueOf(func(string) (plain, error) { return plain{version: version, manifest: rule}, nil }, "main")
		c.Changed = func(o Outcome) { told = append(told, o) }
		c.Reload("")
		version = "v2"
		if out := c.Reload(""); out[0].To != "v1" || out[0].Trial != "v2" {
			t.Fatalf("outcome %+v", out[0])
		}
		f(c, &version, &told)
		c.Close()
		synctest.Wait()
	})
}

func TestCanary(t *testing.T) {
	canary(t, func(c *Catalogue, _ *string, told *[]Outcome) {
		tries := 0
		for i := range 1000 {
			_, v, _ := c.Admit(fmt.Sprintf("call-%d@10.0.0.1", i), "1", "h")
			_, again, _ := c.Admit(fmt.Sprintf("call-%d@10.0.0.1", i), "1", "h")
			if v != again {
				t.Fatal("one call, two versions")
			}
			if v == "v2" {
				tries++
			}
		}
		if tries < 150 || tries > 250 {
			t.Errorf("%d of 1000 calls try the new version, want about 200", tries)
		}
		if v := c.List()[0]; v.Version != "v1" || v.Trial.Version != "v2" || v.Trial.Calls != 2*tries || v.Older != 1 {
			t.Errorf("view %+v", v)
		}
		c.Reload("") // nothing has changed: the trial goes on
		c.Failed("main", "v2", errors.New("a"))
		time.Sleep(59 * time.Second)
		c.Failed("main", "v2", errors.New("b"))
		if v, _ := c.standing("main"); v != "v1" {
			t.Errorf("%s serves", v)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if v, trial := c.standing("main"); v != "v2" || trial != "" || len(*told) != 3 || !(*told)[1].Begun || (*told)[2].Why == "" {
			t.Errorf("%s serves, %q is tried, told %+v", v, trial, *told)
		}
		// It serves, and is watched still: three failures within the minute end it.
		time.Sleep(time.Minute)
		for range 3 {
			c.Failed("main", "v2", errors.New("main.js:3: TypeError: boom"))
		}
		synctest.Wait()
		v := c.List()[0]
		if v.Version != "v1" || !strings.Contains(v.Held, "rolled back from v2: 3 calls failed within 1m0s, the last with main.js:3: TypeError: boom") {
			t.Errorf("view %+v", v)
		}
		if out := c.Reload(""); out[0].To != "v1" {
			t.Errorf("the failed file serves again: %+v", out[0])
		}
		if out := c.Reload("main"); out[0].To != "v2" {
			t.Errorf("an operator's reload: %+v", out[0])
		}
	})
}

func TestCanaryFails(t *testing.T) {
	canary(t, func(c *Catalogue, version *string, told *[]Outcome) {
		for range 3 {
			c.Failed("main", "v1", errors.New("old")) // of the version before: it has nothing before it
		}
		synctest.Wait()
		for range 3 {
			c.Failed("main", "v2", errors.New("new"))
		}
		synctest.Wait()
		if v := c.List()[0]; v.Version != "v1" || v.Trial.Version != "" || v.Held == "" {
			t.Errorf("view %+v", v)
		}
		c.Reload("")
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if v, trial := c.standing("main"); v != "v1" || trial != "" {
			t.Errorf("%s serves, %q is tried", v, trial)
		}
		*version = "v3"
		if out := c.Reload(""); out[0].Trial != "v3" || c.List()[0].Held != "" {
			t.Errorf("outcome %+v", out[0])
		}
		if o, err := c.Rollback("main", ""); err != nil || o.To != "v1" {
			t.Errorf("%+v %v", o, err)
		}
		if _, trial := c.standing("main"); trial != "" {
			t.Errorf("%q is tried", trial)
		}
	})
}
