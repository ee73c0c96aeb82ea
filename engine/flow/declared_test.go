package flow

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/callwright/callwright/engine/call"
	"github.com/callwright/callwright/sandbox"
	"github.com/callwright/callwright/stdlib"
)

// declared is callwright.d.ts as far as the test reads it: the members of each
// interface with their @default, and the names exported besides.
type declared struct {
	interfaces map[string]map[string]string // member -> default, "" without
	docs       map[string]bool              // "Call.answer": has a comment
	exports    map[string]bool
}

var (
	opens    = regexp.MustCompile(`^export (?:interface|class) (\w+)(?:<.*?>)?(?: extends ([^{]*))?\s*\{`)
	exported = regexp.MustCompile(`^export (?:function|const|class) (\w+)`)
	members1 = regexp.MustCompile(`^(?:readonly )?'?([\w$.-]+)'?\??(?:<.*?>)?[:(]`)
	defaults = regexp.MustCompile(`@default (\S+)`)
)

// readDeclarations goes through the file line by line; it relies on how it is laid
// out: one member a line, or all on the line of the interface.
func readDeclarations(t *testing.T) declared {
	t.Helper()
	d := declared{interfaces: map[string]map[string]string{}, docs: map[string]bool{}, exports: map[string]bool{}}
	in, comment, commenting := "", "", false
	for text := range strings.SplitSeq(stdlib.Declarations, "\n") {
		l := strings.TrimSpace(text)
		if commenting || strings.HasPrefix(l, "/**") {
			comment += " " + l
			commenting = !strings.Contains(l, "*/")
			continue
		}
		if m := exported.FindStringSubmatch(l); m != nil {
			d.exports[m[1]] = true
			d.docs[m[1]] = comment != ""
		}
		if m := opens.FindStringSubmatch(l); m != nil {
			in, comment = m[1], ""
			d.interfaces[in] = map[string]string{}
			if base := regexp.MustCompile(`Readonly<(\w+)>`).FindStringSubmatch(m[2]); base != nil {
				maps.Copy(d.interfaces[in], d.interfaces[base[1]])
			}
			_, l, _ = strings.Cut(l, "{")
			l = strings.TrimSpace(l)
		}
		if in == "" {
			comment = ""
			continue
		}
		body, closes := l, strings.HasPrefix(l, "}")
		if i := strings.LastIndex(l, "}"); i == len(l)-1 && strings.Count(l, "{") < strings.Count(l, "}") {
			body, closes = l[:i], true
		}
		for _, part := range topLevel(body) {
			if m := members1.FindStringSubmatch(strings.TrimSpace(part)); m != nil {
				value := ""
				if v := defaults.FindStringSubmatch(comment); v != nil {
					value = v[1]
				}
				d.interfaces[in][m[1]] = value
				d.docs[in+"."+m[1]] = comment != ""
			}
		}
		if l != "" {
			comment = ""
		}
		if closes {
			in = ""
		}
	}
	return d
}

// topLevel splits at semicolons outside of brackets.
func topLevel(s string) (parts []string) {
	depth, from := 0, 0
	for i, r := range s {
		switch r {
		case '(', '{', '[':
			depth++
		case ')', '}', ']':
			depth--
		case ';':
			if depth == 0 {
				parts = append(parts, s[from:i])
				from = i + 1
			}
		}
	}
	return append(parts, s[from:])
}

func names[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func compare(t *testing.T, what string, declared, real []string) {
	t.Helper()
	for _, n := range declared {
		if !slices.Contains(real, n) {
			t.Errorf("%s: %q is declared but not in the table", what, n)
		}
	}
	for _, n := range real {
		if !slices.Contains(declared, n) {
			t.Errorf("%s: %q is in the table but not declared", what, n)
		}
	}
}

// optionsOf names the interface with a method's options.
func optionsOf(class, method string) string {
	title := strings.ToUpper(method[:1]) + method[1:] + "Options"
	switch class + "." + method {
	case "Conference.play":
		return "ConferencePlayOptions"
	case "Conference.say":
		return "ConferenceSayOptions"
	case "Conference.record":
		return "RoomRecordOptions"
	case "Conference.set":
		return "ConferenceOptions"
	case ".number", ".digits", ".money", ".date":
		return "SpokenOptions"
	}
	return title
}

func TestDeclarationsAreTheTable(t *testing.T) {
	d := readDeclarations(t)
	for _, face := range Faces() {
		var real []string
		for _, f := range face.Fields {
			real = append(real, f.Name)
		}
		for _, m := range face.Methods {
			if !m.Global {
				real = append(real, m.Name)
			} else if !strings.Contains(stdlib.Declarations, "\ndeclare function "+m.Name+"(") {
				t.Errorf("the global %s is not declared", m.Name)
			}
			compareOptions(t, d, face.Class, m)
			if strings.Contains(m.ResultType, "Result") && !m.Global && d.interfaces[m.ResultType] == nil {
				t.Errorf("%s.%s: %s is not declared", face.Class, m.Name, m.ResultType)
			}
		}
		real = append(real, face.Promises...)
		if len(face.Events) > 0 {
			real = append(real, "on", "once", "off", "events")
			compare(t, face.Class+"Events", names(d.interfaces[face.Class+"Events"]), face.Events)
		}
		if face.Class == "" {
			real = append(real, "state", "app", "kv", "registrar", "files", "secrets", "env", "log", "race", "CallEnded", "Timeout", "BadOption", "Denied", "Diverged", "Busy")
			compare(t, "'callwright'", names(d.exports), real)
			continue
		}
		compare(t, face.Class, names(d.interfaces[face.Class]), real)
	}
}

func compareOptions(t *testing.T, d declared, class string, m sandbox.Method) {
	t.Helper()
	var real []string
	from := d.interfaces[optionsOf(class, m.Name)]
	for _, o := range m.Options {
		if o.NotBuilt {
			continue
		}
		real = append(real, o.Name)
		want := ""
		if o.Default != nil {
			b, err := json.Marshal(o.Default)
			if err != nil {
				t.Fatal(err)
			}
			want = strings.ReplaceAll(string(b), `"`, "'")
		}
		if got, ok := from[o.Name]; ok && got != want {
			t.Errorf("%s.%s: the default of %s is declared as %q and is %q", class, m.Name, o.Name, got, want)
		}
	}
	if len(m.Options) > 0 {
		compare(t, optionsOf(class, m.Name), names(from), real)
	}
}

func TestEveryVerbIsDescribed(t *testing.T) {
	d := readDeclarations(t)
	for _, face := range Faces() {
		for _, m := range face.Methods {
			name := face.Class + "." + m.Name
			if face.Class == "" {
				name = m.Name
			}
			if !d.docs[name] && !m.Global {
				t.Errorf("%s has no sentence", name)
			}
		}
	}
}

func TestEveryOperationBegins(t *testing.T) {
	listed := map[string]bool{".setTimeout": true, ".clearTimeout": true, ".state.commit": true, ".state.watch": true, ".state.unwatch": true}
	for _, face := range Faces() {
		for _, m := range face.Methods {
			if !m.Value && !m.Local {
				listed[face.Class+"."+m.Name] = true
			}
		}
	}
	compare(t, "kinds", names(kinds), names(listed))
}

func TestDeclaredCausesAreTheCauses(t *testing.T) {
	_, list, _ := strings.Cut(stdlib.Declarations, "export interface Cause {")
	list, _, _ = strings.Cut(list, ";")
	var got []string
	for _, m := range regexp.MustCompile(`'([\w-]+)'`).FindAllStringSubmatch(list, -1) {
		got = append(got, m[1])
	}
	compare(t, "Cause", got, call.CauseNames())
}

func TestDeclarationsAreTypeScript(t *testing.T) {
	r := api.Transform(stdlib.Declarations, api.TransformOptions{Loader: api.LoaderTS})
	for _, e := range r.Errors {
		t.Error(fmt.Sprint(e.Location.Line, ": ", e.Text))
	}
}

// TestNothingIsForgotten holds the table to the script API's own words: what it names
// and is not built must say so.
func TestNothingIsForgotten(t *testing.T) {
	for class, list := range map[string]string{
		"": "queue park unpark trunk menu siprec amd agent",
		"Call": "diversion pAsserted trunk sdp stats signal hold unhold update headers outHeaders " +
			"consult replace stream sub voicemail",
		"Conference": "dial stream",
		"App":        "route",
	} {
		i := slices.IndexFunc(Faces(), func(f sandbox.Face) bool { return f.Class == class })
		for _, name := range strings.Fields(list) {
			if !slices.Contains(Faces()[i].NotBuilt, name) {
				t.Errorf("%s.%s is neither built nor known as not built", class, name)
			}
		}
	}
}
