package script

import (
	"errors"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/callwright/callwright/sandbox"
)

// plain is a generation without a runtime.
type plain struct {
	version  string
	routes   []sandbox.Route
	noFlow   bool
	files    []string
	manifest *Manifest
	retired  *atomic.Int32
}

func (p plain) Routes() []sandbox.Route { return p.routes }
func (p plain) HasFlow() bool           { return !p.noFlow }
func (p plain) Stop()                   { p.Retire() }
func (p plain) Retire() {
	if p.retired != nil {
		p.retired.Add(1)
	}
}

// routesOf writes /regular expressions/ and literals as authors do.
func routesOf(texts ...string) []sandbox.Route {
	var rs []sandbox.Route
	for _, text := range texts {
		if source, flags, ok := strings.Cut(strings.TrimPrefix(text, "/"), "/"); ok && text[0] == '/' {
			re2 := source
			if strings.Contains(flags, "i") {
				re2 = "(?i)" + source
			}
			rs = append(rs, sandbox.Route{Pattern: source, Flags: flags, RE2: re2})
			continue
		}
		rs = append(rs, sandbox.Route{Literal: text})
	}
	return rs
}

// tableOf compiles routes by app; the order of Go's maps must not matter.
func tableOf(t testing.TB, apps map[string][]string) *table {
	t.Helper()
	serving := map[string]*generation{}
	for app, texts := range apps {
		p := plain{version: "v1", routes: routesOf(texts...)}
		claims, err := compile(p.routes)
		if err != nil {
			t.Fatal(err)
		}
		serving[app] = &generation{bundle: &bundle{app: app, version: "v1"}, script: p, claims: claims}
	}
	return newTable(serving)
}

func TestRoutePrecedence(t *testing.T) {
	table := tableOf(t, map[string][]string{
		"main":   {"1000"},
		"exact":  {"5000", "+44 (20) 33-44", "*98", "john.doe", "sip:vip@Example.com"},
		"short":  {"+44*", "sip:sales@*"},
		"long":   {"+442033*", "50*"},
		"b-re":   {`/^9\d{3}$/`, `/^conf/i`},
		"a-re":   {`/^99/`, `/^sip:.*@partner\.example$/`},
		"zstick": {`/77/y`},
	})
	for _, c := range []struct {
		user, host, want string
	}{
		{"5000", "x", "exact"},
		{"50-00", "x", "exact"},                 // visual separators
		{"%35000", "x", "exact"},                // percent-encoded
		{"5000;phone-context=+1", "x", "exact"}, // parameters of the user part
		{"+442033%2044", "x", "exact"},
		{"+44.20.33.44", "x", "exact"},
		{"+4420334", "x", "long"}, // longest prefix
		{"+442034", "x", "short"},
		{"5001", "x", "long"},
		{"50", "x", "long"},
		{"*98", "x", "exact"}, // a star in front is a digit
		{"*9", "x", "main"},
		{"john.doe", "x", "exact"},
		{"johndoe", "x", "main"}, // a name keeps its dots
		{"JOHN.DOE", "x", "main"},
		{"vip", "example.COM", "exact"},
		{"vip", "other.example", "main"},
		{"sales", "anything", "short"},
		{"9911", "x", "a-re"}, // by app name
		{"9111", "x", "b-re"},
		{"91111", "x", "main"},
		{"CONF-1", "x", "b-re"},
		{"bob", "partner.example", "a-re"},
		{"770", "x", "zstick"},
		{"177", "x", "main"},
		{"", "x", "main"},
		{"%zz", "x", "main"},
		{"1000", "x", "main"},
	} {
		to, ok := table.route(c.user, c.host)
		if !ok || to.app != c.want {
			t.Errorf("%s@%s goes to %q %v, want %s", c.user, c.host, to.app, ok, c.want)
		}
	}
}

func TestRouteWithoutMain(t *testing.T) {
	table := tableOf(t, map[string][]string{"a": {"5000"}, "silent": nil})
	if to, ok := table.route("6000", "x"); ok {
		t.Errorf("6000 goes to %v", to)
	}
	all := tableOf(t, map[string][]string{"a": {"5000"}, "rest": {"*"}})
	if to, _ := all.route("anything", "x"); to.app != "rest" {
		t.Errorf("a star alone is %v", to)
	}
}

func TestPrefixLengths(t *testing.T) {
	var texts []string
	for n := 1; n <= 30; n++ {
		texts = append(texts, strings.Repeat("1", n)+"*")
	}
	apps := map[string][]string{}
	for i, text := range texts {
		apps["app"+strconv.Itoa(i+1)] = []string{text}
	}
	table := tableOf(t, apps)
	for n := 1; n <= 30; n++ {
		if to, _ := table.route(strings.Repeat("1", n)+"2", "h"); to.app != "app"+strconv.Itoa(n) {
			t.Errorf("%d digits go to %s", n, to.app)
		}
	}
}

func TestBadRoutes(t *testing.T) {
	for text, want := range map[string]string{
		"":                  "empty",
		"sip:*@example.com": "must come last",
		`/(/`:               "missing closing",
	} {
		_, err := compile(routesOf("5000", text))
		if !errors.Is(err, errRoute) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "routes[1]") {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func FuzzRoute(f *testing.F) {
	f.Add("+44 20*", "%2B4420", "example.com")
	f.Add("sip:a@b*", "a;x=y", "B")
	f.Fuzz(func(t *testing.T, literal, user, host string) {
		c, err := compile([]sandbox.Route{{Literal: literal}})
		if err != nil {
			return
		}
		g := &generation{bundle: &bundle{version: "v"}, script: plain{}, claims: c}
		newTable(map[string]*generation{"app": g}).route(user, host)
	})
}

func BenchmarkRoute(b *testing.B) {
	apps := map[string][]string{"main": {`/^9\d{3}$/`}}
	for i := range 50 {
		apps["app"+strconv.Itoa(i)] = []string{strconv.Itoa(10_000 + i), "+4420" + strconv.Itoa(i+10) + "*"}
	}
	table := tableOf(b, apps)
	b.ReportAllocs()
	for b.Loop() {
		table.route("+442055123456", "example.com")
	}
}
