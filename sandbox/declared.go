package sandbox

import (
	"github.com/dop251/goja"
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/parser"
)

// Declared is what a program's text says about its exports; nothing of it is run.
type Declared struct {
	Flow bool
	// Routes are those written as literals. Computed: there are others, or all of them
	// are known only when the program runs (also of a CommonJS file).
	Routes   []Route
	Computed bool
	Error    error // a *ScriptError: one of the routes cannot be used
}

// Declared reads the exports from the bundle's text.
func (p *Program) Declared() Declared {
	tree, err := goja.Parse(bundleName, string(p.Code), parser.WithDisableSourceMaps)
	if err != nil {
		return Declared{Computed: true}
	}
	x := exportsOf(tree)
	if x == nil {
		return Declared{Computed: true, Flow: true}
	}
	d := Declared{Flow: x.names["default"] != ""}
	name, has := x.names["routes"]
	if !has {
		return d
	}
	list, ok := x.vars[name].(*ast.ArrayLiteral)
	d.Computed = !ok
	if !ok {
		return d
	}
	for i, v := range list.Value {
		switch v := v.(type) {
		case *ast.StringLiteral:
			d.Routes = append(d.Routes, Route{Literal: v.Value.String()})
		case *ast.RegExpLiteral:
			route := Route{Pattern: v.Pattern, Flags: v.Flags}
			if err := p.usable(&route, i); err != nil && d.Error == nil {
				d.Error = err
			}
			d.Routes = append(d.Routes, route)
		default:
			d.Computed = true
		}
	}
	return d
}

// exported are the names a bundle of ES modules exports, each with its variable, and
// what top-level variables are initialised with.
type exported struct {
	names map[string]string
	vars  map[string]ast.Expression
}

// exportsOf understands esbuild's way to write them: __export(X, {name: () => variable})
// and module.exports = X, or = __toCommonJS(X) in older bundles. Nil: it is no ES module.
func exportsOf(tree *ast.Program) *exported {
	x := &exported{vars: map[string]ast.Expression{}}
	tables := map[string]map[string]string{}
	for _, s := range bodyOf(tree) {
		switch s := s.(type) {
		case *ast.VariableStatement:
			x.bind(s.List)
		case *ast.LexicalDeclaration:
			x.bind(s.List)
		case *ast.ExpressionStatement:
			if name, table := exportTable(s.Expression); table != nil {
				tables[name] = table
			}
			if name := exportsModule(s.Expression); name != "" {
				x.names = tables[name]
			}
		}
	}
	if x.names == nil {
		return nil
	}
	return x
}

func bodyOf(tree *ast.Program) []ast.Statement {
	if len(tree.Body) == 0 {
		return nil
	}
	s, ok := tree.Body[0].(*ast.ExpressionStatement)
	if !ok {
		return nil
	}
	f, ok := s.Expression.(*ast.FunctionLiteral)
	if !ok {
		return nil
	}
	return f.Body.List
}

func (x *exported) bind(list []*ast.Binding) {
	for _, b := range list {
		if id, ok := b.Target.(*ast.Identifier); ok {
			x.vars[id.Name.String()] = b.Initializer
		}
	}
}

// exportTable reads __export(X, {name: () => variable, …}).
func exportTable(e ast.Expression) (string, map[string]string) {
	name, args := callOf(e, "__export")
	if len(args) != 2 {
		return "", nil
	}
	o, ok := args[1].(*ast.ObjectLiteral)
	if !ok {
		return "", nil
	}
	table := map[string]string{}
	for _, p := range o.Value {
		k, ok := p.(*ast.PropertyKeyed)
		if !ok {
			continue
		}
		key, _ := k.Key.(*ast.StringLiteral)
		arrow, _ := k.Value.(*ast.ArrowFunctionLiteral)
		if key == nil || arrow == nil {
			continue
		}
		if body, ok := arrow.Body.(*ast.ExpressionBody); ok {
			if id, ok := body.Expression.(*ast.Identifier); ok {
				table[key.Value.String()] = id.Name.String()
			}
		}
	}
	return name, table
}

func exportsModule(e ast.Expression) string {
	a, ok := e.(*ast.AssignExpression)
	if !ok {
		return ""
	}
	to, ok := a.Left.(*ast.DotExpression)
	if !ok || to.Identifier.Name != "exports" {
		return ""
	}
	if of, ok := to.Left.(*ast.Identifier); !ok || of.Name != "module" {
		return ""
	}
	if id, plain := a.Right.(*ast.Identifier); plain {
		return id.Name.String()
	}
	name, _ := callOf(a.Right, "__toCommonJS")
	return name
}

// callOf is a call of a function by name, and the identifier that is its first argument.
func callOf(e ast.Expression, function string) (first string, args []ast.Expression) {
	c, ok := e.(*ast.CallExpression)
	if !ok || len(c.ArgumentList) == 0 {
		return "", nil
	}
	f, ok := c.Callee.(*ast.Identifier)
	if !ok || f.Name.String() != function {
		return "", nil
	}
	id, ok := c.ArgumentList[0].(*ast.Identifier)
	if !ok {
		return "", nil
	}
	return id.Name.String(), c.ArgumentList
}
