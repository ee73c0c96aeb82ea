package script

import (
	"maps"
	"slices"
	"strings"
)

// target is where a route leads.
type target struct{ app, version string }

// table is what Route reads. It is never changed, only replaced.
type table struct {
	exact    map[string]target
	prefixes map[string]target
	longest  int // of the prefixes, in bytes as part of a "sip:" URI
	patterns []patternTarget
	fallback target // the app "main", zero without one
}

type patternTarget struct {
	pattern
	target
}

// fallbackApp gets the calls that no route claims.
const fallbackApp = "main"

// newTable joins the serving generations, whose claims do not clash.
func newTable(serving map[string]*generation) *table {
	t := &table{exact: map[string]target{}, prefixes: map[string]target{}}
	for _, app := range slices.Sorted(maps.Keys(serving)) {
		g := serving[app]
		to := target{app, g.version}
		for _, key := range g.claims.exact {
			t.exact[key] = to
		}
		for _, key := range g.claims.prefixes {
			t.prefixes[key] = to
			length := len(key)
			if !strings.HasPrefix(key, sipScheme) {
				length += len(sipScheme)
			}
			t.longest = max(t.longest, length)
		}
		for _, p := range g.claims.patterns {
			t.patterns = append(t.patterns, patternTarget{p, to})
		}
		if app == fallbackApp && g.script.HasFlow() {
			t.fallback = to
		}
	}
	return t
}

// route finds the app of a Request-URI. It costs two look-ups a character of the
// longest prefix, and then one match a pattern.
func (t *table) route(user, host string) (target, bool) {
	user = dialled(user)
	uri := sipScheme + address(user, host)
	if to, ok := t.exact[uri]; ok {
		return to, true
	}
	if to, ok := t.exact[user]; ok {
		return to, true
	}
	for n := min(t.longest, len(uri)); n >= 0; n-- {
		if n >= len(sipScheme) {
			if to, ok := t.prefixes[uri[:n]]; ok {
				return to, true
			}
		}
		// A prefix of the user is weighed by its own length, one of the URI by what
		// follows "sip:".
		if m := n - len(sipScheme); m >= 0 && m <= len(user) {
			if to, ok := t.prefixes[user[:m]]; ok {
				return to, true
			}
		}
	}
	for _, p := range t.patterns {
		subject := user
		if p.sip {
			subject = uri
		}
		if p.re.MatchString(subject) {
			return p.target, true
		}
	}
	return t.fallback, t.fallback.app != ""
}

// clash finds a literal of c that another app than this one has.
func (t *table) clash(app string, c claims) (route, owner string) {
	for _, key := range c.exact {
		if to, ok := t.exact[key]; ok && to.app != app {
			return key, to.app
		}
	}
	for _, key := range c.prefixes {
		if to, ok := t.prefixes[key]; ok && to.app != app {
			return key + "*", to.app
		}
	}
	return "", ""
}
