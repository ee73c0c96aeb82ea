package script

import (
	"fmt"
	"slices"
	"time"
)

// Failed counts a call whose flow threw, overran its budget or diverged. A version
// whose manifest says so is rolled back when too many have within a while. It never
// waits.
func (c *Catalogue) Failed(app, version string, why error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	g := c.all[target{app, version}]
	if g == nil || g.failed || !c.serves(g) {
		return
	}
	rule := g.manifest.Reload.Rollback
	if rule.Errors == 0 {
		return
	}
	now := time.Now()
	g.failures = slices.DeleteFunc(g.failures, func(at time.Time) bool { return now.Sub(at) > rule.Within })
	g.failures = append(g.failures, now)
	if len(g.failures) < rule.Errors {
		return
	}
	g.failed = true
	text := fmt.Sprintf("rolled back from %s: %d calls failed within %v, the last with %v", version, len(g.failures), rule.Within, why)
	go c.inBackground(func() { c.retreat(g, text) })
}

// retreat returns by itself to what served before a version that fails.
func (c *Catalogue) retreat(g *generation, why string) {
	c.store.condemn(g.app, g.version, why)
	c.mu.Lock()
	a := c.apps[g.app]
	switch {
	case a == nil || !c.serves(g):
		c.mu.Unlock()
		return
	case a.trial != nil && a.trial.generation == g:
		c.dropTrial(a)
		c.store.setPin(g.app, &pin{Version: a.serving.version, Over: a.disk, By: byErrors, Why: why, Since: time.Now()})
		o := Outcome{App: g.app, File: a.file, From: a.serving.version, To: a.serving.version, Why: why}
		c.mu.Unlock()
		c.log.Error("script: a version on trial was given up", "app", g.app, "serving", o.To, "why", why)
		c.tell([]Outcome{o})
		return
	}
	c.mu.Unlock()
	before, err := c.store.before(g.app, g.version, false)
	if err == nil {
		_, err = c.restore(g.app, before, byErrors, why)
	}
	if err != nil {
		c.log.Error("script: a version fails and nothing can take its place", "app", g.app, "version", g.version, "why", why, "err", err)
		return
	}
	c.log.Error("script: an older version serves again", "app", g.app, "version", before, "why", why)
}

// Rollback lets an older version serve, the one before for "", until the file on disk
// changes or the app is reloaded by name. A version may be named by its beginning.
// ErrNoApp, ErrNoVersion.
func (c *Catalogue) Rollback(name, version string) (Outcome, error) {
	c.reloading.Lock()
	defer c.reloading.Unlock()
	c.mu.Lock()
	a := c.apps[name]
	c.mu.Unlock()
	serving, trial := c.standing(name)
	var err error
	switch {
	case a == nil:
		return Outcome{}, fmt.Errorf("%w: %s", ErrNoApp, name)
	case version == "" && trial != "":
		version = serving
	case version == "":
		version, err = c.store.before(name, serving, true)
	default:
		version, err = c.store.resolve(name, version)
	}
	if err != nil {
		return Outcome{}, err
	}
	return c.restore(name, version, byOperator, "rolled back by an operator")
}

// restore puts a kept version in an app's place and holds it there. A route of it that
// another app has by now is an error.
func (c *Catalogue) restore(name, version, by, why string) (Outcome, error) {
	begun := time.Now()
	b := &build{c: c, app: name, by: by}
	if err := b.fetch(version); err != nil {
		return Outcome{}, err
	}
	defer b.drop()
	o, err := c.putBack(b, why)
	if err != nil {
		return Outcome{}, err
	}
	o.Took = time.Since(begun)
	c.tell([]Outcome{o})
	return o, nil
}

func (c *Catalogue) putBack(b *build, why string) (Outcome, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := c.apps[b.app]
	if a == nil {
		return Outcome{}, fmt.Errorf("%w: %s", ErrNoApp, b.app)
	}
	if err := c.clash(b); err != nil {
		return Outcome{}, err
	}
	o := Outcome{App: b.app, File: b.bundle.file, Why: why, To: b.bundle.version}
	if a.serving != nil {
		o.From = a.serving.version
	}
	c.dropTrial(a)
	if o.From != o.To {
		c.change(a, c.enter(b))
		c.store.keep(a.serving.bundle, b.by, c.inUse(b.app))
	}
	if o.To == a.disk {
		c.store.setPin(b.app, nil)
	} else {
		c.store.setPin(b.app, &pin{Version: o.To, Over: a.disk, By: b.by, Why: why, Since: time.Now()})
	}
	return o, nil
}
