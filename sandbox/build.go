package sandbox

import (
	"bytes"
	"fmt"
	"maps"
	"path/filepath"
	"strings"

	"github.com/dop251/goja"
	"github.com/evanw/esbuild/pkg/api"

	"github.com/callwright/callwright/stdlib"
)

// AppSource says where the files of an app are.
type AppSource struct {
	Name  string
	Root  string // the scripts directory; no file outside of it is read
	Entry string // path of the entry file
	// Exports are the names that modules may import from 'callwright'. Nil: an
	// unknown name is found when it is used, not when it is imported. Load fills it.
	Exports []string
	// Extra is what else makes a version beside the code, such as the app's manifest:
	// another Extra is another version. Nil adds nothing.
	Extra []byte
	// Modules are the host's own modules in JavaScript, by name ("callwright/test").
	// They import from 'callwright' what is beneath them. In errors and stacks it is
	// their caller's line that counts.
	Modules map[string]string
}

// Program is a bundled and compiled app. It is immutable and shared by isolates.
type Program struct {
	App     string
	Version string   // first 12 hexadecimal digits of the SHA-256 of bundle and Extra
	Code    []byte   // the bundle, one function expression
	Map     []byte   // its source map, with the sources themselves
	Files   []string // read to build it, relative to the scripts directory, with slashes

	sources  sources
	program  *goja.Program
	counters *counters // of a program that counts its lines
}

// The bundle is one function, so that a unit instantiates its modules by a call: no
// top-level variable is shared. The strict marker is blanked when a CommonJS file
// takes part, for such files may count on sloppy mode.
const (
	banner       = `(function (module, exports, require, __host) {` + strictMark
	strictMark   = `"use strict";`
	sloppyMark   = `             `
	footer       = `})`
	bundleName   = "callwright.app"
	hostSpecial  = "callwright"
	hostPrefix   = "callwright/"
	hostNS       = "callwright-host"
	nodeNS       = "callwright-node"
	maxBundleLen = 32 << 20
)

// lowered are features of ES2022 that goja lacks and esbuild can express otherwise.
var lowered = map[string]bool{
	"async-generator": false,
	"for-await":       false,
	"top-level-await": false,
	// These become calls that the host guards: new RegExp and Math.pow.
	"regexp-unicode-property-escapes": false,
	"exponent-operator":               false,
}

// Build bundles an app from disk and compiles it: ES modules, TypeScript, CommonJS and
// JSON. An error that is the author's is a *ScriptError. It takes 2 ms for a plain file.
func Build(src AppSource) (*Program, error) {
	p, err := bundle(src)
	if err != nil {
		return nil, err
	}
	return p, p.parse()
}

func bundle(src AppSource) (*Program, error) {
	root, err := filepath.EvalSymlinks(src.Root)
	if err != nil {
		return nil, fmt.Errorf("sandbox: scripts directory: %w", err)
	}
	if root, err = filepath.Abs(root); err != nil {
		return nil, fmt.Errorf("sandbox: scripts directory: %w", err)
	}
	entry := src.Entry
	if !filepath.IsAbs(entry) {
		if entry, err = filepath.Abs(entry); err != nil {
			return nil, fmt.Errorf("sandbox: %w", err)
		}
	}
	modules := stdlib.Modules()
	maps.Copy(modules, src.Modules)
	j := jail{root: root, trail: &trail{from: map[string]string{}}, exports: src.Exports, modules: modules}
	if entry, err = j.inside(entry); err != nil {
		return nil, &ScriptError{App: src.Name, File: filepath.Base(src.Entry), Name: "Error", Message: err.Error()}
	}
	res := api.Build(j.options(entry))
	if len(res.Errors) > 0 {
		return nil, fromEsbuild(src.Name, root, res.Errors[0])
	}
	return programOf(src, res)
}

func (j jail) options(entry string) api.BuildOptions {
	return api.BuildOptions{
		EntryPoints:    []string{entry},
		AbsWorkingDir:  j.root,
		Outfile:        filepath.Join(j.root, bundleName),
		Bundle:         true,
		Format:         api.FormatCommonJS,
		Platform:       api.PlatformNeutral,
		MainFields:     []string{"browser", "module", "main"},
		Conditions:     []string{"browser", "import", "default"},
		Target:         api.ES2022,
		Supported:      lowered,
		Sourcemap:      api.SourceMapExternal,
		SourcesContent: api.SourcesContentInclude,
		TreeShaking:    api.TreeShakingTrue,
		Charset:        api.CharsetUTF8,
		LegalComments:  api.LegalCommentsNone,
		Metafile:       true,
		LogLevel:       api.LogLevelSilent,
		// What libraries ask for that were written for Node or for browsers.
		Define: map[string]string{"process.env.NODE_ENV": `"production"`, "global": "globalThis"},
		// A tsconfig.json above the scripts directory must not be read.
		TsconfigRaw: "{}",
		Banner:      map[string]string{"js": banner},
		Footer:      map[string]string{"js": footer},
		Plugins:     []api.Plugin{j.plugin()},
	}
}

// plainExports has the entry module's exports handed over as they are. esbuild copies
// them into an object marked __esModule, getter by getter, which each call would pay for
// and nobody reads. The statement stands before any of the author's; lines stay.
func plainExports(code []byte) []byte {
	const made, copied = "\nmodule.exports = ", "__toCommonJS("
	from := bytes.Index(code, []byte(made+copied))
	if from < 0 {
		return code
	}
	from += len(made)
	end := bytes.Index(code[from:], []byte(");\n"))
	if end < 0 {
		return code
	}
	name := code[from+len(copied) : from+end]
	return bytes.Join([][]byte{code[:from], name, code[from+end+1:]}, nil)
}

func programOf(src AppSource, res api.BuildResult) (*Program, error) {
	p := &Program{App: src.Name, Files: filesOf(res.Metafile)}
	for _, f := range res.OutputFiles {
		if strings.HasSuffix(f.Path, ".map") {
			p.Map = f.Contents
		} else {
			p.Code = f.Contents
		}
	}
	if len(p.Code) > maxBundleLen {
		return nil, &ScriptError{App: src.Name, Name: "RangeError",
			Message: fmt.Sprintf("the bundle has %d bytes, at most %d are allowed", len(p.Code), maxBundleLen)}
	}
	if strings.Contains(res.Metafile, `"format": "cjs"`) {
		p.Code = bytes.Replace(p.Code, []byte(strictMark), []byte(sloppyMark), 1)
	}
	p.Code = plainExports(p.Code)
	p.Version = VersionOf(p.Code, src.Extra)
	p.sources = readSources(p.Map)
	return p, nil
}
