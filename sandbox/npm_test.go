package sandbox_test

import (
	"testing"

	"github.com/callwright/callwright/sandbox"
	"github.com/callwright/callwright/sandbox/sandboxtest"
)

// Packages in pure JavaScript are found by each of the fields that say where they begin.
func TestPackages(t *testing.T) {
	pkg := func(name, json, file, text string) map[string]string {
		return map[string]string{"main.js": `import n from '` + name + `'; export default call => call.gather({ max: n })`,
			"node_modules/" + name + "/package.json": json, "node_modules/" + name + "/" + file: text}
	}
	for name, files := range map[string]map[string]string{
		"main":        pkg("a", `{"main":"x.js"}`, "x.js", `module.exports = 42`),
		"module":      pkg("a", `{"main":"no.js","module":"x.js"}`, "x.js", `export default 42`),
		"browser":     pkg("a", `{"main":"no.js","browser":"x.js"}`, "x.js", `module.exports = 42`),
		"exports":     pkg("a", `{"exports":{"node":"./no.js","import":"./x.mjs"}}`, "x.mjs", `export default 42`),
		"scope":       pkg("@s/a", `{"exports":{".":{"default":"./x.js"}}}`, "x.js", `module.exports = 42`),
		"environment": pkg("a", `{}`, "index.js", `module.exports = process.env.NODE_ENV === 'production' && global.Buffer ? 42 : 0`),
		"node's own":  pkg("a", `{}`, "index.js", `const { Buffer } = require('buffer'), { createHash } = require('node:crypto'); module.exports = createHash('md5').digest().length + Buffer.alloc(26).length`),
	} {
		t.Run(name, func(t *testing.T) {
			r := sandboxtest.With(t, sandbox.Options{Faces: faces()}, files).Start("a")
			if len(r.Ops) != 1 || !contains(string(r.Ops[0].Args), `"max":42`) {
				t.Fatalf("%+v %v", r, r.Error)
			}
		})
	}
}

// A library that cannot run here is refused with the way that leads to it.
func TestPackagesThatCannotRun(t *testing.T) {
	for want, files := range map[string]map[string]string{
		`node_modules/b/index.js:1:20: Error: "fs" is a module of Node, which scripts do not have (main.ts → node_modules/a/index.js → node_modules/b/index.js → fs): take a library in pure JavaScript`: {
			"main.ts": `import 'a'`, "node_modules/a/index.js": `require('b')`, "node_modules/b/index.js": `const fs = require('fs')`},
		`"node:net" is a module of Node`: {"main.js": `import 'node:net'`},
		`addon.node is machine code, scripts run JavaScript only (main.js → node_modules/a/index.js)`: {
			"main.js": `import 'a'`, "node_modules/a/index.js": `module.exports = require('./addon.node')`, "node_modules/a/addon.node": "\x7fELF"},
		`"lodash" cannot be found in the scripts directory (main.js → lodash): install it into node_modules beside the app`: {"main.js": `import 'lodash'`},
	} {
		_, err := sandbox.Build(sandboxtest.Source(t, files))
		if err == nil || !contains(err.Error(), want) {
			t.Errorf("%v\nwant %s", err, want)
		}
	}
	// What a library throws names its own file and line.
	h := sandboxtest.With(t, sandbox.Options{Faces: faces()}, map[string]string{
		"main.js": "import { f } from 'a';\nexport default async call => {\n  await null;\n  f();\n}", "node_modules/a/index.js": "\nexports.f = () => {\n  throw new TypeError('no');\n};"})
	r := h.Start("a")
	if r.Error == nil || r.Error.File != "node_modules/a/index.js" || r.Error.Line != 3 || !contains(r.Error.Stack, "main.js:4:") {
		t.Errorf("%+v", r.Error)
	}
}
