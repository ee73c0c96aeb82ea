package script

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/callwright/callwright/sandbox"
)

// maxManifest is far more than a page of settings.
const maxManifest = 64 << 10

// readManifest reads the manifest of the app with this entry file, which need not
// have one. An error of the author's is a *sandbox.ScriptError.
func readManifest(root, app, entry string) (*Manifest, []byte, error) {
	file := manifestFile(entry)
	text, err := readBounded(filepath.Join(root, filepath.FromSlash(file)))
	if errors.Is(err, fs.ErrNotExist) {
		return &Manifest{file: file}, nil, nil
	}
	if err != nil {
		return nil, nil, &sandbox.ScriptError{App: app, File: file, Name: "Error", Message: err.Error()}
	}
	m, err := ParseManifest(app, file, text)
	return m, text, err
}

func readBounded(name string) ([]byte, error) {
	st, err := os.Stat(name)
	switch {
	case err != nil:
		return nil, err
	case !st.Mode().IsRegular():
		return nil, errors.New("it is no file")
	case st.Size() > maxManifest:
		return nil, fmt.Errorf("it has %d bytes, at most %d are allowed", st.Size(), maxManifest)
	}
	return os.ReadFile(name)
}

// ParseManifest reads the text of an app.yaml. File is its path below the scripts
// directory. Any error is a *sandbox.ScriptError with line and column.
func ParseManifest(app, file string, text []byte) (m *Manifest, err error) {
	d := &document{app: app, file: file, lines: strings.Split(string(text), "\n")}
	defer func() {
		if x := recover(); x != nil { // the parser's: a bad file must not end the engine
			m, err = nil, &sandbox.ScriptError{App: app, File: file, Name: badManifest, Message: fmt.Sprintf("it cannot be read: %v", x)}
		}
	}()
	doc, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, d.syntax(err)
	}
	if len(doc.Docs) > 1 {
		return nil, d.wrong(doc.Docs[1].Body, "there is a second document; a manifest is one")
	}
	m = &Manifest{file: file, found: true}
	if len(doc.Docs) == 0 || doc.Docs[0].Body == nil {
		return m, nil // nothing but comments
	}
	if _, none := doc.Docs[0].Body.(*ast.NullNode); none {
		return m, nil
	}
	if _, comments := doc.Docs[0].Body.(*ast.CommentGroupNode); comments {
		return m, nil
	}
	if err := d.mapping(doc.Docs[0].Body, "", d.keys(m)); err != nil {
		return nil, err
	}
	if m.Isolation == IsolationShared && m.Budgets.Heap > 0 {
		return nil, d.wrong(d.heap, "budgets.heap bounds an app's own process, and isolation: shared leaves it without one")
	}
	return m, nil
}

const badManifest = "BadManifest"

// document reads the nodes of one manifest; it stops at the first error.
type document struct {
	app, file string
	lines     []string
	heap      ast.Node // of budgets.heap
}

// syntax places an error of the YAML parser, and keeps its sentence only.
func (d *document) syntax(err error) error {
	var e yaml.Error
	if !errors.As(err, &e) {
		return &sandbox.ScriptError{App: d.app, File: d.file, Name: badManifest, Message: err.Error()}
	}
	return d.at(e.GetToken(), "%s", e.GetMessage())
}

func (d *document) wrong(n ast.Node, format string, args ...any) error {
	if n == nil {
		return d.at(nil, format, args...)
	}
	return d.at(n.GetToken(), format, args...)
}

func (d *document) at(t *token.Token, format string, args ...any) error {
	e := &sandbox.ScriptError{App: d.app, File: d.file, Name: badManifest, Message: fmt.Sprintf(format, args...)}
	if t != nil && t.Position != nil {
		e.Line, e.Column = t.Position.Line, t.Position.Column
		if i := e.Line - 1; i >= 0 && i < len(d.lines) {
			e.Source = strings.TrimRight(d.lines[i], "\r")
		}
	}
	return e
}

// key is one key that a mapping may have. Its function gets the full name for errors;
// nil: the name is known, and what it would say is not built.
type key struct {
	name string
	read func(name string, n ast.Node) error
}

// mapping reads a mapping whose keys are known.
func (d *document) mapping(n ast.Node, within string, keys []key) error {
	m, ok := n.(*ast.MappingNode)
	if !ok {
		return d.wrong(n, "%s must be keys with values, not %s", nameOr(within, "a manifest"), kind(n))
	}
	for _, v := range m.Values {
		name := within + keyText(v.Key)
		k := find(keys, keyText(v.Key))
		if k == nil {
			return d.unknown(v.Key, name, within, keys)
		}
		if k.read == nil {
			return d.wrong(v.Key, "%s is not built yet", name)
		}
		if err := k.read(name, v.Value); err != nil {
			return err
		}
	}
	return nil
}

func (d *document) unknown(n ast.Node, name, within string, keys []key) error {
	var names, all []string
	for _, k := range keys {
		all = append(all, k.name)
		if k.read != nil {
			names = append(names, k.name)
		}
	}
	near := sandbox.Nearest(keyText(n), all) // it sorts
	switch {
	case near == "":
		return d.wrong(n, "no key %q; there are %s", name, strings.Join(names, ", "))
	case !slices.Contains(names, near):
		return d.wrong(n, "no key %q, did you mean %q? It is not built yet", name, within+near)
	}
	return d.wrong(n, "no key %q, did you mean %q?", name, within+near)
}

func find(keys []key, name string) *key {
	for i := range keys {
		if keys[i].name == name {
			return &keys[i]
		}
	}
	return nil
}

func keyText(n ast.Node) string {
	if s, ok := n.(*ast.StringNode); ok {
		return s.Value
	}
	return n.String()
}

func nameOr(within, other string) string {
	if within == "" {
		return other
	}
	return strings.TrimSuffix(within, ".")
}

// kind says what a value is, for an error.
func kind(n ast.Node) string {
	switch n.(type) {
	case nil, *ast.NullNode:
		return "nothing"
	case *ast.StringNode, *ast.LiteralNode:
		return "text"
	case *ast.IntegerNode, *ast.FloatNode:
		return "a number"
	case *ast.BoolNode:
		return "true or false"
	case *ast.SequenceNode:
		return "a list"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "keys with values"
	}
	return strings.ToLower(n.Type().String())
}
