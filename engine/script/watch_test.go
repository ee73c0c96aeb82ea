package script

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/callwright/callwright/sandbox"
)

// watched is a catalogue under Watch that notes every load and every outcome.
type watched struct {
	*Catalogue
	t        *testing.T
	dir      string
	outcomes chan Outcome

	mu    sync.Mutex
	loads []string
}

func watch(t *testing.T, files map[string]string) *watched {
	t.Helper()
	w := &watched{t: t, dir: t.TempDir(), outcomes: make(chan Outcome, 100)}
	write(t, w.dir, files)
	w.Catalogue = openAll(t, w.dir)
	w.Changed = func(o Outcome) { w.outcomes <- o }
	build, list := w.build, w.list
	ready := make(chan struct{})
	var once sync.Once
	w.list = func(dir string) ([]sandbox.AppSource, error) {
		once.Do(func() { close(ready) }) // the watches are set when Watch reads the directory
		return list(dir)
	}
	w.build = func(s sandbox.AppSource) (*bundle, error) {
		w.mu.Lock()
		w.loads = append(w.loads, s.Name)
		w.mu.Unlock()
		return build(s)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Watch(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	<-ready
	w.idle()
	w.loaded()
	return w
}

// idle returns once Watch's own reload is over.
func (w *watched) idle() {
	w.reloading.Lock()
	defer w.reloading.Unlock()
}

// next waits for the next outcome.
func (w *watched) next() Outcome {
	w.t.Helper()
	select {
	case o := <-w.outcomes:
		return o
	case <-time.After(4 * time.Second):
		w.t.Fatal("no reload")
		return Outcome{}
	}
}

// expect waits for an app to be swapped, the next thing that happens.
func (w *watched) expect(app string) Outcome {
	w.t.Helper()
	o := w.next()
	if o.App != app || o.Error != nil {
		w.t.Fatalf("outcome %+v, want %s", o, app)
	}
	return o
}

// loaded returns the apps built since it was asked last.
func (w *watched) loaded() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	l := w.loads
	w.loads = nil
	return l
}

func (w *watched) write(name, text string) { write(w.t, w.dir, map[string]string{name: text}) }

// TestTwoQuickSavesAreOneReload gives the watcher events by hand, in virtual time.
func TestTwoQuickSavesAreOneReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var loads []string
		var mu sync.Mutex // two apps load at a time
		var version atomic.Int64
		c := catalogueOf(func(app string) (plain, error) {
			mu.Lock()
			defer mu.Unlock()
			loads = append(loads, app)
			return plain{version: fmt.Sprint("v", version.Add(1)), files: []string{app + ".js"}}, nil
		}, "main", "other")
		defer c.Close()
		c.Reload("")
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		w := &fsnotify.Watcher{Events: make(chan fsnotify.Event), Errors: make(chan error)}
		go (&watcher{c: c, w: w}).run(ctx)
		save := func(name string) { w.Events <- fsnotify.Event{Name: filepath.Join("dir", name), Op: fsnotify.Write} }

		taken := func() []string {
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			defer func() { loads = nil }()
			return loads
		}
		taken()
		for range 3 {
			save("main.js")
			time.Sleep(debounce - time.Millisecond)
			if l := taken(); len(l) != 0 {
				t.Errorf("loads %v before it was quiet", l)
			}
		}
		time.Sleep(2 * time.Millisecond)
		if l := taken(); len(l) != 1 || l[0] != "main" {
			t.Errorf("loads %v, want one of main and none of the other", l)
		}
		for range 4 * patience / debounce { // changes without end
			save("other.js")
			time.Sleep(debounce / 2)
		}
		if l := taken(); len(l) < 1 || len(l) > 3 {
			t.Errorf("%d loads in %v of endless changes", len(l), 2*patience)
		}
	})
}

// TestSaveOfOneFile: only its app is built.
func TestSaveOfOneFile(t *testing.T) {
	w := watch(t, map[string]string{"main.js": flow, "other.js": flow})
	w.write("main.js", routes("1")+flow)
	w.expect("main")
	serves(t, w.Catalogue, "1", "main")
	if l := w.loaded(); len(l) != 1 || l[0] != "main" {
		t.Errorf("loads %v", l)
	}
}

// TestSlowEditor empties the file and writes it a while later.
func TestSlowEditor(t *testing.T) {
	w := watch(t, map[string]string{"main.js": flow})
	w.write("main.js", "")
	select {
	case o := <-w.outcomes:
		t.Errorf("the empty file was loaded: %+v", o)
	case <-time.After(4 * debounce):
	}
	w.write("main.js", routes("1")+flow)
	w.expect("main")
	serves(t, w.Catalogue, "1", "main")
}

func TestSaveByRename(t *testing.T) {
	w := watch(t, map[string]string{"main.js": flow})
	for i, name := range []string{".main.js.swp", "main.js~", "4913"} { // what editors leave beside it
		temp := filepath.Join(w.dir, name)
		if err := os.WriteFile(temp, []byte(routes(string(rune('1'+i)))+flow), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(temp, filepath.Join(w.dir, "main.js")); err != nil {
			t.Fatal(err)
		}
		w.expect("main")
		serves(t, w.Catalogue, string(rune('1'+i)), "main")
	}
}

func TestDeletedAndNewFiles(t *testing.T) {
	w := watch(t, map[string]string{"main.js": flow, "a.js": routes("1") + flow})
	os.Remove(filepath.Join(w.dir, "a.js"))
	if o := w.expect("a"); o.To != "" || o.From == "" {
		t.Errorf("outcome %+v", o)
	}
	serves(t, w.Catalogue, "1", "main")
	w.write("b.js", routes("1")+flow)
	w.expect("b")
	w.write("c/main.js", routes("2")+flow) // in a directory that was not there
	w.expect("c")
	w.write("c/main.js", routes("3")+flow)
	w.expect("c")
	serves(t, w.Catalogue, "3", "c")
	os.RemoveAll(filepath.Join(w.dir, "c"))
	if o := w.expect("c"); o.To != "" {
		t.Errorf("outcome %+v", o)
	}
	if l := w.loaded(); len(l) < 3 || l[0] != "b" {
		t.Errorf("loads %v", l)
	}
}

func TestImportedFilesBelongToTheirApps(t *testing.T) {
	w := watch(t, map[string]string{
		"lib/numbers.js": `export const n = ["1"];`,
		"user.js":        `import { n } from './lib/numbers.js'; export const routes = n;` + flow,
		"main.js":        flow,
	})
	serves(t, w.Catalogue, "1", "user")
	w.write("lib/numbers.js", `export const n = ["2"];`)
	w.expect("user")
	serves(t, w.Catalogue, "2", "user")
	if l := w.loaded(); len(l) != 1 {
		t.Errorf("loads %v, want only user", l)
	}
	// An import that is missing: the app goes on, and recovers when the file is back.
	os.Remove(filepath.Join(w.dir, "lib/numbers.js"))
	var wrong *sandbox.ScriptError
	if o := w.next(); o.App != "user" || !errors.As(o.Error, &wrong) || wrong.File != "user.js" {
		t.Errorf("outcome %+v", o)
	}
	serves(t, w.Catalogue, "2", "user")
	w.write("lib/numbers.js", `export const n = ["3"];`)
	w.expect("user")
	serves(t, w.Catalogue, "3", "user")
	// An app that has never been loaded comes in when what it lacked is there.
	w.write("late.js", `import { n } from './lib/late.js'; export const routes = n;`+flow)
	if o := w.next(); o.App != "late" || o.Error == nil {
		t.Errorf("outcome %+v", o)
	}
	w.write("lib/late.js", `export const n = ["4"];`)
	w.expect("late")
	serves(t, w.Catalogue, "4", "late")
}

func TestFilesThatAreNoScripts(t *testing.T) {
	w := watch(t, map[string]string{"main.js": flow, "prompts/hello.wav": "RIFF", "node_modules/x/index.js": ""})
	for _, name := range []string{"main.test.js", "main.d.ts", "prompts/hello.wav", ".git/HEAD", "node_modules/x/index.js", "hello.wav"} {
		w.write(name, "changed")
	}
	w.write("main.js", routes("1")+flow)
	w.expect("main")
	if l := w.loaded(); len(l) != 1 {
		t.Errorf("loads %v", l)
	}
}

func TestWatchThroughSymbolicLink(t *testing.T) {
	real := t.TempDir()
	write(t, real, map[string]string{"main.js": flow})
	link := filepath.Join(t.TempDir(), "scripts")
	if err := os.Symlink(real, link); err != nil {
		t.Fatal(err)
	}
	c := openAll(t, link)
	told := make(chan Outcome, 10)
	c.Changed = func(o Outcome) { told <- o }
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Watch(ctx) }()
	write(t, real, map[string]string{"main.js": routes("1") + flow})
	select { // by Watch's first reload or by the event
	case o := <-told:
		if o.App != "main" || o.Error != nil {
			t.Errorf("outcome %+v", o)
		}
	case <-time.After(4 * time.Second):
		t.Error("no reload")
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := (&Catalogue{dir: filepath.Join(link, "none")}).Watch(t.Context()); !errors.Is(err, ErrWatch) {
		t.Errorf("error %v", err)
	}
}

func TestWaitHasAnEnd(t *testing.T) {
	var v watcher
	now := time.Now()
	if d := v.wait(now); d != debounce {
		t.Errorf("first %v", d)
	}
	if d := v.wait(now.Add(patience - 10*time.Millisecond)); d != 10*time.Millisecond {
		t.Errorf("late %v", d)
	}
	if d := v.wait(now.Add(2 * patience)); d != 0 {
		t.Errorf("past the end %v", d)
	}
}

// BenchmarkReload is one plain file of fifty.
func BenchmarkReload(b *testing.B) {
	dir := b.TempDir()
	files := map[string]string{}
	for i := range 50 {
		files["app"+string(rune('a'+i/26))+string(rune('a'+i%26))+".js"] = flow
	}
	write(b, dir, files)
	c := openAll(b, dir)
	for i := 0; b.Loop(); i++ {
		write(b, dir, map[string]string{"appaa.js": flow + "console.log(" + string(rune('0'+i%10)) + ")"})
		c.Reload("appaa")
	}
}

// BenchmarkReloadAll is fifty files.
func BenchmarkReloadAll(b *testing.B) {
	dir := b.TempDir()
	files := map[string]string{}
	for i := range 50 {
		files["app"+string(rune('a'+i/26))+string(rune('a'+i%26))+".js"] = flow
	}
	write(b, dir, files)
	c := openAll(b, dir)
	for b.Loop() {
		c.Reload("")
	}
}
