package script

import (
	"cmp"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/callwright/callwright/sandbox"
)

// Reload reads one app anew, or all and the directory itself for "". It returns an
// outcome for each, in order of names; From equals To where nothing has changed. It
// takes as long as the builds.
func (c *Catalogue) Reload(app string) []Outcome {
	if app == "" {
		return c.reload(func(string) bool { return true })
	}
	out := c.reload(func(name string) bool { return name == app })
	if len(out) == 0 {
		out = []Outcome{{App: app, Error: fmt.Errorf("%w: %s", ErrNoApp, app)}}
	}
	return out
}

// build is one app on its way through a reload.
type build struct {
	source sandbox.AppSource
	file   string
	script loaded
	claims claims
	took   time.Duration
	err    error
}

// reload builds the apps of the directory that want says, removes those of them that
// are gone, swaps and tells.
func (c *Catalogue) reload(want func(app string) bool) []Outcome {
	c.reloading.Lock()
	defer c.reloading.Unlock()
	sources, err := c.list(c.dir)
	if err != nil {
		out := []Outcome{{Error: err}}
		c.tell(out)
		return out
	}
	present := map[string]bool{}
	var builds []*build
	for _, s := range sources {
		present[s.Name] = true
		if want(s.Name) {
			builds = append(builds, &build{source: s, file: c.relative(s.Entry)})
		}
	}
	out := c.remove(c.gone(present, want))
	c.build(builds)
	for _, b := range builds {
		out = append(out, c.swap(b))
	}
	out = c.unclash(sources, out)
	slices.SortFunc(out, func(a, b Outcome) int { return cmp.Compare(a.App, b.App) })
	c.tell(out)
	return out
}

// tell hands on what an operator or the shard must know: not that nothing changed.
func (c *Catalogue) tell(out []Outcome) {
	if c.Changed == nil {
		return
	}
	for _, o := range out {
		if o.Error != nil || o.From != o.To {
			c.Changed(o)
		}
	}
}

// build loads all on the cores there are: each load runs in isolates of its own.
func (c *Catalogue) build(builds []*build) {
	var wait sync.WaitGroup
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	for _, b := range builds {
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			begun := time.Now()
			b.script, b.err = c.load(b.source)
			if b.err == nil {
				b.check()
			}
			b.took = time.Since(begun)
		})
	}
	wait.Wait()
}

// check refuses routes that cannot work, as the author's error.
func (b *build) check() {
	var err error
	switch b.claims, err = compile(b.script.Routes()); {
	case err != nil:
	case len(b.script.Routes()) > 0 && !b.script.HasFlow():
		err = fmt.Errorf("%w: the file has routes but no call flow (export default)", errRoute)
	default:
		return
	}
	b.refuse(err)
}

func (b *build) refuse(err error) {
	if b.script != nil {
		b.script.Retire()
		b.script = nil
	}
	b.err = &sandbox.ScriptError{App: b.source.Name, File: b.file, Name: "Error", Message: err.Error()}
}

// swap puts a build in its app's place, if it is good.
func (c *Catalogue) swap(b *build) Outcome {
	c.mu.Lock()
	defer c.mu.Unlock()
	name := b.source.Name
	a := c.apps[name]
	if a == nil {
		a = &app{}
		c.apps[name] = a
	}
	a.file = b.file
	o := Outcome{App: name, File: b.file, Took: b.took}
	if a.serving != nil {
		o.From, o.To = a.serving.version, a.serving.version
	}
	a.clashed = false
	if b.err == nil {
		if route, owner := c.table.Load().clash(name, b.claims); owner != "" {
			a.clashed = true
			b.refuse(fmt.Errorf("%w: %q is claimed by %s and by %s, which serves it", errRoute, route, b.file, c.apps[owner].file))
		}
	}
	before := a.err
	if a.err = b.err; a.err != nil {
		o.Error = a.err
		return o
	}
	if before != nil {
		c.log.Info("script: mended", "app", name, "version", b.script.Version())
	}
	if o.To = b.script.Version(); o.From != o.To {
		c.serve(a, b)
	} else {
		b.script.Retire()
	}
	return o
}

// serve makes a build the serving generation. A version that comes back while it still
// has units (an edit undone) goes on as the generation it was.
func (c *Catalogue) serve(a *app, b *build) {
	old := a.serving
	key := target{b.source.Name, b.script.Version()}
	g := c.all[key]
	if g != nil {
		b.script.Retire()
		if g.leaving != nil {
			g.leaving.Stop() // when it runs already, leave sees that g serves
			g.leaving = nil
		}
	} else {
		g = &generation{app: key.app, version: key.version, file: b.file, script: b.script, claims: b.claims}
		c.all[key] = g
	}
	g.since = time.Now()
	a.serving = g
	c.publish()
	if old != nil {
		c.supersede(old)
	}
}

// publish gives Route the serving generations.
func (c *Catalogue) publish() {
	serving := map[string]*generation{}
	for name, a := range c.apps {
		if a.serving != nil {
			serving[name] = a.serving
		}
	}
	c.table.Store(newTable(serving))
}

// gone names the apps that were asked for and have no file any more.
func (c *Catalogue) gone(present map[string]bool, want func(app string) bool) []string {
	c.mu.Lock()
	names := slices.Sorted(maps.Keys(c.apps))
	c.mu.Unlock()
	return slices.DeleteFunc(names, func(name string) bool { return present[name] || !want(name) })
}

// remove takes apps away.
func (c *Catalogue) remove(names []string) []Outcome {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []Outcome
	for _, name := range names {
		a := c.apps[name]
		o := Outcome{App: name, File: a.file}
		delete(c.apps, name)
		if a.serving != nil {
			o.From = a.serving.version
			c.supersede(a.serving)
		}
		out = append(out, o)
	}
	c.publish()
	return out
}

// unclash tries again the apps that were refused for a route of another app, while
// that other may have given it up: in this very reload, or by an app that came in
// since. It returns the outcomes with those of the apps that now serve.
func (c *Catalogue) unclash(sources []sandbox.AppSource, out []Outcome) []Outcome {
	moved := slices.ContainsFunc(out, func(o Outcome) bool { return o.From != o.To })
	for moved {
		moved = false
		for _, s := range sources {
			if !c.refused(s.Name) {
				continue
			}
			b := &build{source: s, file: c.relative(s.Entry)}
			c.build([]*build{b})
			o := c.swap(b)
			if o.Error != nil {
				continue
			}
			moved = true
			out = append(slices.DeleteFunc(out, func(other Outcome) bool { return other.App == s.Name }), o)
		}
	}
	return out
}

func (c *Catalogue) refused(name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := c.apps[name]
	return a != nil && a.clashed
}
