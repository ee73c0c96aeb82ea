// Package callwright holds no code of its own: this test keeps the rooms of the
// house apart (see README.md, "Where is what").
package callwright

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/callwright/callwright"

// longestChain counts packages, from cmd down to a leaf.
const longestChain = 6

// mayImport lists, for each room, the rooms below it. A room is a top-level
// directory; inside a room Go itself forbids circles.
var mayImport = map[string][]string{
	"media":   {},
	"stdlib":  {},
	"sandbox": {"stdlib"},
	"scripts": {},
	"sbc":     {"media"},
	"mixer":   {"media"},
	"engine":  {"media", "sandbox", "stdlib"},
	"cmd":     {"engine", "media", "mixer", "sandbox", "sbc", "scripts", "stdlib"},
}

// soleImporter lists modules that one package alone may know.
var soleImporter = map[string]string{
	"github.com/cilium/ebpf":        "sbc/link",
	"github.com/emiago/sipgo":       "engine/signal",
	"github.com/dop251/goja":        "sandbox",
	"github.com/dop251/goja_nodejs": "sandbox",
	"github.com/evanw/esbuild":      "sandbox",
	"github.com/hashicorp/raft":     "engine/cluster",
	"github.com/hashicorp/raft-wal": "engine/cluster",
	"github.com/prometheus":         "engine/api",
	"github.com/spf13/cobra":        "cmd/callwright",
	"google.golang.org/grpc":        "media/control",
}

// pkg is what the test knows of one package: its files without tests.
type pkg struct {
	dir     string // below the root, slash-separated
	files   map[string]*ast.File
	imports map[string]string // path -> a file that imports it
}

// readPackages parses every package of the module but tests. It reads files, not
// a child `go list`: what a child reads, the test cache does not see.
func readPackages(t *testing.T, fset *token.FileSet) map[string]*pkg {
	t.Helper()
	pkgs := map[string]*pkg{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if path != "." && skipDir(path, d.Name()) {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(fset, path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		dir := filepath.ToSlash(filepath.Dir(path))
		p := pkgs[dir]
		if p == nil {
			p = &pkg{dir: dir, files: map[string]*ast.File{}, imports: map[string]string{}}
			pkgs[dir] = p
		}
		p.files[filepath.Base(path)] = f
		for _, imp := range f.Imports {
			name, err := strconv.Unquote(imp.Path.Value)
			if err != nil {
				return err
			}
			p.imports[name] = path
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(pkgs) == 0 {
		t.Fatal("no packages found: is the test run from the module's root?")
	}
	return pkgs
}

// skipDir leaves out what the go command leaves out, and modules inside ours.
func skipDir(path, name string) bool {
	if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata" || name == "node_modules" {
		return true
	}
	_, err := os.Stat(filepath.Join(path, "go.mod"))
	return err == nil
}

// local turns an import path into a directory of ours.
func local(path string) (dir string, ok bool) {
	return strings.CutPrefix(path, module+"/")
}

func room(dir string) string {
	top, _, _ := strings.Cut(dir, "/")
	return top
}

// under says whether path is prefix or below it, at a path boundary.
func under(path, prefix string) bool {
	return path == prefix || strings.HasPrefix(path, prefix+"/")
}

func TestImportsGoDown(t *testing.T) {
	for dir, p := range readPackages(t, token.NewFileSet()) {
		below, known := mayImport[room(dir)]
		if !known {
			t.Errorf("%s: no such room; the top level is fixed", dir)
			continue
		}
		for path, file := range p.imports {
			target, ours := local(path)
			if !ours || room(target) == room(dir) || slices.Contains(below, room(target)) {
				continue
			}
			t.Errorf("%s imports %s: %s may reach only itself and %v", file, target, room(dir), below)
		}
	}
}

func TestSoleImporters(t *testing.T) {
	for dir, p := range readPackages(t, token.NewFileSet()) {
		for path, file := range p.imports {
			for foreign, owner := range soleImporter {
				if under(path, foreign) && dir != owner && !under(dir, owner) {
					t.Errorf("%s imports %s: only %s may", file, path, owner)
				}
			}
		}
	}
}

func TestLongestChain(t *testing.T) {
	pkgs := readPackages(t, token.NewFileSet())
	memo := map[string][]string{}
	var chain func(dir string) []string
	chain = func(dir string) []string {
		if known, ok := memo[dir]; ok {
			return known
		}
		var longest []string
		for path := range pkgs[dir].imports {
			target, ours := local(path)
			if !ours || pkgs[target] == nil {
				continue
			}
			if c := chain(target); len(c) > len(longest) {
				longest = c
			}
		}
		memo[dir] = append([]string{dir}, longest...)
		return memo[dir]
	}
	for dir := range pkgs {
		if c := chain(dir); len(c) > longestChain {
			t.Errorf("chain of %d packages, at most %d: %s", len(c), longestChain, strings.Join(c, " -> "))
		}
	}
}

func TestEveryPackageHasDoc(t *testing.T) {
	for dir, p := range readPackages(t, token.NewFileSet()) {
		doc := p.files["doc.go"]
		if doc == nil {
			t.Errorf("%s: no doc.go", dir)
			continue
		}
		if doc.Doc == nil || len(doc.Doc.Text()) < 80 {
			t.Errorf("%s/doc.go: says too little: what it is for, who calls it, on which goroutine, what it owns", dir)
		}
		for name, f := range p.files {
			if name != "doc.go" && f.Doc != nil && !ast.IsGenerated(f) {
				t.Errorf("%s/%s: a second package comment; it belongs into doc.go", dir, name)
			}
		}
	}
}

func TestNoInit(t *testing.T) {
	fset := token.NewFileSet()
	for _, p := range readPackages(t, fset) {
		for _, f := range p.files {
			if ast.IsGenerated(f) {
				continue
			}
			for _, d := range f.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
					t.Errorf("%s: func init: wiring belongs into cmd", fset.Position(fn.Pos()))
				}
			}
		}
	}
}

// TestPackageVariables allows errors and tables that nothing in their package
// writes to; see readOnly for what a table is.
func TestPackageVariables(t *testing.T) {
	fset := token.NewFileSet()
	for _, p := range readPackages(t, fset) {
		vars := map[string]token.Pos{}
		for _, f := range p.files {
			if ast.IsGenerated(f) {
				continue
			}
			for _, d := range f.Decls {
				gen, ok := d.(*ast.GenDecl)
				if !ok || gen.Tok != token.VAR {
					continue
				}
				for _, s := range gen.Specs {
					spec := s.(*ast.ValueSpec)
					for i, name := range spec.Names {
						if name.Name != "_" {
							vars[name.Name] = name.Pos()
						}
						if why := readOnly(gen, spec, i); why != "" {
							t.Errorf("%s: package variable %s: %s", fset.Position(name.Pos()), name.Name, why)
						}
					}
				}
			}
		}
		for _, f := range p.files {
			for _, w := range writes(f, vars) {
				t.Errorf("%s: writes to a package variable", fset.Position(w))
			}
		}
	}
}

// readOnly says why variable i of a declaration is neither an error, an embedded
// file, a compile-time check nor a table; "" if it is one. A table is a composite
// literal with entries, or a value that Go cannot write as a constant; what holds
// state (make, new, T{}, locks, counters, the clock, the environment) is none.
func readOnly(gen *ast.GenDecl, spec *ast.ValueSpec, i int) string {
	name := spec.Names[i].Name
	switch {
	case name == "_" || embedded(gen.Doc) || embedded(spec.Doc):
		return ""
	case strings.HasPrefix(name, "Err") || strings.HasPrefix(name, "err"):
		return "" // of a type of its own it may be a pointer
	case i >= len(spec.Values):
		return "has no value of its own, so it must be meant to change"
	}
	value := spec.Values[i]
	if p, ok := value.(*ast.UnaryExpr); ok && p.Op == token.AND {
		value = p.X
	}
	switch v := value.(type) {
	case *ast.CompositeLit:
		if len(v.Elts) == 0 {
			return "an empty literal is no table"
		}
		if sel, ok := v.Type.(*ast.SelectorExpr); ok {
			return stateful(sel)
		}
		return ""
	case *ast.CallExpr:
		return stateful(v.Fun)
	}
	return "only errors and read-only tables"
}

// stateful says why a called function, or the type of a literal, makes state.
func stateful(e ast.Expr) string {
	switch f := e.(type) {
	case *ast.Ident:
		if f.Name == "make" || f.Name == "new" {
			return f.Name + " makes something that changes"
		}
	case *ast.SelectorExpr:
		x, ok := f.X.(*ast.Ident)
		if ok && slices.Contains([]string{"sync", "atomic", "os", "rand", "prometheus", "flag", "context", "slog"}, x.Name) ||
			ok && x.Name == "time" && f.Sel.Name == "Now" {
			return x.Name + "." + f.Sel.Name + " is state, not a table"
		}
	}
	return ""
}

func embedded(doc *ast.CommentGroup) bool {
	if doc == nil {
		return false
	}
	return slices.ContainsFunc(doc.List, func(c *ast.Comment) bool {
		return strings.HasPrefix(c.Text, "//go:embed ")
	})
}

// writes finds assignments to the named variables in functions that have no local
// of that name.
func writes(f *ast.File, vars map[string]token.Pos) []token.Pos {
	var found []token.Pos
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil {
			continue
		}
		locals := localNames(fn)
		check := func(e ast.Expr) {
			if id := root(e); id != nil && !locals[id.Name] && vars[id.Name].IsValid() {
				found = append(found, e.Pos())
			}
		}
		ast.Inspect(fn.Body, func(n ast.Node) bool {
			switch s := n.(type) {
			case *ast.AssignStmt:
				if s.Tok != token.DEFINE {
					for _, e := range s.Lhs {
						check(e)
					}
				}
			case *ast.IncDecStmt:
				check(s.X)
			}
			return true
		})
	}
	return found
}

// localNames are all names a function declares anywhere: coarse, but a local that
// hides a package variable is bad style anyway.
func localNames(fn *ast.FuncDecl) map[string]bool {
	names := map[string]bool{}
	ast.Inspect(fn, func(n ast.Node) bool {
		switch s := n.(type) {
		case *ast.Field:
			for _, id := range s.Names {
				names[id.Name] = true
			}
		case *ast.AssignStmt:
			if s.Tok == token.DEFINE {
				for _, e := range s.Lhs {
					if id, ok := e.(*ast.Ident); ok {
						names[id.Name] = true
					}
				}
			}
		case *ast.RangeStmt:
			for _, e := range []ast.Expr{s.Key, s.Value} {
				if id, ok := e.(*ast.Ident); ok && s.Tok == token.DEFINE {
					names[id.Name] = true
				}
			}
		case *ast.ValueSpec:
			for _, id := range s.Names {
				names[id.Name] = true
			}
		}
		return true
	})
	return names
}

// root is the variable an expression is part of: t for t[i].x.
func root(e ast.Expr) *ast.Ident {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x
		case *ast.IndexExpr:
			e = x.X
		case *ast.SelectorExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		default:
			return nil
		}
	}
}
