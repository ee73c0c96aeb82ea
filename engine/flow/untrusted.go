package flow

import (
	"fmt"
	"slices"
	"strings"

	"github.com/callwright/callwright/sandbox"
)

// untrusted: the app's manifest says so. It has state.apps.NAME, names of its own in what
// all apps share, and what it is granted.
func (f *Flows) untrusted(app string) bool { return f.cfg.Untrusted != nil && f.cfg.Untrusted(app) }

// ownName refuses a name in what all apps share that is not an untrusted app's own.
func (o *operation) ownName(name string) *sandbox.HostError {
	if !o.f.untrusted(o.u.app) || strings.HasPrefix(name, o.u.app+":") {
		return nil
	}
	return coded("Denied", "denied", fmt.Sprintf("%s: app %s is untrusted, its names begin with %q, not %q", o.name(), o.u.app, o.u.app+":", name))
}

// ownPath refuses an untrusted app what is not below state.apps.NAME.
func (o *operation) ownPath(path []string) *sandbox.HostError {
	own := []string{"apps", o.u.app}
	if !o.f.untrusted(o.u.app) || len(path) >= 2 && slices.Equal(path[:2], own) {
		return nil
	}
	return coded("Denied", "denied", fmt.Sprintf("state.watch: app %s is untrusted and has state.apps.%[1]s alone", o.u.app))
}

// hears says whether a run may hear what concerns another app.
func (f *Flows) hears(u *unit, from string) bool {
	return u.app == from || !f.untrusted(u.app) && !f.untrusted(from)
}
