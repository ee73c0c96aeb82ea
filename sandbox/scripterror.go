package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/dop251/goja"
	"github.com/evanw/esbuild/pkg/api"
)

// Error is one line: "main.js:3:14: SyntaxError: …".
func (e *ScriptError) Error() string {
	var b strings.Builder
	switch {
	case e.File != "" && e.Line > 0:
		fmt.Fprintf(&b, "%s:%d:%d: ", e.File, e.Line, e.Column)
	case e.File != "":
		b.WriteString(e.File + ": ")
	case e.App != "":
		b.WriteString(e.App + ": ")
	}
	if e.Name != "" {
		b.WriteString(e.Name + ": ")
	}
	b.WriteString(strings.ReplaceAll(e.Message, "\n", " "))
	return b.String()
}

// sources are the authors' files by name relative to the scripts directory.
type sources map[string]string

func readSources(smap []byte) sources {
	var m struct {
		Sources []string `json:"sources"`
		Content []string `json:"sourcesContent"`
	}
	out := sources{}
	if json.Unmarshal(smap, &m) != nil {
		return out
	}
	for i, name := range m.Sources {
		if i < len(m.Content) && !strings.HasPrefix(name, hostNS+":") {
			out[name] = m.Content[i]
		}
	}
	return out
}

// line returns the text of a line, counted from 1, without its end; long lines
// (bundled libraries) are cut.
func (s sources) line(file string, n int) string {
	text := s[file]
	for ; n > 1; n-- {
		_, rest, ok := strings.Cut(text, "\n")
		if !ok {
			return ""
		}
		text = rest
	}
	text, _, _ = strings.Cut(text, "\n")
	text = strings.TrimRight(text, "\r")
	if len(text) > 300 {
		text = strings.ToValidUTF8(text[:300], "") + "…"
	}
	return text
}

func fromEsbuild(app, root string, m api.Message) *ScriptError {
	e := &ScriptError{App: app, Name: "SyntaxError", Message: rewrite(m.Text)}
	if l := m.Location; l != nil {
		e.File, e.Line, e.Column, e.Source = l.File, l.Line, l.Column+1, l.LineText
		if filepath.IsAbs(e.File) {
			if rel, err := filepath.Rel(root, e.File); err == nil {
				e.File = filepath.ToSlash(rel)
			}
		}
	}
	if m.PluginName != "" {
		e.Name = "Error"
	}
	return e
}

var noExport = regexp.MustCompile(`^No matching export in "` + hostNS + `:(callwright[^"]*)" for import "(.*)"$`)

// rewrite says what an esbuild message means to an author of scripts.
func rewrite(text string) string {
	if m := noExport.FindStringSubmatch(text); m != nil {
		if m[2] == "default" {
			return fmt.Sprintf("'%s' has no default export: import the names in braces", m[1])
		}
		return fmt.Sprintf("'%s' has no export %q", m[1], m[2])
	}
	if strings.HasPrefix(text, "Top-level await") {
		return "await at the top level is not supported: use it in the exported function"
	}
	return text
}

// fromCompile turns goja's refusal of the bundle into the author's file and line.
func (p *Program) fromCompile(err error) *ScriptError {
	e := &ScriptError{App: p.App, Name: "SyntaxError", Message: err.Error()}
	if m := atPlace.FindStringSubmatch(err.Error()); m != nil {
		e.place(p, m[1], m[2], m[3])
	}
	return e
}

// atPlace finds "file:line:column" in stacks and messages. goja adds its program
// counter in parentheses, and counts columns from 0 where a source map led it.
var atPlace = regexp.MustCompile(`(?:^|[\s(])([^\s()][^()\n]*?):(\d+):(\d+)(\(\d+\))?`)

// column of a match of atPlace, counted from 1.
func column(m []string) string {
	if m[4] == "" {
		return m[3]
	}
	n, _ := strconv.Atoi(m[3])
	return strconv.Itoa(n + 1)
}

func (e *ScriptError) place(p *Program, file, line, col string) {
	e.File = unescape(file)
	e.Line, _ = strconv.Atoi(line)
	e.Column, _ = strconv.Atoi(col)
	e.Source = p.sources.line(e.File, e.Line)
}

// unescape undoes the URL form that goja gives to the names of a source map.
func unescape(file string) string {
	if s, err := url.PathUnescape(file); err == nil {
		return s
	}
	return file
}

// stack rewrites a goja stack to the author's files alone, one "at" line a frame, and
// returns the first place.
func (p *Program) stack(text string) (lines string, first []string) {
	var b strings.Builder
	for _, l := range strings.Split(text, "\n") {
		l = strings.TrimSpace(l)
		if !strings.HasPrefix(l, "at ") {
			continue
		}
		m := atPlace.FindStringSubmatch(l[2:])
		if m == nil {
			continue
		}
		file := unescape(m[1])
		if _, own := p.sources[file]; !own {
			continue
		}
		col := column(m)
		if first == nil {
			first = []string{file, m[2], col}
		}
		fn := ""
		if i := strings.IndexByte(l, '('); i > 3 && strings.Contains(l[i:], ":") {
			fn = strings.TrimSpace(l[3:i])
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		if fn == "" {
			fmt.Fprintf(&b, "    at %s:%s:%s", file, m[2], col)
		} else {
			fmt.Fprintf(&b, "    at %s (%s:%s:%s)", fn, file, m[2], col)
		}
		if b.Len() > 8192 {
			break
		}
	}
	return b.String(), first
}

// thrown describes a value that a script threw, with the exception that carried it
// when there is one. It runs script code (getters, toString) at most in rt.Try.
func (r *realm) thrown(v goja.Value, ex *goja.Exception) *ScriptError {
	e := &ScriptError{App: r.program.App, Name: "Error"}
	var stack string
	if o, ok := v.(*goja.Object); ok {
		if r.try(func() {
			e.Name = textOr(o.Get("name"), "Error")
			e.Message = textOr(o.Get("message"), "")
			stack = textOr(o.Get("stack"), "")
		}) != nil || e.Message == "" && stack == "" {
			e.Message = "threw " + r.inspect(v)
		}
		e.Props = r.errorProps(o)
	} else {
		e.Message = "threw " + r.inspect(v)
	}
	if ex != nil && stack == "" {
		stack = framesText(ex.Stack())
	}
	lines, first := r.program.stack(stack)
	e.Stack = lines
	if first != nil {
		e.place(r.program, first[0], first[1], first[2])
	}
	e.Message = clip(e.Message, 2000)
	return e
}

// fromRun turns the error of a run into a *ScriptError; nil stays nil.
func (r *realm) fromRun(err error) *ScriptError {
	var ex *goja.Exception
	switch {
	case err == nil:
		return nil
	case errors.As(err, &ex):
		return r.thrown(ex.Value(), ex)
	}
	return &ScriptError{App: r.program.App, Name: "Error", Message: err.Error()}
}

func framesText(frames []goja.StackFrame) string {
	var b strings.Builder
	for _, f := range frames {
		pos := f.Position()
		fmt.Fprintf(&b, "at %s (%s:%d:%d(0))\n", f.FuncName(), pos.Filename, pos.Line, pos.Column)
	}
	return b.String()
}

func textOr(v goja.Value, other string) string {
	if v == nil || goja.IsUndefined(v) || goja.IsNull(v) {
		return other
	}
	if s, ok := v.(goja.String); ok {
		return s.String()
	}
	return other
}

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}

// errorProps are the own enumerable JSON properties of an error (cause of CallEnded).
func (r *realm) errorProps(o *goja.Object) json.RawMessage {
	w := writer{r: r, max: 4096}
	if r.try(func() { w.object(o, 0, map[string]bool{"name": true, "message": true, "stack": true}) }) != nil {
		return nil
	}
	if len(w.buf) <= 2 {
		return nil
	}
	return w.buf
}
