package sandbox_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/callwright/callwright/sandbox"
	"github.com/callwright/callwright/sandbox/sandboxtest"
)

// Each kind of module says 42 by way of another.
func TestKindsOfModules(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"esm":  {"main.js": `import { n } from './lib/n.js'; import j from './j.json'; export default async call => { await call.gather({ max: n + j.n }) }`, "lib/n.js": `export const n = 40`, "j.json": `{"n":2}`},
		"ts":   {"main.ts": `import { n, type T } from './n'; export default async function (call: { gather(o: object): Promise<T> }): Promise<void> { enum E { A = 2 } await call.gather({ max: n + E.A }) }`, "n.ts": `export type T = number; export const n: T = 40`},
		"cjs":  {"main.js": `const { n } = require('./n'); const cw = require('callwright'); module.exports = async call => { cw.play('x'); await call.gather({ max: n }) }`, "n.js": `exports.n = 42`},
		"mjs":  {"main.mjs": `export default call => call.gather({ max: 42 })`},
		"dir":  {"shop/index.js": `import n from '../_lib.js'; export default call => call.gather({ max: n })`, "_lib.js": `export default 42`},
		"npm":  {"main.js": `import n from 'answer'; export default call => call.gather({ max: n() })`, "node_modules/answer/package.json": `{"name":"answer","main":"lib/a.js"}`, "node_modules/answer/lib/a.js": `module.exports = function () { x = arguments.callee ? 42 : 0; return x }; var x`},
		"new":  {"main.js": `class A { static #n = 40; static { this.m = 2 } static get n() { return A.#n + this.m } } async function* g() { yield A.n } export default async call => { for await (const max of g()) await call.gather({ max: max ?? 0 }) }`},
		"host": {"main.js": `import * as cw from 'callwright'; export default async call => { await call.gather({ max: cw.play('x').file.length * 42 }) }`},
	} {
		t.Run(name, func(t *testing.T) {
			h := sandboxtest.With(t, sandbox.Options{Faces: faces()}, files)
			r := h.Start("a")
			if len(r.Ops) != 1 || !contains(string(r.Ops[0].Args), `"max":42`) {
				t.Fatalf("%+v %v", r, r.Error)
			}
		})
	}
}

// Errors of a script name the author's file, line, column and source line.
func TestErrorsNameTheirPlace(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  string
		src   string
	}{
		"syntax":      {map[string]string{"main.js": "let a = 1;\nlet b = ;\n"}, `main.js:2:9: SyntaxError: Unexpected ";"`, "let b = ;"},
		"typescript":  {map[string]string{"main.ts": "const a: number = 1;\nfunction f(x: {) {}\n"}, `main.ts:2:16: SyntaxError:`, "function f(x: {) {}"},
		"in a module": {map[string]string{"main.js": "import './lib/x.js';", "lib/x.js": "\n\nif (\n"}, `lib/x.js:4:1: SyntaxError: Unexpected end of file`, ""},
		"top level":   {map[string]string{"main.ts": "interface A { a: number }\n\nconst o: any = null;\no.x.y;\n"}, `main.ts:4:3: TypeError: Cannot read property 'x' of`, "o.x.y;"},
		"thrown":      {map[string]string{"main.js": "import { f } from './f.js';\nf();", "f.js": "export function f() {\n  throw new RangeError('no');\n}"}, `f.js:2:9: RangeError: no`, "  throw new RangeError('no');"},
		"missing":     {map[string]string{"main.js": "\nimport x from './none.js';\nx()"}, `main.js:2:15: Error: "./none.js" cannot be found in the scripts directory`, "import x from './none.js';"},
		"no export":   {map[string]string{"main.js": "import { plaay } from 'callwright';\nplaay();"}, `main.js:1:10: SyntaxError: 'callwright' has no export "plaay"; did you mean "play"?`, "import { plaay } from 'callwright';"},
		"later":       {map[string]string{"main.js": "import 'callwright/queue';"}, `main.js:1:8: Error: "callwright/queue" is not built yet`, "import 'callwright/queue';"},
		"node":        {map[string]string{"main.js": "import fs from 'fs';\nfs.x()"}, `main.js:1:16: Error: "fs" is a module of Node, which scripts do not have (main.js → fs)`, "import fs from 'fs';"},
		"await":       {map[string]string{"main.js": "const x = 1;\nawait x;\n"}, `main.js:2:1: SyntaxError: await at the top level is not supported`, "await x;"},
		"dynamic":     {map[string]string{"main.js": "export default () => import('./x.js')", "x.js": ""}, `main.js:1:29: Error: import() is not supported`, "export default () => import('./x.js')"},
		"require":     {map[string]string{"main.js": "const cw = require('callwright');\ncw.plai('x');"}, `main.js:2:1: Error: 'callwright' has no export "plai"; did you mean "play"?`, "cw.plai('x');"},
		"not built":   {map[string]string{"main.js": "import { kv } from 'callwright';\nkv.get('x');"}, `main.js:2:1: Error: kv is not built yet`, "kv.get('x');"},
		"default":     {map[string]string{"main.js": "export default 5"}, `main.js:1:8: TypeError: the default export must be the call flow`, "export default 5"},
		"routes":      {map[string]string{"main.js": "export const routes = ['1', 5]"}, `main.js:1:14: TypeError: routes[1] must be a string or a regular expression, not 5`, "export const routes = ['1', 5]"},
		"regex":       {map[string]string{"main.js": "export const routes = [/^9/, /(?=x)y/]"}, `main.js:1:14: TypeError: routes[1]: /(?=x)y/ cannot be used as a route: invalid or unsupported Perl syntax: ` + "`(?=`", "export const routes = [/^9/, /(?=x)y/]"},
		"api":         {map[string]string{"main.js": "export const api = { f() {}, x: 1 }"}, `main.js:1:14: TypeError: api.x must be a function`, "export const api = { f() {}, x: 1 }"},
		"endless":     {map[string]string{"main.js": "let i = 0;\nfor (;;) i++;\n"}, `main.js:2:`, "for (;;) i++;"},
		"deep":        {map[string]string{"main.js": "const f = n => f(n + 1) + 1;\nf(0);\n"}, `main.js:1:`, "const f = n => f(n + 1) + 1;"},
		"a space":     {map[string]string{"main.js": "import './a b.js'", "a b.js": "null.x"}, `a b.js:1:6: TypeError`, "null.x"},
	} {
		t.Run(name, func(t *testing.T) {
			g, err := sandbox.Load(sandboxtest.Source(t, c.files), sandbox.Options{Faces: faces(), LoadBudget: 200 * time.Millisecond})
			var e *sandbox.ScriptError
			if !errors.As(err, &e) {
				if g != nil {
					g.Stop()
				}
				t.Fatalf("no ScriptError: %v", err)
			}
			if !contains(e.Error(), c.want) || e.Source != c.src {
				t.Errorf("%s\n%q\nwant %s\n%q", e, e.Source, c.want, c.src)
			}
		})
	}
}

func TestFilesOutsideAreRefused(t *testing.T) {
	outside := sandboxtest.Write(t, map[string]string{"secret.js": "export default 1", "key.json": "{}"})
	try := func(name, text string, prepare func(dir string)) {
		dir := sandboxtest.Write(t, map[string]string{"main.js": text})
		if prepare != nil {
			prepare(dir)
		}
		_, err := sandbox.Build(sandbox.AppSource{Name: "main", Root: dir, Entry: filepath.Join(dir, "main.js")})
		if err == nil || !contains(err.Error(), "outside the scripts directory") {
			t.Errorf("%s: %v", name, err)
		}
	}
	link := func(target, name string) func(string) {
		return func(dir string) {
			if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	try("absolute", `import x from '`+outside+`/secret.js'; x`, nil)
	try("dots", `import x from '../`+filepath.Base(outside)+`/secret.js'; x`, func(dir string) {
		if err := os.WriteFile(filepath.Join(dir, "..", "secret.js"), []byte("export default 1"), 0o644); err != nil {
			t.Fatal(err)
		}
	})
	try("require", `require('`+outside+`/key.json')`, nil)
	try("link", `import x from './l.js'; x`, link(filepath.Join(outside, "secret.js"), "l.js"))
	try("folder", `import x from './d/secret.js'; x`, link(outside, "d"))
	dir := t.TempDir()
	link(filepath.Join(outside, "secret.js"), "main.js")(dir)
	if _, err := sandbox.Build(sandbox.AppSource{Name: "main", Root: dir, Entry: filepath.Join(dir, "main.js")}); err == nil {
		t.Error("an entry by link is built")
	}
}

func TestVersionIsTheContent(t *testing.T) {
	version := func(text string) string {
		p, err := sandbox.Build(sandboxtest.Source(t, map[string]string{"main.js": text}))
		if err != nil {
			t.Fatal(err)
		}
		return p.Version
	}
	a, b := version("export default 1"), version("export default 2")
	if len(a) != 12 || a == b || a != version("export default 1") {
		t.Error(a, b)
	}
}

func TestApps(t *testing.T) {
	dir := sandboxtest.Write(t, map[string]string{"main.js": "", "shop/index.ts": "", "ivr.ts": "", "ivr.test.ts": "", "types.d.ts": "", "prompts/main.js": "",
		"node_modules/main.js": "", ".hidden.js": "", "_lib.js": "", "readme.md": "", "empty/x.js": "", "old.cjs": "", "Q/main.js": "", "Q/index.js": ""})
	apps, err := sandbox.Apps(dir)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, a := range apps {
		got[a.Name], _ = filepath.Rel(dir, a.Entry)
	}
	if want := map[string]string{"main": "main.js", "shop": "shop/index.ts", "ivr": "ivr.ts", "old": "old.cjs", "Q": "Q/main.js"}; !reflect.DeepEqual(got, want) {
		t.Error(got)
	}
	if err := os.WriteFile(filepath.Join(dir, "shop.js"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := sandbox.Apps(dir); !errors.Is(err, sandbox.ErrTwice) {
		t.Error(err)
	}
}

func TestExports(t *testing.T) {
	h := flow(t, `export const routes = ['+442033*', /^9\d{3}$/i, /^sip:\u0061[\w\-]+@x\/y$/]; export const api = { price() {}, b: async () => 1 };`)
	want := []sandbox.Route{{Literal: "+442033*"}, {Pattern: `^9\d{3}$`, Flags: "i", RE2: `(?i)^9\d{3}$`},
		{Pattern: `^sip:\u0061[\w\-]+@x\/y$`, RE2: `^sip:\x{61}[\w\-]+@x\/y$`}}
	if !reflect.DeepEqual(h.Routes(), want) {
		t.Errorf("%+v", h.Routes())
	}
	if h.HasFlow() || !reflect.DeepEqual(h.API(), []string{"b", "price"}) || h.App() != "main" {
		t.Error(h.HasFlow(), h.API(), h.App())
	}
	c := flow(t, `module.exports = { default: async call => {}, routes: ['1'] }`)
	if !c.HasFlow() || len(c.Routes()) != 1 {
		t.Error(c.HasFlow(), c.Routes())
	}
}

// The entry's exports are handed over as they are, whether esbuild makes them of an ES
// module or a file has been through esbuild before.
func TestExportsAreNotCopied(t *testing.T) {
	bundled := "var __toCommonJS = x => { throw new Error('copied') };\nvar own = { default: async () => { console.log('flow') }, routes: ['2'] };\nmodule.exports = __toCommonJS(own);\n"
	for name, text := range map[string]string{
		"module": "export const routes = ['1', '2'].slice(1);\nexport default async () => { console.log('flow') }\n",
		"file":   bundled,
	} {
		src := sandboxtest.Source(t, map[string]string{"main.js": text})
		p, err := sandbox.Build(src)
		if err != nil {
			t.Fatal(name, err)
		}
		if strings.Contains(string(p.Code), "\nmodule.exports = __toCommonJS") {
			t.Errorf("%s: the exports are copied:\n%s", name, p.Code)
		}
		h := sandboxtest.With(t, sandbox.Options{}, map[string]string{"main.js": text})
		h.OpenUnit("u", sandbox.CallUnit)
		if r := h.Start("u"); !r.Settled || r.Error != nil || len(r.Logs) != 1 || r.Logs[0].Text != "flow" {
			t.Errorf("%s: %+v", name, r)
		}
	}
}
