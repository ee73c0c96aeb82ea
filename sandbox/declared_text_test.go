package sandbox_test

import (
	"testing"

	"github.com/callwright/callwright/sandbox"
	"github.com/callwright/callwright/sandbox/sandboxtest"
)

func TestDeclaredByText(t *testing.T) {
	for text, want := range map[string]sandbox.Declared{
		`import './n'; export const routes = ['5000', /^9\d$/i]; export default async call => { throw 1 }`: {Flow: true,
			Routes: []sandbox.Route{{Literal: "5000"}, {Pattern: `^9\d$`, Flags: "i", RE2: `(?i)^9\d$`}}},
		`import { n } from './n'; export const routes = ['1', n];`:                             {Computed: true, Routes: []sandbox.Route{{Literal: "1"}}},
		`import { routes } from './n'; export { routes };`:                                     {Routes: []sandbox.Route{{Literal: "7"}}},
		`export default async function (call) {}`:                                              {Flow: true},
		`export const routes = ['1'].concat(['2']);`:                                           {Computed: true},
		`import * as n from './n'; export const routes = ['3']; let o; o = n; console.log(o);`: {Routes: []sandbox.Route{{Literal: "3"}}},
		`module.exports = { routes: ['1'], default: async call => {} };`:                       {Computed: true, Flow: true},
	} {
		p, err := sandbox.Build(sandboxtest.Source(t, map[string]string{"main.js": text, "n.js": "export const n = '2'; export const routes = ['7'];"}))
		if err != nil {
			t.Fatal(err)
		}
		got := p.Declared()
		if got.Error != nil {
			t.Errorf("%s: %v", text, got.Error)
		}
		if got.Flow != want.Flow || got.Computed != want.Computed || len(got.Routes) != len(want.Routes) {
			t.Errorf("%s: %+v, want %+v", text, got, want)
			continue
		}
		for i := range want.Routes {
			if got.Routes[i] != want.Routes[i] {
				t.Errorf("%s: %+v, want %+v", text, got, want)
			}
		}
	}
	p, err := sandbox.Build(sandboxtest.Source(t, map[string]string{"main.js": "\nexport const routes = [/^1/, /(?<!x)/];"}))
	if err != nil {
		t.Fatal(err)
	}
	if d := p.Declared(); d.Error == nil || !contains(d.Error.Error(), "main.js:2:14: TypeError: routes[1]: /(?<!x)/ cannot be used as a route") {
		t.Errorf("a route that cannot be one: %v", d.Error)
	}
}
