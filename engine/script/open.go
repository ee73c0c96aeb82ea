package script

import (
	"fmt"
	"log/slog"
	"path/filepath"

	"github.com/callwright/callwright/sandbox"
)

// Config is what a Catalogue is made of.
type Config struct {
	Dir     string          // of the scripts
	Options sandbox.Options // of each generation; an app's manifest may change its own
	// Versions is the directory where versions are kept; "": in memory, until Close.
	Versions string
	// Process opens a program in a process of its own; an error of the author's is a
	// *sandbox.ScriptError. Nil: all apps share this process.
	Process func(*sandbox.Program, sandbox.Options) (Isolated, error)
	Warm    int // isolates made ahead, for the next reload; some 450 KB each
	Log     *slog.Logger
}

// Open loads every app of a scripts directory and keeps versions in memory; see
// OpenWith.
func Open(dir string, opts sandbox.Options, log *slog.Logger) (*Catalogue, error) {
	return OpenWith(Config{Dir: dir, Options: opts, Log: log})
}

// OpenWith loads every app. Apps that cannot be loaded are in List and Loaded with
// their errors; OpenWith itself fails only when a directory cannot be read, or two of
// the files are one app.
func OpenWith(cfg Config) (*Catalogue, error) {
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("script: %w", err)
	}
	c := newCatalogue(dir, cfg.Log)
	if c.store, err = openStore(cfg.Versions, c.log); err != nil {
		return nil, err
	}
	if err := c.join(cfg); err != nil {
		return nil, err
	}
	for _, o := range c.Reload("") {
		if o.App == "" {
			c.warm.Close()
			return nil, o.Error
		}
	}
	c.resumeTrials()
	return c, nil
}

// join ties the catalogue to the sandbox.
func (c *Catalogue) join(cfg Config) error {
	opts := cfg.Options
	if opts.State == nil {
		opts.State = sandbox.NewState(nil)
	}
	if cfg.Warm > 0 {
		store := opts.Store
		if store == nil {
			store = opts.State
		}
		warm, err := sandbox.NewWarm(opts.Faces, store, cfg.Warm)
		if err != nil {
			return err
		}
		c.warm, opts.Warm = warm, warm
	}
	c.list = sandbox.Apps
	c.build = func(src sandbox.AppSource) (*bundle, error) { return compileApp(src, opts.Faces) }
	c.open = func(b *bundle) (loaded, error) {
		return cfg.place(b.manifest.Isolation, b.program, b.manifest.options(b.app, opts))
	}
	return nil
}

// resumeTrials begins anew the trials that a restart has cut off.
func (c *Catalogue) resumeTrials() {
	cut := map[string]bool{}
	for _, v := range c.List() {
		if p := c.store.pin(v.Name); p != nil && p.By == byTrial {
			c.store.setPin(v.Name, nil)
			cut[v.Name] = true
		}
	}
	if len(cut) > 0 {
		c.reload(func(app string) bool { return cut[app] }, false)
	}
}

// Generation returns a version that serves, is held, or served a moment ago; nil for
// any other.
func (c *Catalogue) Generation(app, version string) Host {
	c.mu.Lock()
	defer c.mu.Unlock()
	g := c.all[target{app, version}]
	if g == nil {
		return nil
	}
	script, _ := g.script.(Host)
	return script
}
