package flow

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/callwright/callwright/engine/fetch"
	"github.com/callwright/callwright/sandbox/sandboxtest"
	"github.com/callwright/callwright/stdlib"
)

// example is one of the manual, with what it is about.
type example struct {
	line int
	code string
	// documents is the declaration under the comment: "Call.play".
	documents string
}

var memberName = regexp.MustCompile(`^(?:declare |export )*(?:function |const )?'?([\w$]+)`)

// readExamples finds the @example parts of comments, up to the next tag, and what
// stands between ```js and ```.
func readExamples(text string) (list []example) {
	in, fenced := "", -1
	var open []int // examples of the comment read last
	inside := false
	for i, l := range strings.Split(text, "\n") {
		l = strings.TrimSpace(l)
		plain, isComment := strings.CutPrefix(l, "//")
		if isComment {
			switch strings.TrimSpace(plain) {
			case "```js":
				list = append(list, example{line: i + 1})
				fenced = len(list) - 1
			case "```":
				fenced = -1
			default:
				if fenced >= 0 {
					list[fenced].code += strings.TrimPrefix(plain, " ") + "\n"
				}
			}
			continue
		}
		if strings.HasPrefix(l, "/**") {
			open, inside = nil, true
			l = strings.TrimSpace(strings.TrimPrefix(l, "/**"))
		}
		if inside {
			ends := strings.HasSuffix(l, "*/")
			l = strings.TrimSpace(strings.TrimPrefix(strings.TrimSuffix(l, "*/"), "*"))
			if code, ok := strings.CutPrefix(l, "@example "); ok {
				list = append(list, example{line: i + 1, code: code + "\n"})
				open = append(open, len(list)-1)
				fenced = len(list) - 1
			} else if strings.HasPrefix(l, "@") || l == "" {
				fenced = -1
			} else if fenced >= 0 {
				list[fenced].code += l + "\n"
			}
			if ends {
				inside, fenced = false, -1
			}
			continue
		}
		if m := opens.FindStringSubmatch(l); m != nil && !strings.HasSuffix(l, "}") {
			in = m[1]
		}
		if m := memberName.FindStringSubmatch(l); m != nil && len(open) > 0 {
			name := m[1]
			if in != "" {
				name = in + "." + name
			}
			for _, n := range open {
				list[n].documents = name
			}
			open = nil
		}
		if strings.HasPrefix(l, "}") {
			in = ""
		}
	}
	return list
}

var identifier = regexp.MustCompile(`[\w$]+`)

// script makes a whole one of an example: what the app does for itself stays at the
// top level, all else is what a flow does after its start.
func (e example) script() string {
	if strings.Contains(e.code, "export default") {
		return e.code
	}
	var imports []string
	words := identifier.FindAllString(e.code, -1)
	for _, face := range Faces() {
		if face.Class != "" && face.Class != "App" && face.Export == "" {
			continue
		}
		names := []string{face.Export}
		if face.Class == "App" {
			names = []string{"app"}
		}
		if face.Class == "" {
			names = nil
			for _, m := range face.Methods {
				names = append(names, m.Name)
			}
		}
		for _, n := range names {
			if n != "" && slices.Contains(words, n) && n != "fetch" {
				imports = append(imports, n)
			}
		}
	}
	for _, n := range []string{"log", "race", "state"} {
		if slices.Contains(words, n) {
			imports = append(imports, n)
		}
	}
	room := slices.Contains(words, "room") && !strings.Contains(e.code, "const room")
	if room {
		imports = append(imports, "conference")
	}
	slices.Sort(imports)
	head := "import { " + strings.Join(slices.Compact(imports), ", ") + " } from 'callwright';\n"
	if strings.HasPrefix(e.code, "app.") && !strings.Contains(e.code, "app.use") || e.ofApp() {
		return head + e.code + "export default async function (call) {}\n"
	}
	if room {
		e.code = "const room = await conference('1234');\n" + e.code
	}
	return head + "export default async function (call) {\n" + e.code + "}\n"
}

// ofApp: what belongs to the app's own run.
func (e example) ofApp() bool {
	return strings.HasPrefix(e.documents, "Schedule.") || e.documents == "State.watch"
}

// TestExamplesRun loads each example of the manual and runs it as a call that types
// nothing, until it hangs up. Nothing an example does may be a mistake.
func TestExamplesRun(t *testing.T) {
	list := readExamples(stdlib.Declarations)
	if len(list) < 40 {
		t.Fatalf("only %d examples are found", len(list))
	}
	files := map[string]string{"billing.js": `export const api = { price: () => ({ total: 3 }) };`}
	for i, e := range list {
		files[fmt.Sprintf("e%d.js", i)] = e.script()
	}
	dir := sandboxtest.Write(t, files)
	for i, e := range list {
		t.Run(fmt.Sprintf("line %d", e.line), func(t *testing.T) {
			apps := []string{fmt.Sprintf("e%d", i)}
			if strings.Contains(e.code, "billing") {
				apps = append(apps, "billing")
			}
			w := worldWith(t, dir, 10*time.Second, apps...).runApps()
			w.web = func(r fetch.Request) fetch.Result {
				return fetch.Result{Status: 200, URL: r.URL, Body: []byte(`{"vip":true}`)}
			}
			c := w.dial("ann", apps[0], "1000")
			w.run(30 * time.Second)
			if !w.over["ann"] {
				c.hangup()
				w.run(2 * time.Minute)
			}
			for _, l := range w.logs {
				if strings.HasPrefix(l, "error") {
					t.Errorf("%s\nof the script\n%s", l, e.script())
				}
			}
		})
	}
}

// Each verb has an example.
func TestEveryVerbHasAnExample(t *testing.T) {
	has := map[string]bool{}
	for _, e := range readExamples(stdlib.Declarations) {
		has[e.documents] = true
	}
	for _, face := range Faces() {
		for _, m := range face.Methods {
			name := m.Name
			if face.Class != "" {
				name = face.Class + "." + m.Name
			}
			if !has[name] {
				t.Errorf("%s has no @example that is run", name)
			}
		}
	}
}
