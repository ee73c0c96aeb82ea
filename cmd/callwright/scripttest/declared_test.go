package scripttest

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/callwright/callwright/stdlib"
)

var (
	opening = regexp.MustCompile(`^( *)(?:export )?(?:class|interface) (\w+)(?: extends \w+)? \{(.*)$`)
	member  = regexp.MustCompile(`(?:^|;) *(?:readonly |async |get )?(\w+)\??(?:\(|:| = )`)
)

// bodies reads the members of classes or interfaces: those one indentation deeper than
// their class, or all on its line.
func bodies(text string) map[string][]string {
	all := map[string][]string{}
	class, indent := "", ""
	for l := range strings.SplitSeq(text, "\n") {
		if m := opening.FindStringSubmatch(l); m != nil {
			class, indent = m[2], m[1]+"  "
			l = indent + strings.TrimSpace(m[3])
		}
		rest, ok := strings.CutPrefix(l, indent)
		if class == "" || !ok || rest == "" || strings.ContainsAny(rest[:1], " */#}") {
			continue
		}
		for _, m := range member.FindAllStringSubmatch(rest, -1) {
			if m[1] != "constructor" {
				all[class] = append(all[class], m[1])
			}
		}
		slices.Sort(all[class])
	}
	return all
}

// What test.d.ts declares is what test.js has, and the other way round.
func TestDeclarationsAreReal(t *testing.T) {
	real, declared := bodies(stdlib.Test), bodies(stdlib.TestDeclarations)
	unbuilt := []string{"settle"} // not for tests
	real["Test"] = slices.DeleteFunc(real["Test"], func(n string) bool { return slices.Contains(unbuilt, n) })
	for _, class := range []string{"Test", "Expectation", "Phone", "Agent"} {
		want := slices.DeleteFunc(declared[class], func(n string) bool { return class == "Phone" && n == "name" })
		if len(want) < 4 || !slices.Equal(real[class], want) {
			t.Errorf("%s: test.js has %v, test.d.ts %v", class, real[class], want)
		}
	}
	for _, m := range phoneFace().Methods {
		var options []string
		for _, o := range m.Options {
			options = append(options, o.Name)
		}
		slices.Sort(options)
		name := strings.ToUpper(m.Name[:1]) + m.Name[1:] + "Options"
		if !slices.Equal(options, declared[name]) {
			t.Errorf("%s: options %v, declared %v", m.Name, options, declared[name])
		}
	}
}
