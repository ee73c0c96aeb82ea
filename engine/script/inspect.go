package script

import (
	"fmt"
	"path/filepath"

	"github.com/callwright/callwright/sandbox"
)

// Inspection is what an app's files say about it, without any of it being run.
type Inspection struct {
	App, File string
	Version   string
	Flow      bool
	Routes    []string
	Computed  bool // the app computes routes: they are known when it is loaded
	Manifest  *Manifest
	Error     error // a *sandbox.ScriptError when the author can mend it
}

// Inspect builds an app and runs nothing. Routes that are not written as literals
// are not seen.
func Inspect(src sandbox.AppSource, faces []sandbox.Face) Inspection {
	in := Inspection{App: src.Name}
	if rel, err := filepath.Rel(src.Root, src.Entry); err == nil {
		in.File = filepath.ToSlash(rel)
	}
	b, err := compileApp(src, faces)
	if err != nil {
		in.Error = err
		return in
	}
	d := b.program.Declared()
	in.Version, in.Flow, in.Computed, in.Manifest = b.version, d.Flow, d.Computed, b.manifest
	routes := d.Routes
	if b.manifest.Routes != nil {
		routes, in.Computed = b.manifest.Routes, false
	}
	for _, r := range routes {
		in.Routes = append(in.Routes, spelled(r))
	}
	if in.Error = d.Error; len(routes) > 0 && !d.Flow {
		in.Error = &sandbox.ScriptError{App: in.App, File: in.File, Name: "Error",
			Message: fmt.Sprintf("%v: the file has routes but no call flow (export default)", errRoute)}
	}
	return in
}

// Grants lists what a manifest grants, a line a key, as the file could say it.
func (m *Manifest) Grants() []string {
	var out []string
	for _, g := range []struct {
		key  string
		list []string
	}{{"fetch", m.Fetch}, {"websocket", m.WebSocket}, {"uses", m.Uses}, {"read", m.Read}, {"write", m.Write}, {"env", m.Env}, {"secrets", m.Secrets}, {"trunks", m.Trunks}} {
		if len(g.list) > 0 {
			out = append(out, line(g.key, g.list))
		}
	}
	return out
}
