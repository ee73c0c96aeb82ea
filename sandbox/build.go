package sandbox

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/dop251/goja"
	"github.com/dop251/goja/parser"
	"github.com/evanw/esbuild/pkg/api"
)

// AppSource says where the files of an app are.
type AppSource struct {
	Name  string
	Root  string // the scripts directory; no file outside of it is read
	Entry string // path of the entry file
	// Exports are the names that modules may import from 'callwright'. Nil: an
	// unknown name is found when it is used, not when it is imported. Load fills it.
	Exports []string
}

// Program is a bundled and compiled app. It is immutable and shared by isolates.
type Program struct {
	App     string
	Version string   // first 12 hexadecimal digits of the bundle's SHA-256
	Code    []byte   // the bundle, one function expression
	Files   []string // read to build it, relative to the scripts directory, with slashes

	sources sources
	program *goja.Program
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
	maxBundleLen = 32 << 20
)

// lowered are features of ES2022 that goja lacks and esbuild can express otherwise.
var lowered = map[string]bool{
	"async-generator": false,
	"for-await":       false,
	"top-level-await": false,
}

// Build bundles an app from disk: ES modules, TypeScript, CommonJS and JSON. An
// error that is the author's is a *ScriptError. It takes 2 ms for a plain file.
func Build(src AppSource) (*Program, error) {
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
	j := jail{root: root, exports: src.Exports}
	if entry, err = j.inside(entry); err != nil {
		return nil, &ScriptError{App: src.Name, File: filepath.Base(src.Entry), Name: "Error", Message: err.Error()}
	}
	res := api.Build(j.options(entry))
	if len(res.Errors) > 0 {
		return nil, fromEsbuild(src.Name, root, res.Errors[0])
	}
	return compile(src.Name, res)
}

func (j jail) options(entry string) api.BuildOptions {
	return api.BuildOptions{
		EntryPoints:    []string{entry},
		AbsWorkingDir:  j.root,
		Outfile:        filepath.Join(j.root, bundleName),
		Bundle:         true,
		Format:         api.FormatCommonJS,
		Platform:       api.PlatformNeutral,
		MainFields:     []string{"module", "main"},
		Conditions:     []string{"import", "default"},
		Target:         api.ES2022,
		Supported:      lowered,
		Sourcemap:      api.SourceMapExternal,
		SourcesContent: api.SourcesContentInclude,
		TreeShaking:    api.TreeShakingTrue,
		Charset:        api.CharsetUTF8,
		LegalComments:  api.LegalCommentsNone,
		Metafile:       true,
		LogLevel:       api.LogLevelSilent,
		// A tsconfig.json above the scripts directory must not be read.
		TsconfigRaw: "{}",
		Banner:      map[string]string{"js": banner},
		Footer:      map[string]string{"js": footer},
		Plugins:     []api.Plugin{j.plugin()},
	}
}

func compile(app string, res api.BuildResult) (*Program, error) {
	var code, smap []byte
	for _, f := range res.OutputFiles {
		if strings.HasSuffix(f.Path, ".map") {
			smap = f.Contents
		} else {
			code = f.Contents
		}
	}
	if len(code) > maxBundleLen {
		return nil, &ScriptError{App: app, Name: "RangeError",
			Message: fmt.Sprintf("the bundle has %d bytes, at most %d are allowed", len(code), maxBundleLen)}
	}
	if strings.Contains(res.Metafile, `"format": "cjs"`) {
		code = bytes.Replace(code, []byte(strictMark), []byte(sloppyMark), 1)
	}
	sum := sha256.Sum256(code)
	p := &Program{App: app, Version: hex.EncodeToString(sum[:6]), Code: code,
		Files: filesOf(res.Metafile), sources: readSources(smap)}
	text := string(code) + "\n//# sourceMappingURL=" + bundleName + ".map\n"
	load := func(string) ([]byte, error) { return smap, nil }
	ast, err := goja.Parse(bundleName, text, parser.WithSourceMapLoader(load))
	if err == nil {
		p.program, err = goja.CompileAST(ast, false)
	}
	if err != nil {
		return nil, p.fromCompile(err)
	}
	return p, nil
}
