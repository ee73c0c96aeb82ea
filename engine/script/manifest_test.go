package script

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/callwright/callwright/sandbox"
)

const whole = `# what this app may do
routes: ['5000', +44 20 7946*, '/^9\d{3}$/']
fetch: [api.example.com, '*.example.org', 10.0.0.1:8080]
uses: [billing]
maxCalls: 20
budgets: {activation: 50ms, timers: 10, promises: 20, logsPerSecond: 5, heap: 64MB}
isolation: process
reload:
  canary: 5
  watch: false
  rollback: {errors: 2, within: 30s}
`

func TestManifest(t *testing.T) {
	m, err := ParseManifest("a", "a/app.yaml", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Routes) != 3 || m.Routes[1].Literal != "+44 20 7946*" || m.Routes[2].Pattern != `^9\d{3}$` || m.MaxCalls != 20 || m.Isolation != IsolationProcess {
		t.Errorf("manifest %+v", m)
	}
	if want := (Budgets{Activation: 50 * time.Millisecond, Timers: 10, Promises: 20, LogsPerSecond: 5, Heap: 64 << 20}); m.Budgets != want {
		t.Errorf("budgets %+v", m.Budgets)
	}
	if want := (Reload{5, true, Rollback{2, 30 * time.Second}, false}); m.Reload != want {
		t.Errorf("reload %+v", m.Reload)
	}
	for _, empty := range []string{"", "# nothing\n", "---\n", "null\n"} {
		if m, err := ParseManifest("a", "a.yaml", []byte(empty)); err != nil || m.Routes != nil || m.GrantsUse("x") == nil {
			t.Errorf("%q: %+v %v", empty, m, err)
		}
	}
	if m, err := ParseManifest("a", "a.yaml", []byte("reload: {policy: replay}")); err != nil || !m.Reload.Replay || m.Reload.Canary != 0 {
		t.Errorf("replay: %+v, %v", m, err)
	}
	if m, err := ParseManifest("a", "a.yaml", []byte("reload: {policy: canary}")); err != nil || m.Reload.Canary != 5 || m.Reload.Rollback.Errors != 3 {
		t.Errorf("%+v %v", m, err)
	}
}

func TestManifestErrors(t *testing.T) {
	for text, want := range map[string]string{
		"fecth: [a]":                                `a/app.yaml:1:1: BadManifest: no key "fecth", did you mean "fetch"?`,
		"uses: [A]\nbudgets:\n  timer: 3":           `a/app.yaml:3:3: BadManifest: no key "budgets.timer", did you mean "budgets.timers"?`,
		"zzz: 1":                                    `a/app.yaml:1:1: BadManifest: no key "zzz"; there are routes,`,
		"maxCalls: many":                            `a/app.yaml:1:11: BadManifest: maxCalls must be a whole number, not text`,
		"maxCalls: 0":                               `maxCalls must be between 1 and`,
		"fetch: {a: b}":                             `a/app.yaml:1:`,
		"fetch: [https://x.example/]":               `a/app.yaml:1:9: BadManifest: fetch[0]: "https://x.example/" is not a host`,
		"fetch: [a, 3.5]":                           `fetch[1] must be text, not a number`,
		"websocket: [wss://x.example/]":             `a/app.yaml:1:13: BadManifest: websocket[0]: "wss://x.example/" is not a host`,
		"read: [../x]":                              `read[0]: "../x" is not a folder`,
		"write: [/]":                                `write[0]: "/" is not a folder`,
		"secrets: [a/b]":                            `secrets[0]: "a/b" is not the name of a secret`,
		"untrusted: 1":                              `untrusted must be true or false`,
		"trunk: [carrier]":                          `no key "trunk", did you mean "trunks"?`,
		"http: opn":                                 `http must be open or token, did you mean open?`,
		"repl: 0":                                   `repl must be true or false`,
		"routes: ['/(?=x)/']":                       `a/app.yaml:1:10: BadManifest: routes[0]: /(?=x)/ cannot be used as a route`,
		"routes: ['']":                              `it is empty`,
		"reload: {policy: drian}":                   `must be drain or canary or replay, did you mean drain?`,
		"reload: {canary: 101}":                     `per cent of new calls`,
		"budgets: {activation: 50}":                 ``,
		"budgets: {activation: fast}":               `must be a time between`,
		"budgets: {heap: 5}":                        `between 1MB and 64GB`,
		"budgets: {app: {timer: 5}}":                `no key "budgets.app.timer", did you mean "budgets.app.timers"?`,
		"budgets: {app: {fetches: 0}}":              `budgets.app.fetches must be between 1 and`,
		"reload: {watch: yes}":                      `must be true or false, not text`,
		"- a":                                       `a/app.yaml:1:1: BadManifest: a manifest must be keys with values, not a list`,
		"a: [":                                      `a/app.yaml:1:`,
		"fetch: [a]\nfetch: [b]":                    `a/app.yaml:2:1: BadManifest: `,
		"fetch: &x [a]\nuses: *x":                   `fetch must be a list`,
		"fetch: [a]\n---\nfetch: [b]":               `second document`,
		"fetch:\n\t- a":                             `a/app.yaml:2:`,
		"isolation: shared\nbudgets:\n  heap: 64MB": `a/app.yaml:3:9: BadManifest: budgets.heap bounds an app's own process`,
		"isolation: 3":                              `isolation must be process or shared`,
		strings.Repeat("a: {", 100) + "1":           `a/app.yaml:1:`,
	} {
		_, err := ParseManifest("a", "a/app.yaml", []byte(text))
		if want == "" {
			if err != nil {
				t.Errorf("%q: %v", text, err)
			}
			continue
		}
		var e *sandbox.ScriptError
		if !errors.As(err, &e) || !strings.Contains(err.Error(), want) || e.Line == 0 || e.Source == "" {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func TestGrants(t *testing.T) {
	m, err := ParseManifest("a", "a/app.yaml", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	none, all := &Manifest{file: "a.yaml"}, &Manifest{file: "a.yaml", Fetch: []string{"*"}}
	for name, ask := range map[string]struct {
		err  error
		want string // "" for granted
	}{
		"host":           {m.GrantsFetch("API.example.com"), ""},
		"its tls port":   {m.GrantsFetch("api.example.com:443"), ""},
		"other port":     {m.GrantsFetch("api.example.com:8443"), "`fetch: [api.example.com, '*.example.org', '10.0.0.1:8080', 'api.example.com:8443']`"},
		"below":          {m.GrantsFetch("a.b.example.org"), ""},
		"domain itself":  {m.GrantsFetch("example.org"), "not granted"},
		"looks like it":  {m.GrantsFetch("evilexample.org"), "not granted"},
		"any host, port": {all.GrantsFetch("x:443"), ""},
		"private, any":   {all.grantsHost("fetch", all.Fetch, "10.0.0.1:80", true), "`fetch: ['*', 10.0.0.1]`"},
		"private, exact": {m.grantsHost("fetch", m.Fetch, "10.0.0.1:8080", true), ""},
		"address":        {m.GrantsFetch("10.0.0.1:8080"), ""},
		"address, bare":  {m.GrantsFetch("10.0.0.1"), "not granted"},
		"websocket":      {m.grantsHost("websocket", m.WebSocket, "feed.example.com:443", false), "add to a/app.yaml the line `websocket: [feed.example.com]`"},
		"no manifest":    {none.GrantsFetch("x.example.com"), "not granted: fetch \"x.example.com\"; add to a.yaml the line `fetch: [x.example.com]`"},
		"env, none":      {m.GrantsName("env", "HOME"), "add to a/app.yaml the line `env: [HOME]`"},
		"read":           {(&Manifest{Read: []string{"data"}}).GrantsName("read", "data"), ""},
		"uses":           {m.GrantsUse("billing"), ""},
		"uses, other":    {m.GrantsUse("crm"), "`uses: [billing, crm]`"},
	} {
		if ask.want == "" && ask.err != nil || ask.want != "" && (!errors.Is(ask.err, ErrDenied) || !strings.Contains(ask.err.Error(), ask.want)) {
			t.Errorf("%s: %v, want %q", name, ask.err, ask.want)
		}
	}
}

// A manifest is part of the version: what it says counts, not how it is written.
func TestManifestMakesAVersion(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"a.js": routes("1") + flow, "b/main.js": routes("2") + flow, "b/app.yaml": "maxCalls: 2\n"})
	c := openAll(t, dir)
	a, b := serves(t, c, "1", "a"), serves(t, c, "2", "b")
	write(t, dir, map[string]string{"a.yaml": "routes: ['7000']\n", "b/app.yaml": "# two\nmaxCalls:   2\n"})
	out := c.Reload("")
	if out[0].To == a || out[1].To != b {
		t.Errorf("outcomes %+v", out)
	}
	serves(t, c, "1", "")
	serves(t, c, "7000", "a")
	write(t, dir, map[string]string{"a.yaml": "rutes: []\n"})
	if out := c.Reload(""); out[0].Error == nil || out[0].Error.Error() != `a.yaml:1:1: BadManifest: no key "rutes", did you mean "routes"?` {
		t.Errorf("outcome %+v", out[0])
	}
	serves(t, c, "7000", "a")
	os.Remove(filepath.Join(dir, "a.yaml"))
	if out := c.Reload(""); out[0].To != a || out[0].Error != nil {
		t.Errorf("outcome %+v", out[0])
	}
}

func FuzzManifest(f *testing.F) {
	f.Add(whole)
	f.Add("a: &a [*a]")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := ParseManifest("a", "a.yaml", []byte(text))
		var e *sandbox.ScriptError
		if err != nil && (!errors.As(err, &e) || e.File != "a.yaml") || err == nil && m == nil {
			t.Errorf("%+v %v", m, err)
		}
	})
}
