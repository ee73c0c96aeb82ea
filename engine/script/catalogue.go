package script

import (
	"errors"
	"log/slog"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/callwright/callwright/sandbox"
)

var (
	// ErrNoApp: no file of the scripts directory is an app of that name.
	ErrNoApp = errors.New("script: no such app")
	// ErrWatch: the directory cannot be watched.
	ErrWatch = errors.New("script: cannot watch")

	errRoute = errors.New("bad route")
)

// linger is how long a generation without units is kept after its successor serves.
const linger = 10 * time.Second

// loaded is what the catalogue needs of a *sandbox.Generation; tests have a plainer one.
type loaded interface {
	Routes() []sandbox.Route
	HasFlow() bool
	Retire()
	Stop()
}

// generation is one version of an app that runs, under Catalogue.mu but for what never
// changes.
type generation struct {
	*bundle
	script   loaded
	routes   []sandbox.Route // that count
	claims   claims
	since    time.Time   // it serves, or is tried
	units    int         // that hold it, calls not counted
	calls    int         // that hold it
	failures []time.Time // of its calls, within the while that counts
	failed   bool        // a rollback is under way
	leaving  *time.Timer // set while it serves no more and is not retired
}

// app is one app of the directory, or of the API, under Catalogue.mu.
type app struct {
	file    string   // entry, relative to the scripts directory, with slashes
	files   []string // that the newest build on disk read
	disk    string   // mark of what is on disk, "" for nothing
	serving *generation
	trial   *trial // of a newer version, nil for none
	err     error  // why the newest file does not serve
	clashed bool   // err is a route of another app
}

// Outcome says what became of one app. From is what served before, To what serves
// now; To is "" when the app is gone. With an Error, From still serves.
type Outcome struct {
	App, File string
	From, To  string
	Trial     string        // version that a share of new calls tries, "" for none
	Begun     bool          // Trial begins by this
	Replay    bool          // live calls are to move to To where their history fits it
	Took      time.Duration // of the build
	Why       string        // of a change that no file made: a rollback, a trial that has ended
	Error     error         // a *sandbox.ScriptError when the author can mend it
}

// Catalogue holds the apps of one scripts directory.
type Catalogue struct {
	// Changed is told of each app that was swapped, removed or refused, on the
	// goroutine that reloads. Set it before Watch and Reload; it may be nil.
	Changed func(Outcome)

	dir   string
	log   *slog.Logger
	store *store
	warm  *sandbox.Warm
	list  func(dir string) ([]sandbox.AppSource, error)
	build func(sandbox.AppSource) (*bundle, error)
	open  func(*bundle) (loaded, error)

	reloading sync.Mutex // one change at a time
	work      sync.WaitGroup
	table     atomic.Pointer[table]

	mu     sync.Mutex
	apps   map[string]*app
	all    map[target]*generation
	closed bool
}

func newCatalogue(dir string, log *slog.Logger) *Catalogue {
	if log == nil {
		log = slog.Default()
	}
	c := &Catalogue{dir: dir, log: log, apps: map[string]*app{}, all: map[target]*generation{}}
	c.store, _ = openStore("", log) // in memory it cannot fail
	c.table.Store(newTable(nil))
	return c
}

// Route finds the app for a Request-URI's user (as it stands there, percent-encoded)
// and host, and the version that serves now. It takes no lock.
func (c *Catalogue) Route(user, host string) (app, version string, ok bool) {
	to, ok := c.table.Load().route(user, host)
	return to.app, to.version, ok
}

// Hold keeps a generation until Release, for a unit that is no call.
func (c *Catalogue) Hold(app, version string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	g := c.all[target{app, version}]
	if g == nil {
		return false
	}
	g.units++
	return true
}

// Release undoes one Hold. The last one of a generation that serves no more retires
// it.
func (c *Catalogue) Release(app, version string) {
	c.release(app, version, func(g *generation) *int { return &g.units })
}

func (c *Catalogue) release(app, version string, held func(*generation) *int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	g := c.all[target{app, version}]
	if g == nil || *held(g) == 0 {
		c.log.Error("script: released more often than held", "app", app, "version", version)
		return
	}
	*held(g)--
	c.leave(g)
}

// supersede begins the end of a generation that serves no more. It runs under mu.
func (c *Catalogue) supersede(g *generation) {
	g.leaving = time.AfterFunc(linger, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		g.leaving = nil
		c.leave(g)
	})
}

// leave retires a generation that nobody needs. It runs under mu.
func (c *Catalogue) leave(g *generation) {
	key := target{g.app, g.version}
	if g.units > 0 || g.calls > 0 || g.leaving != nil || c.serves(g) || c.all[key] != g {
		return
	}
	delete(c.all, key)
	g.script.Retire()
}

func (c *Catalogue) serves(g *generation) bool {
	a := c.apps[g.app]
	return a != nil && (a.serving == g || a.trial != nil && a.trial.generation == g)
}

// Dir is the directory of an app's own files below the scripts directory, with
// slashes: "" for an app that is one file.
func (c *Catalogue) Dir(app string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := c.apps[app]
	if a == nil {
		return ""
	}
	return folder(a.file)
}

// folder is where an entry file's app lives, "" for the scripts directory itself.
func folder(file string) string {
	if dir := path.Dir(file); dir != "." {
		return dir
	}
	return ""
}

// Loaded tells how each app stands, as if all had just been loaded: what a new
// listener must know before its first Changed.
func (c *Catalogue) Loaded() []Outcome {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []Outcome
	for _, name := range slices.Sorted(maps.Keys(c.apps)) {
		a := c.apps[name]
		o := Outcome{App: name, File: a.file, Error: a.err}
		if a.serving != nil {
			o.To = a.serving.version
		}
		out = append(out, o)
	}
	return out
}

// Close stops all generations, also those with units, and waits for their goroutines.
// Afterwards no app is found. It must not be called where results are delivered.
func (c *Catalogue) Close() {
	c.reloading.Lock()
	c.mu.Lock()
	c.closed = true
	c.table.Store(newTable(nil))
	for _, g := range c.all {
		if g.leaving != nil {
			g.leaving.Stop()
		}
	}
	for _, a := range c.apps {
		a.endTrial()
	}
	all := slices.Collect(maps.Values(c.all))
	clear(c.all)
	clear(c.apps)
	c.mu.Unlock()
	c.reloading.Unlock()
	c.work.Wait()
	c.warm.Close()
	for _, g := range all {
		g.script.Stop() // outside the lock: a script's last result may come asking
	}
}

// relative is a path below the scripts directory with slashes, "" for one outside.
func (c *Catalogue) relative(file string) string {
	rel, err := filepath.Rel(c.dir, file)
	if err != nil || !filepath.IsLocal(rel) {
		return ""
	}
	return filepath.ToSlash(rel)
}
