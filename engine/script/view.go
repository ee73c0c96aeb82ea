package script

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/callwright/callwright/sandbox"
)

// AppView is one app as an operator sees it.
type AppView struct {
	Name    string    `json:"name"`
	Version string    `json:"version,omitempty"` // that serves, "" when none could be loaded
	Routes  []string  `json:"routes,omitempty"`  // as written
	Flow    bool      `json:"flow"`              // takes calls
	File    string    `json:"file"`              // below the scripts directory
	Since   time.Time `json:"since,omitzero"`
	Calls   int       `json:"calls"` // live, of this and other generations
	Older   int       `json:"older"` // other generations that have calls
	Error   string    `json:"error,omitempty"`
	Trial   TrialView `json:"trial,omitzero"`
	// Held says why another version than the file's serves, "" when it does not.
	Held string `json:"held,omitempty"`
	// Cause is the error in parts, nil when it is not the author's.
	Cause    *sandbox.ScriptError `json:"-"`
	Manifest *Manifest            `json:"-"` // of the serving version
}

// TrialView is a canary.
type TrialView struct {
	Version string    `json:"version"`
	Percent float64   `json:"percent"`
	Since   time.Time `json:"since"`
	Calls   int       `json:"calls"`
	Failed  int       `json:"failed"`
}

// List returns all apps by name.
func (c *Catalogue) List() []AppView {
	c.mu.Lock()
	defer c.mu.Unlock()
	views := make([]AppView, 0, len(c.apps))
	for name, a := range c.apps {
		views = append(views, c.view(name, a))
	}
	slices.SortFunc(views, func(a, b AppView) int { return cmp.Compare(a.Name, b.Name) })
	for to, g := range c.all {
		i, ok := slices.BinarySearchFunc(views, to.app, func(v AppView, name string) int { return cmp.Compare(v.Name, name) })
		if !ok {
			continue // the app is gone, its calls are not
		}
		views[i].Calls += g.calls
		if g.calls > 0 && c.apps[to.app].serving != g {
			views[i].Older++
		}
	}
	return views
}

func (c *Catalogue) view(name string, a *app) AppView {
	v := AppView{Name: name, File: a.file}
	if g := a.serving; g != nil {
		v.Version, v.Since, v.Flow, v.File, v.Manifest = g.version, g.since, g.script.HasFlow(), g.file, g.manifest
		for _, r := range g.routes {
			v.Routes = append(v.Routes, spelled(r))
		}
	}
	if t := a.trial; t != nil {
		v.Trial = TrialView{t.version, t.percent, t.since, t.calls, len(t.failures)}
	}
	if p := c.store.pin(name); p != nil && p.By != byTrial {
		v.Held = p.Why
	}
	if a.err != nil {
		v.Error = a.err.Error()
		errors.As(a.err, &v.Cause)
	}
	return v
}

func spelled(r sandbox.Route) string {
	if r.Literal != "" {
		return r.Literal
	}
	return fmt.Sprintf("/%s/%s", r.Pattern, r.Flags)
}

// VersionView is one kept version of an app.
type VersionView struct {
	Version string    `json:"version"`
	File    string    `json:"file"`
	By      string    `json:"by"`    // file, api
	First   time.Time `json:"first"` // loaded
	Last    time.Time `json:"last"`  // when it began to serve, the last time
	Bytes   int       `json:"bytes"`
	Calls   int       `json:"calls"`           // live
	State   string    `json:"state,omitempty"` // serving, trial
	OnDisk  bool      `json:"onDisk"`          // it is what the file says
	Bad     string    `json:"bad,omitempty"`   // why it was rolled back by itself
}

// Versions lists the kept versions of an app, that served last first. ErrNoApp.
func (c *Catalogue) Versions(name string) ([]VersionView, error) {
	list := c.store.list(name)
	c.mu.Lock()
	defer c.mu.Unlock()
	a := c.apps[name]
	if a == nil && len(list) == 0 {
		return nil, fmt.Errorf("%w: %s", ErrNoApp, name)
	}
	var out []VersionView
	for _, r := range list {
		v := VersionView{Version: r.Version, File: r.File, By: r.By, First: r.First, Last: r.Last, Bytes: r.Bytes, Bad: r.Bad}
		if g := c.all[target{name, r.Version}]; g != nil {
			v.Calls = g.calls
		}
		if a != nil {
			v.OnDisk = a.disk == r.Version
			switch {
			case a.serving != nil && a.serving.version == r.Version:
				v.State = "serving"
			case a.trial != nil && a.trial.version == r.Version:
				v.State = "trial"
			}
		}
		out = append(out, v)
	}
	return out, nil
}
