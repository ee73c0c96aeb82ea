package script

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
)

// ErrDenied: the app's manifest does not grant it. The text names the line to add.
var ErrDenied = errors.New("not granted")

// GrantsFetch asks whether the app may send HTTP requests to a URL's host, which may
// have a port. An entry without a port grants ports 80 and 443, `*.example.com` all
// hosts below example.com, `*` every host.
func (m *Manifest) GrantsFetch(host string) error {
	return m.grantsHost("fetch", m.Fetch, host, false)
}

// grantsHost asks a list of hosts; exactly: its patterns do not count.
func (m *Manifest) grantsHost(key string, granted []string, host string, exactly bool) error {
	host = strings.ToLower(host)
	for _, g := range granted {
		if (!exactly || !strings.Contains(g, "*")) && hostMatches(g, host) {
			return nil
		}
	}
	return m.denied(key, granted, plainHost(host))
}

// GrantsUse asks for the api of another app.
func (m *Manifest) GrantsUse(app string) error {
	if slices.Contains(m.Uses, app) {
		return nil
	}
	return m.denied("uses", m.Uses, app)
}

// plainHost leaves out a port that is granted without being named.
func plainHost(host string) string {
	if name, port := splitPort(host); port == "443" || port == "80" {
		return name
	}
	return host
}

// hostMatches compares an entry of the manifest, in lower case, with a host.
func hostMatches(entry, host string) bool {
	name, port := splitPort(host)
	want, wantPort := splitPort(entry)
	if wantPort != port && (wantPort != "" || port != "80" && port != "443") {
		return false
	}
	switch {
	case want == "*":
		return true
	case strings.HasPrefix(want, "*."):
		return strings.HasSuffix(name, want[1:]) && len(name) > len(want)-1
	}
	return want == name
}

func splitPort(host string) (name, port string) {
	if h, p, err := net.SplitHostPort(host); err == nil {
		return h, p
	}
	return strings.Trim(host, "[]"), ""
}

// denied names the file and the whole line that would grant it.
func (m *Manifest) denied(key string, granted []string, what string) error {
	do := "add to " + m.file
	if len(granted) > 0 {
		do = "write in " + m.file
	}
	return fmt.Errorf("%w: %s %q; %s the line `%s`", ErrDenied, key, what, do, line(key, append(slices.Clone(granted), what)))
}

// line is a list of the manifest as one line of YAML.
func line(key string, list []string) string {
	items := make([]string, 0, len(list))
	for _, item := range list {
		items = append(items, yamlScalar(item))
	}
	return key + ": [" + strings.Join(items, ", ") + "]"
}

// yamlScalar quotes what a flow sequence would misread.
func yamlScalar(s string) string {
	if s == "" || strings.ContainsAny(s, "*,[]{}&!|>'\"%@`#: ") {
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	}
	return s
}

// Folders are those whose files an app may read, or with write may change.
func (c *Catalogue) Folders(name string, write bool) (list []string, err error) {
	err = c.granted(name, func(m *Manifest) error {
		if list = m.Write; !write {
			list = slices.Concat(m.Read, m.Write)
		}
		return nil
	})
	return list, err
}

// GrantsName asks for a name of what the manifest lists under a key: read, write, env,
// secrets, trunks. ErrDenied.
func (m *Manifest) GrantsName(key, name string) error {
	list := map[string][]string{"read": m.Read, "write": m.Write, "env": m.Env, "secrets": m.Secrets, "trunks": m.Trunks}[key]
	if slices.Contains(list, name) {
		return nil
	}
	return m.denied(key, list, name)
}

// MayName is GrantsName by the manifest of the version that serves.
func (c *Catalogue) MayName(app, key, name string) error {
	return c.granted(app, func(m *Manifest) error { return m.GrantsName(key, name) })
}

// Untrusted says whether an app has only what is its own.
func (c *Catalogue) Untrusted(app string) bool {
	untrusted := false
	_ = c.granted(app, func(m *Manifest) error { untrusted = m.Untrusted; return nil }) // one that is gone does nothing
	return untrusted
}
