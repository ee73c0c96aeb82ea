package sandbox_test

import (
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/callwright/callwright/sandbox"
	"github.com/callwright/callwright/sandbox/sandboxtest"
	"github.com/dop251/goja"
)

// notDeclared are globals that TypeScript's own es2023 declares, or that 'callwright'
// declares, or that only say that they are not built.
var notDeclared = []string{"Intl", "Iterator", "state", "fetch", "WebSocket"}

// globals.d.ts declares what scripts find, name by name and member by member.
func TestGlobalsAreDeclared(t *testing.T) {
	text, err := os.ReadFile("../stdlib/globals.d.ts")
	if err != nil {
		t.Fatal(err)
	}
	declared := map[string][]string{}
	blocks := regexp.MustCompile(`(?m)^declare (?:function (\w+)|(?:const|class) (\w+)([\s\S]*?)\n\})`)
	member := regexp.MustCompile(`(?m)^  (?:static |readonly )*(\w+)(?:<[^>]*>)?[?(:]`)
	for _, m := range blocks.FindAllStringSubmatch(string(text), -1) {
		name := m[1] + m[2]
		declared[name] = []string{}
		for _, f := range member.FindAllStringSubmatch(m[3], -1) {
			if f[1] != "constructor" && !slices.Contains(declared[name], f[1]) {
				declared[name] = append(declared[name], f[1])
			}
		}
	}
	h := sandboxtest.With(t, sandbox.Options{Faces: faces()}, map[string]string{"main.js": prologue + `
		for (const n of Object.getOwnPropertyNames(globalThis)) {
			const v = Object.getOwnPropertyDescriptor(globalThis, n).value, of = o => Object.getOwnPropertyNames(o);
			const own = typeof v === 'function' ? of(v).filter(k => !['length', 'name', 'prototype'].includes(k)) : v && typeof v === 'object' && n !== 'globalThis' ? of(v) : [];
			const all = typeof v === 'function' && v.prototype ? [...own, ...of(v.prototype).filter(k => k !== 'constructor')] : own;
			call.vars[n] = [...new Set(all)].sort();
		} }`})
	r := h.Start("a")
	for name := range declared {
		if !contains(string(r.Vars), `"`+name+`":`) {
			t.Errorf("%s is declared, scripts do not find it", name)
		}
	}
	fresh := goja.New()
	for name, members := range varsOf(t, r) {
		if slices.Contains(notDeclared, name) || fresh.GlobalObject().Get(name) != nil {
			continue
		}
		want, ok := declared[name]
		if !ok {
			t.Errorf("scripts find %s, it is not declared", name)
			continue
		}
		for _, m := range members {
			if !slices.Contains(want, m) {
				t.Errorf("%s.%s is not declared", name, m)
			}
		}
		for _, m := range want {
			// What an instance holds itself is not on the prototype.
			if !slices.Contains(members, m) && !slices.Contains([]string{"target", "currentTarget", "defaultPrevented", "onabort"}, m) {
				t.Errorf("%s.%s is declared, scripts do not find it", name, m)
			}
		}
	}
}
