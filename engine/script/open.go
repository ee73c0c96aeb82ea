package script

import (
	"fmt"
	"log/slog"
	"path/filepath"

	"github.com/callwright/callwright/sandbox"
)

// Open loads every app of the scripts directory. Apps that cannot be loaded are in
// List and Loaded with their errors; Open itself fails only when the directory cannot
// be read, or two of its files are one app.
func Open(dir string, opts sandbox.Options, log *slog.Logger) (*Catalogue, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("script: %w", err)
	}
	c := newCatalogue(dir, log)
	c.list = sandbox.Apps
	c.load = func(src sandbox.AppSource) (loaded, error) {
		g, err := sandbox.Load(src, opts)
		if err != nil {
			return nil, err
		}
		return g, nil
	}
	for _, o := range c.Reload("") {
		if o.App == "" {
			return nil, o.Error
		}
	}
	return c, nil
}

// Generation returns a version that serves, is held, or served a moment ago; nil for
// any other.
func (c *Catalogue) Generation(app, version string) *sandbox.Generation {
	c.mu.Lock()
	defer c.mu.Unlock()
	g := c.all[target{app, version}]
	if g == nil {
		return nil
	}
	script, _ := g.script.(*sandbox.Generation)
	return script
}
