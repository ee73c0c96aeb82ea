package sandbox

import (
	"bytes"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/dop251/goja"
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/unistring"
)

// Coverage counts how often each line of the authors' files has run, over all
// generations that were opened with it (Options.Coverage). A counter is put before each
// statement of the syntax tree, so that places in errors stay as they are; a statement
// of several lines counts at its first. What the bundler leaves out, since nothing uses
// it, has no lines. Its methods may be called from any goroutine.
type Coverage struct {
	mu    sync.Mutex
	texts map[string]string // of each file, as it was met first
	lines map[string]map[int]*atomic.Uint64
}

// NewCoverage makes one that has seen nothing.
func NewCoverage() *Coverage {
	return &Coverage{texts: map[string]string{}, lines: map[string]map[int]*atomic.Uint64{}}
}

// Lines are the runs of each line by file, without the files of node_modules. The
// maps are the caller's.
func (c *Coverage) Lines() map[string]map[int]uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make(map[string]map[int]uint64, len(c.lines))
	for name, lines := range c.lines {
		all[name] = make(map[int]uint64, len(lines))
		for n, runs := range lines {
			all[name][n] = runs.Load()
		}
	}
	return all
}

// counter is that of a line; nil: the file is a library's, or has another text than
// when it was met first, as a test's reload gives it.
func (c *Coverage) counter(name string, line int, s sources) *atomic.Uint64 {
	text, own := s[name]
	if !own || strings.Contains(name, "node_modules/") {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if known, met := c.texts[name]; !met {
		c.texts[name], c.lines[name] = text, map[int]*atomic.Uint64{}
	} else if known != text {
		return nil
	}
	if c.lines[name][line] == nil {
		c.lines[name][line] = &atomic.Uint64{}
	}
	return c.lines[name][line]
}

// counters are what a counted program calls: the last argument of its one function.
type counters struct{ runs []*atomic.Uint64 }

// countName cannot be written in a script.
const countName = unistring.String("callwright:count")

// covered is a program that counts its lines for c.
func (p *Program) covered(c *Coverage) (*Program, error) {
	tree, err := p.tree()
	if err != nil {
		return nil, p.fromCompile(err)
	}
	w := &counting{c: c, p: p, file: tree.File, mapped: mappedPlaces(p.Map, p.Code), seen: map[any]bool{}}
	w.visit(reflect.ValueOf(tree.Body))
	if f := outermost(tree); f != nil {
		f.ParameterList.List = append(f.ParameterList.List, &ast.Binding{Target: &ast.Identifier{Name: countName}})
	}
	counted := *p
	counted.counters = &counters{w.runs}
	if counted.program, err = goja.CompileAST(tree, false); err != nil {
		return nil, p.fromCompile(err)
	}
	return &counted, nil
}

// outermost is the one function that a bundle is.
func outermost(tree *ast.Program) *ast.FunctionLiteral {
	for _, s := range tree.Body {
		if e, ok := s.(*ast.ExpressionStatement); ok {
			if f, ok := e.Expression.(*ast.FunctionLiteral); ok {
				return f
			}
		}
	}
	return nil
}

// count is the native function behind countName.
func (n *counters) count(call goja.FunctionCall) goja.Value {
	if i := call.Argument(0).ToInteger(); i >= 0 && i < int64(len(n.runs)) {
		n.runs[i].Add(1)
	}
	return goja.Undefined()
}

// counting walks a tree and puts counters into it.
type counting struct {
	c    *Coverage
	p    *Program
	file *file.File
	// mapped are the offsets in the bundle that the source map names: what the bundler
	// has added begins at none.
	mapped map[int]bool
	runs   []*atomic.Uint64
	seen   map[any]bool // a tree names its declarations twice
}

// call is a counter's call for what begins at a place of the bundle; nil: no line of
// the author's.
func (w *counting) call(at file.Idx) ast.Expression {
	if !w.mapped[int(at)-1] {
		return nil
	}
	pos := w.file.Position(int(at) - 1)
	name := unescape(pos.Filename)
	if line := w.p.sources.line(name, pos.Line); pos.Line == 1 && pos.Column == 0 && glue(w.p.Code[at-1:], line) || isImport(line) {
		return nil
	}
	counter := w.c.counter(name, pos.Line, w.p.sources)
	if counter == nil {
		return nil
	}
	w.runs = append(w.runs, counter)
	n := int64(len(w.runs) - 1)
	return &ast.CallExpression{
		Callee:          &ast.Identifier{Name: countName, Idx: at},
		LeftParenthesis: at, RightParenthesis: at,
		ArgumentList: []ast.Expression{&ast.NumberLiteral{Idx: at, Literal: strconv.FormatInt(n, 10), Value: n}},
	}
}

// glue says whether a statement is the bundler's, which it places at a file's begin.
func glue(generated []byte, line string) bool {
	text := withoutKeyword(line)
	return text == "" || !strings.HasPrefix(withoutKeyword(string(generated[:min(len(generated), 80)])), text[:min(len(text), 4)])
}

func withoutKeyword(text string) string {
	for _, word := range []string{"export ", "var ", "let ", "const "} {
		text = strings.TrimPrefix(text, word)
	}
	return text
}

func isImport(line string) bool {
	rest, ok := strings.CutPrefix(strings.TrimSpace(line), "import")
	return ok && rest != "" && strings.ContainsAny(rest[:1], " \t{'\"*")
}

// visit walks whatever the tree is made of.
func (w *counting) visit(v reflect.Value) {
	switch v.Kind() {
	case reflect.Interface:
		if !v.IsNil() {
			w.visit(v.Elem())
		}
	case reflect.Pointer:
		if v.IsNil() || w.seen[v.Interface()] {
			return
		}
		w.seen[v.Interface()] = true
		if _, other := v.Interface().(*file.File); !other {
			w.visit(v.Elem())
			w.bare(v.Interface())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				w.visit(v.Field(i))
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			w.visit(v.Index(i))
		}
		if list, ok := v.Interface().([]ast.Statement); ok && v.CanSet() {
			v.Set(reflect.ValueOf(w.list(list)))
		}
	}
}

// list puts a counter before each statement; what is hoisted or is a directive runs
// before, or is none.
func (w *counting) list(old []ast.Statement) (list []ast.Statement) {
	directives := true
	for _, s := range old {
		e, expression := s.(*ast.ExpressionStatement)
		if directives = directives && expression && isText(e.Expression); !directives {
			if call := w.before(s); call != nil {
				list = append(list, call)
			}
		}
		list = append(list, s)
	}
	return list
}

func isText(e ast.Expression) bool { _, ok := e.(*ast.StringLiteral); return ok }

func (w *counting) before(s ast.Statement) ast.Statement {
	switch s.(type) {
	case *ast.FunctionDeclaration, *ast.EmptyStatement, *ast.BlockStatement:
		return nil
	}
	if call := w.call(w.begin(s)); call != nil {
		return &ast.ExpressionStatement{Expression: call}
	}
	return nil
}

// begin is where a statement begins. The parser does not say it of an if.
func (w *counting) begin(s ast.Statement) file.Idx {
	if branch, ok := s.(*ast.IfStatement); ok {
		return file.Idx(bytes.LastIndex(w.p.Code[:branch.Test.Idx0()], []byte("if")) + 1)
	}
	return s.Idx0()
}

// bare gives the single statements and expressions that stand for a body a counter.
func (w *counting) bare(node any) {
	switch n := node.(type) {
	case *ast.IfStatement:
		n.Consequent, n.Alternate = w.block(n.Consequent), w.block(n.Alternate)
	case *ast.ForStatement:
		n.Body = w.block(n.Body)
	case *ast.ForInStatement:
		n.Body = w.block(n.Body)
	case *ast.ForOfStatement:
		n.Body = w.block(n.Body)
	case *ast.WhileStatement:
		n.Body = w.block(n.Body)
	case *ast.DoWhileStatement:
		n.Body = w.block(n.Body)
	case *ast.ExpressionBody:
		if call := w.call(n.Expression.Idx0()); call != nil {
			n.Expression = &ast.SequenceExpression{Sequence: []ast.Expression{call, n.Expression}}
		}
	}
}

func (w *counting) block(s ast.Statement) ast.Statement {
	if s == nil {
		return nil
	}
	call := w.before(s)
	if call == nil {
		return s
	}
	return &ast.BlockStatement{LeftBrace: w.begin(s), List: []ast.Statement{call, s}, RightBrace: s.Idx1()}
}
