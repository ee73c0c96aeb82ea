package script

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/callwright/callwright/sandbox"
)

// build is one app on its way to serve. Its steps run on goroutines of their own,
// under Catalogue.reloading.
type build struct {
	c       *Catalogue
	app, by string
	source  sandbox.AppSource
	file    string // entry on disk
	unfiled bool   // there is no file: only a held version can serve
	force   bool   // what the file says is to serve, whatever is held

	mark   string // of the file
	broken error  // why the file does not serve
	pinned bool   // the bundle is the version held in the file's place
	same   bool   // nothing is to be done

	bundle *bundle
	script loaded      // made for this build
	held   *generation // or running already, with a unit of ours
	routes []sandbox.Route
	claims claims
	took   time.Duration
	err    error // why nothing of this build can serve
}

func (c *Catalogue) fromDisk(s sandbox.AppSource, force bool) *build {
	return &build{c: c, app: s.Name, by: byFile, source: s, file: c.relative(s.Entry), force: force}
}

// attempt builds what is on disk and gets it ready.
func (b *build) attempt() {
	b.read()
	if b.err == nil {
		b.start()
	}
}

// read compiles the file, and marks what it is by its content or by its error.
func (b *build) read() {
	b.bundle, b.err = b.c.build(b.source)
	if b.err == nil {
		b.mark = b.bundle.version
		return
	}
	sum := sha256.Sum256([]byte(b.err.Error()))
	b.mark = "broken:" + hex.EncodeToString(sum[:6])
}

// prepare decides which version is to serve, and gets that one ready: the one held in
// the file's place, the file's, or the last good one when the file's does not load and
// nothing serves.
func (b *build) prepare() {
	if !b.unfiled {
		b.read()
	}
	if b.hold() {
		return
	}
	switch {
	case b.unfiled:
		b.err = fmt.Errorf("%w: %s", ErrNoApp, b.app)
		return
	case b.err == nil && b.unchanged():
		b.same = true
		return
	case b.err == nil:
		b.start()
	}
	if b.err == nil {
		return
	}
	list := b.c.store.list(b.app)
	if serves, _ := b.c.standing(b.app); serves == "" && len(list) > 0 {
		b.instead(list[0].Version)
	}
}

// hold takes the version that is held in the file's place, if one is.
func (b *build) hold() bool {
	p := b.c.store.pin(b.app)
	if p == nil || p.Over != b.mark || b.force && !b.unfiled {
		return false
	}
	if serves, _ := b.c.standing(b.app); serves == p.Version {
		b.broken, b.err, b.same, b.pinned = b.err, nil, true, true
		return true
	}
	return b.instead(p.Version)
}

// instead gets a kept version ready in the place of the file's.
func (b *build) instead(version string) bool {
	kept := &build{c: b.c, app: b.app}
	if err := kept.fetch(version); err != nil {
		b.c.log.Error("script: a kept version cannot serve", "app", b.app, "version", version, "err", err)
		return false
	}
	b.broken, b.err, b.pinned = b.err, nil, true
	b.bundle, b.script, b.held, b.routes, b.claims = kept.bundle, kept.script, kept.held, kept.routes, kept.claims
	return true
}

// unchanged says that the file is what it was, and had its say.
func (b *build) unchanged() bool {
	b.c.mu.Lock()
	defer b.c.mu.Unlock()
	a := b.c.apps[b.app]
	if a == nil || a.err != nil || a.disk != b.mark || a.serving == nil {
		return false
	}
	return a.serving.version == b.mark && (a.trial == nil || !b.force)
}

// fetch gets a kept version ready.
func (b *build) fetch(version string) error {
	if b.bundle, b.err = b.c.store.get(b.app, version); b.err == nil {
		b.start()
	}
	return b.err
}

// start gets the bundle ready to run, unless that version runs already, and checks its
// routes.
func (b *build) start() {
	var script loaded
	if b.held = b.c.borrow(b.app, b.bundle.version); b.held != nil {
		script = b.held.script
	} else if script, b.err = b.c.open(b.bundle); b.err != nil {
		return
	} else {
		b.script = script
	}
	b.routes = b.bundle.routesOf(script)
	var err error
	switch b.claims, err = compile(b.routes); {
	case err != nil:
	case len(b.routes) > 0 && !script.HasFlow():
		err = fmt.Errorf("%w: the file has routes but no call flow (export default)", errRoute)
	default:
		return
	}
	b.drop()
	b.err = b.wrong(err)
}

// wrong makes an error of ours the author's.
func (b *build) wrong(err error) error {
	return &sandbox.ScriptError{App: b.app, File: b.bundle.file, Name: "Error", Message: err.Error()}
}

// drop gives back what start took and nothing has entered. It must not run under mu.
func (b *build) drop() {
	if b.script != nil {
		b.script.Retire()
		b.script = nil
	}
	if b.held != nil {
		b.c.Release(b.app, b.held.version)
		b.held = nil
	}
}

// borrow keeps a generation that runs, as Hold does.
func (c *Catalogue) borrow(app, version string) *generation {
	c.mu.Lock()
	defer c.mu.Unlock()
	g := c.all[target{app, version}]
	if g != nil {
		g.units++
	}
	return g
}

// standing names the version that serves and the one on trial, "" for none.
func (c *Catalogue) standing(app string) (serving, trial string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := c.apps[app]
	if a != nil && a.serving != nil {
		serving = a.serving.version
	}
	if a != nil && a.trial != nil {
		trial = a.trial.version
	}
	return serving, trial
}
