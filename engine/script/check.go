package script

import "fmt"

// Check builds one app, or all for "", as Reload does, and changes nothing.
func (c *Catalogue) Check(app string) []Outcome {
	c.reloading.Lock()
	defer c.reloading.Unlock()
	sources, err := c.list(c.dir)
	if err != nil {
		return []Outcome{{Error: err}}
	}
	var builds []*build
	for _, s := range sources {
		if app == "" || s.Name == app {
			builds = append(builds, c.fromDisk(s, false))
		}
	}
	if len(builds) == 0 && app != "" {
		return []Outcome{{App: app, Error: fmt.Errorf("%w: %s", ErrNoApp, app)}}
	}
	each(builds, (*build).attempt)
	var out []Outcome
	for _, b := range builds {
		out = append(out, c.judge(b))
	}
	return out
}

// judge says what a swap would do, and drops the build.
func (c *Catalogue) judge(b *build) Outcome {
	defer b.drop()
	c.mu.Lock()
	defer c.mu.Unlock()
	o := Outcome{App: b.app, File: b.file, Took: b.took, Error: b.err}
	if a := c.apps[b.app]; a != nil && a.serving != nil {
		o.From = a.serving.version
	}
	if o.To = o.From; b.err != nil {
		return o
	}
	if o.Error = c.clash(b); o.Error == nil {
		o.To = b.bundle.version
	}
	return o
}
