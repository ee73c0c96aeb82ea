package script

import (
	"fmt"
	"time"
)

// trial is a canary: a version that a share of new calls tries. The routes stay those
// of the version it is to follow.
type trial struct {
	*generation
	percent float64
	until   *time.Timer
}

// endTrial forgets the trial; the generation is the caller's. It runs under mu.
func (a *app) endTrial() *generation {
	if a.trial == nil {
		return nil
	}
	g := a.trial.generation
	a.trial.until.Stop()
	a.trial = nil
	return g
}

// try begins a trial. When its while has passed without the errors that end it, the
// version serves all. It runs under mu.
func (c *Catalogue) try(a *app, g *generation) {
	c.dropTrial(a)
	rule := g.manifest.Reload
	t := &trial{generation: g, percent: rule.Canary}
	g.since = time.Now()
	t.until = time.AfterFunc(rule.Rollback.Within, func() { c.inBackground(func() { c.promote(t) }) })
	a.trial = t
	c.log.Info("script: a share of new calls tries a version", "app", g.app, "version", g.version,
		"percent", t.percent, "for", rule.Rollback.Within, "serving", a.serving.version)
}

// dropTrial ends a trial for a newer version, or for none.
func (c *Catalogue) dropTrial(a *app) {
	if g := a.endTrial(); g != nil {
		c.supersede(g)
	}
}

// promote lets a version that was tried serve all calls.
func (c *Catalogue) promote(t *trial) {
	c.mu.Lock()
	a := c.apps[t.app]
	if a == nil || a.trial != t {
		c.mu.Unlock()
		return
	}
	a.endTrial()
	o := Outcome{App: t.app, File: t.file, From: a.serving.version, To: t.version,
		Why: fmt.Sprintf("tried by %g%% of new calls for %v", t.percent, t.manifest.Reload.Rollback.Within)}
	c.change(a, t.generation)
	c.unpin(a, t.generation)
	c.mu.Unlock()
	c.log.Info("script: a version that was tried serves all calls", "app", t.app, "version", t.version)
	c.tell([]Outcome{o})
}

// unpin lets the file on disk have its place again, or holds it for a version that is
// not the file's. It runs under mu.
func (c *Catalogue) unpin(a *app, g *generation) {
	if g.version == a.disk {
		c.store.setPin(g.app, nil)
		return
	}
	c.store.setPin(g.app, &pin{Version: g.version, Over: a.disk, By: byAPI, Since: time.Now(), Why: whyAPI})
}

const whyAPI = "it came by the API"

// inBackground makes one change of the catalogue on the goroutine that calls it,
// unless the catalogue is closed.
func (c *Catalogue) inBackground(f func()) {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return
	}
	c.work.Add(1)
	c.mu.Unlock()
	defer c.work.Done()
	c.reloading.Lock()
	defer c.reloading.Unlock()
	f()
}
