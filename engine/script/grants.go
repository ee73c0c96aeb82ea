package script

import (
	"errors"
	"fmt"
	"net"
	"path"
	"slices"
	"strings"
)

// ErrDenied: the app's manifest does not grant it. The text names the line to add.
var ErrDenied = errors.New("not granted")

// GrantsFetch asks whether the app may send HTTP requests to a URL's host, which may
// have a port. An entry without a port grants ports 80 and 443, `*.example.com` all
// hosts below example.com, `*` every host.
func (m *Manifest) GrantsFetch(host string) error { return m.host("fetch", m.Fetch, host) }

// GrantsWebSocket is GrantsFetch for WebSocket connections.
func (m *Manifest) GrantsWebSocket(host string) error { return m.host("websocket", m.WebSocket, host) }

// GrantsRead asks for a file or folder, below the app's folder or absolute. Symbolic
// links are the asker's to resolve first.
func (m *Manifest) GrantsRead(file string) error { return m.folder("read", m.Read, file) }

// GrantsWrite is GrantsRead for writing; it does not grant reading.
func (m *Manifest) GrantsWrite(file string) error { return m.folder("write", m.Write, file) }

// GrantsEnv asks for an environment name.
func (m *Manifest) GrantsEnv(name string) error { return m.name("env", m.Env, name) }

// GrantsTrunk asks for a trunk by name.
func (m *Manifest) GrantsTrunk(name string) error { return m.name("trunks", m.Trunks, name) }

// GrantsUse asks for the api of another app.
func (m *Manifest) GrantsUse(app string) error { return m.name("uses", m.Uses, app) }

func (m *Manifest) name(key string, granted []string, name string) error {
	if slices.Contains(granted, name) {
		return nil
	}
	return m.denied(key, granted, name)
}

func (m *Manifest) host(key string, granted []string, host string) error {
	host = strings.ToLower(host)
	for _, g := range granted {
		if hostMatches(g, host) {
			return nil
		}
	}
	return m.denied(key, granted, plainHost(host))
}

// exactHost is host without patterns.
func (m *Manifest) exactHost(key string, granted []string, host string) error {
	host = strings.ToLower(host)
	for _, g := range granted {
		if !strings.Contains(g, "*") && hostMatches(g, host) {
			return nil
		}
	}
	return m.denied(key, granted, plainHost(host))
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

func (m *Manifest) folder(key string, granted []string, file string) error {
	file = path.Clean(file)
	for _, g := range granted {
		if g == "." && !path.IsAbs(file) && file != ".." && !strings.HasPrefix(file, "../") {
			return nil
		}
		if file == g || strings.HasPrefix(file, strings.TrimSuffix(g, "/")+"/") {
			return nil
		}
	}
	return m.denied(key, granted, path.Dir(file))
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
