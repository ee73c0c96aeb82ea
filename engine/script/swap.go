package script

import (
	"fmt"
	"time"
)

// swap puts a build in its app's place, if it is good.
func (c *Catalogue) swap(b *build) Outcome {
	defer b.drop() // what has not entered
	c.mu.Lock()
	defer c.mu.Unlock()
	a := c.apps[b.app]
	if a == nil {
		a = &app{}
		c.apps[b.app] = a
	}
	o := Outcome{App: b.app, File: b.file, Took: b.took}
	if a.serving != nil {
		o.From, o.To = a.serving.version, a.serving.version
	}
	a.clashed = false
	if b.err == nil && !b.same {
		b.err = c.clash(b)
		a.clashed = b.err != nil
	}
	before := a.err
	a.noteFile(b)
	switch {
	case b.err != nil:
		o.Error = b.err
		c.holdOver(b)
		return o
	case b.broken != nil:
		o.Error = b.broken
	case before != nil:
		c.log.Info("script: mended", "app", b.app, "version", b.bundle.version)
	}
	if b.same {
		if a.trial != nil {
			o.Trial = a.trial.version
		}
		return o
	}
	c.offer(a, b, &o)
	return o
}

// noteFile remembers how the file on disk stands.
func (a *app) noteFile(b *build) {
	if a.file = b.file; b.unfiled && b.bundle != nil {
		a.file = b.bundle.file
	}
	a.disk = b.mark
	if b.bundle != nil && !b.pinned {
		a.files = b.bundle.files
	}
	if a.err = b.err; a.err == nil {
		a.err = b.broken
	}
}

// holdOver lets a held version stand over a file that changed and does not load.
func (c *Catalogue) holdOver(b *build) {
	if p := c.store.pin(b.app); p != nil && p.Over != b.mark {
		moved := *p
		moved.Over = b.mark
		c.store.setPin(b.app, &moved)
	}
}

// offer lets a good build serve, or be tried. It runs under mu.
func (c *Catalogue) offer(a *app, b *build, o *Outcome) {
	rule := b.bundle.manifest.Reload
	switch {
	case o.From == b.bundle.version:
		c.dropTrial(a)
	case rule.Canary > 0 && rule.Canary < 100 && a.serving != nil && a.serving.script.HasFlow() && !b.force && !b.pinned:
		g := c.enter(b)
		c.try(a, g)
		c.store.keep(g.bundle, b.by, c.inUse(g.app))
		o.Trial, o.Begun = g.version, true
		if b.by == byFile {
			c.store.setPin(b.app, &pin{Version: o.From, Over: a.disk, By: byTrial, Since: time.Now()})
		}
		return
	default:
		c.dropTrial(a)
		o.To, o.Replay = b.bundle.version, rule.Replay
		c.change(a, c.enter(b))
		c.store.keep(a.serving.bundle, b.by, c.inUse(b.app))
	}
	switch {
	case b.by == byAPI:
		c.unpin(a, a.serving)
	case !b.pinned:
		c.store.setPin(b.app, nil)
	}
}

// clash is the error of a route that another app has. It runs under mu.
func (c *Catalogue) clash(b *build) error {
	route, owner := c.table.Load().clash(b.app, b.claims)
	if owner == "" {
		return nil
	}
	return b.wrong(fmt.Errorf("%w: %q is claimed by %s and by %s, which serves it", errRoute, route, b.bundle.file, c.apps[owner].file))
}

// enter makes a build one of the generations that run. A version that comes back while
// it still has units (an edit undone) goes on as the generation it was. It runs under
// mu.
func (c *Catalogue) enter(b *build) *generation {
	key := target{b.app, b.bundle.version}
	g := c.all[key]
	if g == nil {
		g = &generation{bundle: b.bundle, script: b.script, routes: b.routes, claims: b.claims}
		c.all[key] = g
		b.script = nil
		return g
	}
	if g.leaving != nil {
		g.leaving.Stop() // when it runs already, leave sees that g serves
		g.leaving = nil
	}
	g.failures, g.failed = nil, false
	return g
}

// change makes a generation the serving one. It runs under mu.
func (c *Catalogue) change(a *app, g *generation) {
	old := a.serving
	g.since = time.Now()
	a.serving = g
	c.store.serves(g.app, g.bundle)
	c.publish()
	if old != nil && old != g {
		c.supersede(old)
	}
}

// inUse tells which versions must be kept: those that run.
func (c *Catalogue) inUse(app string) func(version string) bool {
	return func(version string) bool { return c.all[target{app, version}] != nil }
}
