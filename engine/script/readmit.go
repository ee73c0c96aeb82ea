package script

import "fmt"

// Readmit keeps a version for calls that were recovered with it, as Admit does for new
// ones; each is ended by Done. A version that serves no more is taken from those kept
// on disk. ErrNoVersion, or why it does not run.
func (c *Catalogue) Readmit(app, version string, calls int) error {
	c.reloading.Lock()
	defer c.reloading.Unlock()
	if c.admitted(app, version, calls) {
		return nil
	}
	b := &build{c: c, app: app}
	if err := b.fetch(version); err != nil {
		return fmt.Errorf("script: version %s of %s, which a call runs: %w", version, app, err)
	}
	defer b.drop()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.enter(b).calls += calls
	return nil
}

func (c *Catalogue) admitted(app, version string, calls int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	g := c.all[target{app, version}]
	if g != nil {
		g.calls += calls
	}
	return g != nil
}
