package sandbox

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/dop251/goja"
)

// Route is one entry of an app's routes: a number or URI pattern as written, or a
// regular expression.
type Route struct {
	Literal string
	// Pattern and Flags are the source and flags of a RegExp; RE2 says the same in
	// the syntax of package regexp.
	Pattern, Flags, RE2 string
}

const maxRoutes = 1000

// examine runs the top level in a scratch unit and reads what it exports. State it
// writes is undone, operations and registrations are checked and ignored.
func (g *Generation) examine(i *isolate) error {
	u := newUnit("", AppUnit, 0, i.r)
	u.probe = true
	var fail error
	var res Result
	i.within(u, &res, 0, func() {
		exports, err := u.load()
		if err == nil && i.r.fatal == nil {
			if f := i.r.try(func() { err = g.read(i.r, exports) }); f != nil {
				err = f
			}
		}
		if err != nil && i.r.fatal == nil {
			fail = g.own(i.r, err)
		}
	})
	if res.Interrupted {
		return res.Error
	}
	return fail
}

func (g *Generation) own(r *realm, err error) error {
	if e, ok := err.(*ScriptError); ok {
		return e
	}
	return r.fromRun(err)
}

func (g *Generation) read(r *realm, exports goja.Value) error {
	o, ok := exports.(*goja.Object)
	if !ok {
		return nil
	}
	flow := goja.Value(o)
	if !callable(o) {
		flow = o.Get("default")
	}
	if f, ok := flow.(*goja.Object); ok && callable(f) {
		g.flow = true
	} else if !empty(flow) {
		return g.bad("the default export must be the call flow, an async function")
	}
	// A CommonJS module may put everything into its default: module.exports = {…}.
	if d, ok := o.Get("default").(*goja.Object); ok && empty(o.Get("routes")) && !empty(d.Get("routes")) {
		o = d
	}
	routes, err := g.readRoutes(r, o.Get("routes"))
	if err != nil {
		return err
	}
	g.routes = routes
	return g.readAPI(o.Get("api"))
}

func (g *Generation) bad(format string, args ...any) error {
	return g.program.wrongExport(format, args...)
}

// exportLine is where an author writes what is exported under a name.
var exportLine = regexp.MustCompile(`^\s*(?:export\s+(?:const|let|var)\s+|(?:module\.)?exports\.|export\s+)(routes|api|default)\b`)

// wrongExport is an error about an export, placed at the line that exports it if that
// can be told from the text. Its message names the export first, or the default one.
func (p *Program) wrongExport(format string, args ...any) *ScriptError {
	e := &ScriptError{App: p.App, Name: "TypeError", Message: fmt.Sprintf(format, args...)}
	name, _, _ := strings.Cut(strings.TrimPrefix(e.Message, "the "), " ")
	for _, file := range p.Files {
		if strings.Contains(file, "node_modules/") {
			continue
		}
		for n, line := range strings.Split(p.sources[file], "\n") {
			if m := exportLine.FindStringSubmatchIndex(line); m != nil && strings.HasPrefix(name, line[m[2]:m[3]]) {
				e.place(p, file, strconv.Itoa(n+1), strconv.Itoa(m[2]+1))
				return e
			}
		}
	}
	return e
}

func (g *Generation) readRoutes(r *realm, v goja.Value) ([]Route, error) {
	if empty(v) {
		return nil, nil
	}
	o, ok := v.(*goja.Object)
	if !ok || o.ClassName() != "Array" {
		return nil, g.bad("routes must be a list of strings and regular expressions")
	}
	n := o.Get("length").ToInteger()
	if n > maxRoutes {
		return nil, g.bad("routes has %d entries, at most %d are allowed", n, maxRoutes)
	}
	routes := make([]Route, 0, n)
	for i := range n {
		route, err := g.route(r, i, o.Get(strconv.FormatInt(i, 10)))
		if err != nil {
			return nil, err
		}
		routes = append(routes, route)
	}
	return routes, nil
}

func (g *Generation) route(r *realm, i int64, v goja.Value) (Route, error) {
	if s, ok := v.(goja.String); ok && s.String() != "" {
		return Route{Literal: s.String()}, nil
	}
	o, ok := v.(*goja.Object)
	if !ok || o.ClassName() != "RegExp" {
		return Route{}, g.bad("routes[%d] must be a string or a regular expression, not %s", i, r.short1(v))
	}
	route := Route{Pattern: o.Get("source").String(), Flags: o.Get("flags").String()}
	if err := g.program.usable(&route, int(i)); err != nil {
		return Route{}, err
	}
	return route, nil
}

// usable says a regular expression in Go's syntax, or why it cannot be a route.
func (p *Program) usable(route *Route, i int) error {
	re2, err := toRE2(route.Pattern, route.Flags)
	if err != nil {
		return p.wrongExport("routes[%d]: /%s/%s cannot be used as a route: %s", i, route.Pattern, route.Flags, err)
	}
	route.RE2 = re2
	return nil
}

// ParseRoute reads a route as manifests write it: a number or URI pattern, or a regular
// expression between slashes with its flags behind.
func ParseRoute(text string) (Route, error) {
	end := strings.LastIndexByte(text, '/')
	if end <= 0 || text[0] != '/' {
		return Route{Literal: text}, nil
	}
	r := Route{Pattern: text[1:end], Flags: text[end+1:]}
	if strings.Trim(r.Flags, "dgimsuvy") != "" {
		return Route{}, fmt.Errorf("sandbox: %s: no such flags of a regular expression: %q", text, r.Flags)
	}
	re2, err := toRE2(r.Pattern, r.Flags)
	if err != nil {
		return Route{}, fmt.Errorf("sandbox: %s cannot be used as a route: %w", text, err)
	}
	r.RE2 = re2
	return r, nil
}

// toRE2 says a JavaScript pattern in Go's syntax. What that lacks, look-around and
// back references, is an error.
func toRE2(source, flags string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(source); i++ {
		if source[i] == '\\' && i+1 < len(source) {
			n := escapeRE2(&b, source[i:])
			i += n - 1
			continue
		}
		b.WriteByte(source[i])
	}
	text := b.String()
	var own string
	for _, f := range flags {
		if f == 'i' || f == 's' || f == 'm' {
			own += string(f)
		}
	}
	if own != "" {
		text = "(?" + own + ")" + text
	}
	if _, err := regexp.Compile(text); err != nil {
		return "", fmt.Errorf("%s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return text, nil
}

// escapeRE2 writes the escape s begins with and returns its length.
func escapeRE2(b *strings.Builder, s string) int {
	if s[1] == 'u' && len(s) >= 6 {
		if n, err := strconv.ParseUint(s[2:6], 16, 32); err == nil {
			fmt.Fprintf(b, `\x{%x}`, n)
			return 6
		}
	}
	if s[1] >= utf8.RuneSelf { // an escaped letter stands for itself
		_, size := utf8.DecodeRuneInString(s[1:])
		b.WriteString(s[1 : 1+size])
		return 1 + size
	}
	b.WriteString(s[:2])
	return 2
}

func (g *Generation) readAPI(v goja.Value) error {
	if empty(v) {
		return nil
	}
	o, ok := v.(*goja.Object)
	if !ok || callable(o) || !plain(o) {
		return g.bad("api must be an object of functions")
	}
	for _, k := range o.Keys() {
		f, ok := o.Get(k).(*goja.Object)
		if !ok || !callable(f) {
			return g.bad("api.%s must be a function", k)
		}
		g.api = append(g.api, k)
	}
	slices.Sort(g.api)
	return nil
}

func sortKeys(keys []listenKey) {
	slices.SortFunc(keys, func(a, b listenKey) int {
		if c := strings.Compare(a.object, b.object); c != 0 {
			return c
		}
		return strings.Compare(a.event, b.event)
	})
}

// short1 shows a value in an error message.
func (r *realm) short1(v goja.Value) string { return clip(r.inspect(v), 60) }
