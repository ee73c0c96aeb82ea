package script

import (
	"errors"
	"fmt"
	"hash/fnv"
)

var (
	// ErrNoRoute: no app takes calls for that number.
	ErrNoRoute = errors.New("script: no route")
	// ErrBusy: the app has as many calls as its manifest allows.
	ErrBusy = errors.New("script: the app has all the calls it may have")
)

// Admit finds the app and version for a new call, by the user (as it stands in the
// Request-URI) and host it was sent to, and keeps that version for the call until
// Done. A share of calls, by their id, goes to a version on trial. ErrNoRoute,
// ErrBusy.
func (c *Catalogue) Admit(call, user, host string) (app, version string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	to, ok := c.table.Load().route(user, host)
	if !ok {
		return "", "", ErrNoRoute
	}
	a := c.apps[to.app]
	g := a.serving
	if t := a.trial; t != nil && chosen(call, t.version, t.percent) {
		g = t.generation
	}
	if most := g.manifest.MaxCalls; most > 0 && c.calls(to.app) >= most {
		return to.app, "", fmt.Errorf("%w: %s, maxCalls: %d in %s", ErrBusy, to.app, most, g.manifest.file)
	}
	g.calls++
	return to.app, g.version, nil
}

// Done ends what Admit began.
func (c *Catalogue) Done(app, version string) {
	c.release(app, version, func(g *generation) *int { return &g.calls })
}

// Move lets a live call be of another version, which holds it from now on; false: that
// version is gone, and the call stays.
func (c *Catalogue) Move(app, from, to string) bool {
	c.mu.Lock()
	g := c.all[target{app, to}]
	if g != nil {
		g.calls++
	}
	c.mu.Unlock()
	if g != nil {
		c.Done(app, from)
	}
	return g != nil
}

// calls counts an app's live calls, of all its generations, which are few.
func (c *Catalogue) calls(app string) (n int) {
	for to, g := range c.all {
		if to.app == app {
			n += g.calls
		}
	}
	return n
}

// chosen says whether a call is of the share that tries a version: the same call
// always, another share for another version.
func chosen(call, version string, percent float64) bool {
	h := fnv.New64a()
	h.Write([]byte(call))
	h.Write([]byte{0})
	h.Write([]byte(version))
	// FNV's high bits hardly move with the last bytes: fold them.
	x := h.Sum64()
	x ^= x >> 29
	x *= 0x9e3779b97f4a7c15
	return float64(x>>40)/(1<<24) < percent/100
}

// Manifest is what a version's manifest says; of a version that is gone, the zero one,
// which grants nothing.
func (c *Catalogue) Manifest(app, version string) *Manifest {
	c.mu.Lock()
	defer c.mu.Unlock()
	if g := c.all[target{app, version}]; g != nil {
		return g.manifest
	}
	return &Manifest{file: app + "/app.yaml"}
}

// MayUse says whether an app may call a function of another one, by the manifest of
// the version of it that serves. ErrDenied.
func (c *Catalogue) MayUse(name, other, _ string) error {
	return c.granted(name, func(m *Manifest) error { return m.GrantsUse(other) })
}

// MayFetch says whether an app may send HTTP requests to a host and port, by the
// manifest of the version of it that serves. A private address must be granted as it
// stands, by no pattern. ErrDenied.
func (c *Catalogue) MayFetch(name, hostport string, private bool) error {
	return c.granted(name, func(m *Manifest) error { return m.grantsHost("fetch", m.Fetch, hostport, private) })
}

// MayConnect is MayFetch for WebSocket connections. ErrDenied.
func (c *Catalogue) MayConnect(name, hostport string, private bool) error {
	return c.granted(name, func(m *Manifest) error { return m.grantsHost("websocket", m.WebSocket, hostport, private) })
}

// MayServe says whether an app's http listeners answer to all. ErrDenied.
func (c *Catalogue) MayServe(name string) error {
	return c.granted(name, func(m *Manifest) error {
		if m.HTTP == HTTPOpen {
			return nil
		}
		return fmt.Errorf("%w: http without the token; add to %s the line `http: open`", ErrDenied, m.file)
	})
}

// MayEvaluate says whether operators may run code in an app. ErrDenied.
func (c *Catalogue) MayEvaluate(name string) error {
	return c.granted(name, func(m *Manifest) error {
		if !m.NoREPL {
			return nil
		}
		return fmt.Errorf("%w: running code in app %s: %s says `repl: false`", ErrDenied, name, m.file)
	})
}

func (c *Catalogue) granted(name string, ask func(*Manifest) error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := c.apps[name]
	if a == nil || a.serving == nil {
		return fmt.Errorf("%w: %s", ErrNoApp, name)
	}
	return ask(a.serving.manifest)
}
