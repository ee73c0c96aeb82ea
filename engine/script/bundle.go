package script

import (
	"fmt"
	"path/filepath"
	"slices"

	"github.com/callwright/callwright/sandbox"
)

// bundle is one version of an app before it runs: named by its content, immutable.
type bundle struct {
	app, version string
	file         string // entry, below the scripts directory, with slashes
	files        []string
	manifest     *Manifest
	text         []byte // of the manifest, nil without one
	extra        []byte // that is in the version's name beside the code
	program      *sandbox.Program
}

// compileApp reads an app's manifest and bundles its files, and runs nothing.
func compileApp(src sandbox.AppSource, faces []sandbox.Face) (*bundle, error) {
	file, err := filepath.Rel(src.Root, src.Entry)
	if err != nil {
		return nil, fmt.Errorf("script: %w", err)
	}
	b := &bundle{app: src.Name, file: filepath.ToSlash(file)}
	if b.manifest, b.text, err = readManifest(src.Root, src.Name, b.file); err != nil {
		return nil, err
	}
	b.extra = b.manifest.canonical()
	src.Extra = b.extra
	if b.program, err = sandbox.Bundle(src, faces); err != nil {
		return nil, err
	}
	b.version, b.files = b.program.Version, b.program.Files
	return b, nil
}

// sources are the files the author wrote, with the manifest, by path.
func (b *bundle) sources() map[string]string {
	out := map[string]string{}
	if b.program != nil {
		for name, text := range b.program.Sources() {
			if slices.Contains(b.files, name) {
				out[name] = text
			}
		}
	}
	if b.text != nil {
		out[b.manifest.file] = string(b.text)
	}
	return out
}

// routesOf are the routes that count: the manifest's replace those exported.
func (b *bundle) routesOf(script loaded) []sandbox.Route {
	if b.manifest.Routes != nil {
		return b.manifest.Routes
	}
	return script.Routes()
}
