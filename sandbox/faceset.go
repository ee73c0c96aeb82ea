package sandbox

import (
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"
)

// faceSet is the faces table made ready: looked up by name, types parsed, defaults
// written as JSON. It is read-only and shared by the isolates of a generation.
type faceSet struct {
	classes map[string]*class
	// exports are the names of 'callwright', sorted.
	exports []string
	// singles are exported objects: name to class.
	singles map[string]*class
}

type class struct {
	Face
	label    string // "call", as errors name it
	part     bool   // of an exported object
	methods  map[string]*method
	fields   map[string]*Field
	events   map[string]bool
	promises map[string]bool
	notBuilt map[string]bool
}

type method struct {
	*Method
	class   string
	label   string // "call.gather"
	params  []paramSpec
	options []optionSpec
	byName  map[string]*optionSpec
}

type paramSpec struct {
	*Param
	kinds kinds
	key   []byte // `"name":`
}

type optionSpec struct {
	*Option
	kinds kinds
	key   []byte
	deflt []byte // the default as it travels; nil: absent
}

// provided are exports of the host itself.
var provided = []string{"race", "state", "log", "CallEnded", "Timeout", "BadOption", "Denied", "Diverged", "Busy"}

func newFaceSet(faces []Face) (*faceSet, error) {
	s := &faceSet{classes: map[string]*class{}, singles: map[string]*class{}}
	for _, f := range faces {
		c, err := newClass(f)
		if err != nil {
			return nil, err
		}
		s.classes[f.Class] = c
		if f.Class == "App" && f.Export == "" {
			c.Export = "app"
		}
		if c.Export != "" {
			c.label = c.Export
			s.singles[c.Export] = c
			s.exports = append(s.exports, c.Export)
		}
	}
	s.nameParts()
	if s.classes[""] == nil {
		s.classes[""] = &class{methods: map[string]*method{}, notBuilt: map[string]bool{}}
	}
	for name, m := range s.classes[""].methods {
		if !m.Global {
			s.exports = append(s.exports, name)
		}
	}
	for name := range s.classes[""].notBuilt {
		s.exports = append(s.exports, name)
	}
	s.exports = append(s.exports, provided...)
	sort.Strings(s.exports)
	s.exports = dedupe(s.exports)
	return s, nil
}

// nameParts lets errors say "app.metrics.counter".
func (s *faceSet) nameParts() {
	for _, whole := range s.singles {
		for name, f := range whole.fields {
			c := s.classes[f.Part]
			if f.Part == "" || c == nil {
				continue
			}
			c.part, c.label = true, whole.label+"."+name
			for _, m := range c.methods {
				m.label = c.label + "." + m.Name
			}
		}
	}
}

func dedupe(sorted []string) []string {
	out := sorted[:0]
	for i, v := range sorted {
		if i == 0 || v != sorted[i-1] {
			out = append(out, v)
		}
	}
	return out
}

func newClass(f Face) (*class, error) {
	c := &class{Face: f, label: lowerFirst(f.Class), methods: map[string]*method{}, fields: map[string]*Field{},
		events: set(append(slices.Clone(f.Events), f.Serves...)), promises: set(f.Promises), notBuilt: set(f.NotBuilt)}
	for i := range f.Fields {
		c.fields[f.Fields[i].Name] = &f.Fields[i]
	}
	for i := range f.Methods {
		m, err := newMethod(f, &f.Methods[i])
		if err != nil {
			return nil, err
		}
		c.methods[m.Name] = m
	}
	return c, nil
}

func newMethod(f Face, d *Method) (*method, error) {
	m := &method{Method: d, class: f.Class, label: d.Name, byName: map[string]*optionSpec{}}
	if f.Class != "" {
		label := lowerFirst(f.Class)
		if f.Export != "" {
			label = f.Export
		}
		m.label = label + "." + d.Name
	}
	for i := range d.Params {
		p := &d.Params[i]
		k, err := parseKinds(p.Type)
		if err != nil {
			return nil, fmt.Errorf("sandbox: face %s: %s: %w", m.label, p.Name, err)
		}
		m.params = append(m.params, paramSpec{p, k, jsonKey(p.Name)})
	}
	m.options = make([]optionSpec, len(d.Options))
	for i := range d.Options {
		o := &d.Options[i]
		k, err := parseKinds(o.Type)
		if err != nil {
			return nil, fmt.Errorf("sandbox: face %s: %s: %w", m.label, o.Name, err)
		}
		def, err := k.defaultJSON(o.Default)
		if err != nil {
			return nil, fmt.Errorf("sandbox: face %s: default of %s: %w", m.label, o.Name, err)
		}
		m.options[i] = optionSpec{o, k, jsonKey(o.Name), def}
		m.byName[o.Name] = &m.options[i]
	}
	return m, nil
}

func jsonKey(name string) []byte {
	b, _ := json.Marshal(name) // a string always marshals
	return append(b, ':')
}

func set(names []string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, n := range names {
		m[n] = true
	}
	return m
}

func lowerFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return s
	}
	return string(unicode.ToLower(r)) + s[n:]
}

// nearest returns `; did you mean "x"?` for the candidate at the least edit distance,
// or "" when none is near.
func nearest(name string, candidates []string) string {
	at := Nearest(name, candidates)
	if at == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", at)
}

// Nearest is the candidate that a typing error most likely meant, "" when none is
// near. Case counts nothing. It sorts the candidates.
func Nearest(name string, candidates []string) string {
	best, at := len(name)/2+1, ""
	sort.Strings(candidates)
	for _, c := range candidates {
		if d := distance(strings.ToLower(name), strings.ToLower(c)); d < best {
			best, at = d, c
		}
	}
	return at
}

// distance is Levenshtein's, in bytes; long names are cut, for this only serves hints.
func distance(a, b string) int {
	a, b = a[:min(len(a), 40)], b[:min(len(b), 40)]
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diag := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diag
			if a[i-1] != b[j-1] {
				cost++
			}
			diag = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}

func keysOf[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	return out
}
