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
// takes as long as the builds. An app that is named serves what its file says from
// then on, to all calls: a rollback, an upload or a trial ends.
func (c *Catalogue) Reload(app string) []Outcome {
	if app == "" {
		return c.reload(func(string) bool { return true }, false)
	}
	out := c.reload(func(name string) bool { return name == app }, true)
	if len(out) == 0 {
		out = []Outcome{{App: app, Error: fmt.Errorf("%w: %s", ErrNoApp, app)}}
	}
	return out
}

// reload builds the apps of the directory that want says, removes those of them that
// are gone, swaps and tells. With force a file serves whatever is held in its place.
func (c *Catalogue) reload(want func(app string) bool, force bool) []Outcome {
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
			builds = append(builds, c.fromDisk(s, force))
		}
	}
	for _, name := range c.store.unfiled() {
		if !present[name] && want(name) {
			builds = append(builds, &build{c: c, app: name, unfiled: true})
		}
		present[name] = true
	}
	out := c.remove(c.gone(present, want))
	each(builds, (*build).prepare)
	for _, b := range builds {
		out = append(out, c.swap(b))
	}
	out = c.unclash(sources, out)
	slices.SortFunc(out, func(a, b Outcome) int { return cmp.Compare(a.App, b.App) })
	c.tell(out)
	return out
}

// tell hands on what an operator or the shard must know: not that nothing changed.
// Then it brings to disk what changed. It runs under reloading, without mu.
func (c *Catalogue) tell(out []Outcome) {
	for _, o := range out {
		if c.Changed != nil && (o.Error != nil || o.From != o.To || o.Begun || o.Why != "") {
			c.Changed(o)
		}
	}
	c.store.flush()
}

// each runs a step of many builds on the cores there are.
func each(builds []*build, step func(*build)) {
	var wait sync.WaitGroup
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	for _, b := range builds {
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			begun := time.Now()
			step(b)
			b.took = time.Since(begun)
		})
	}
	wait.Wait()
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
		c.dropTrial(a)
		c.store.setPin(name, nil)
		c.store.serves(name, nil)
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
			b := c.fromDisk(s, false)
			each([]*build{b}, (*build).prepare)
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
