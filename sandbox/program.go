package sandbox

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/dop251/goja"
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/parser"
)

// VersionOf names a bundle and what else makes its version by their content.
func VersionOf(code, extra []byte) string {
	h := sha256.New()
	h.Write(code)
	if extra != nil {
		h.Write([]byte{0})
		h.Write(extra)
	}
	return hex.EncodeToString(h.Sum(nil)[:6])
}

// Restore makes a program of what an earlier Build gave: no file is read. App,
// Version, Code, Map and Files must be set.
func Restore(p Program) (*Program, error) {
	if err := p.parse(); err != nil {
		return nil, err
	}
	return &p, nil
}

// Stored is Restore without the compiling; see Bundle.
func Stored(p Program) *Program {
	p.sources = readSources(p.Map)
	return &p
}

// Sources are the author's files as they were built, by path below the scripts
// directory. The map is the program's own.
func (p *Program) Sources() map[string]string { return p.sources }

func (p *Program) parse() error {
	p.sources = readSources(p.Map)
	tree, err := p.tree()
	if err == nil {
		p.program, err = goja.CompileAST(tree, false)
	}
	if err != nil {
		return p.fromCompile(err)
	}
	return nil
}

// tree is the bundle's syntax, with places in the author's files.
func (p *Program) tree() (*ast.Program, error) {
	text := string(p.Code) + "\n//# sourceMappingURL=" + bundleName + ".map\n"
	return goja.Parse(bundleName, text, parser.WithSourceMapLoader(func(string) ([]byte, error) { return p.Map, nil }))
}

// Compile builds an app as Load does, and runs nothing.
func Compile(src AppSource, faces []Face) (*Program, error) {
	return build(src, faces, Build)
}

// Bundle is Compile without the compiling, which evaluates constant expressions and so
// may take any time and memory: Open does that, perhaps in another process.
func Bundle(src AppSource, faces []Face) (*Program, error) {
	return build(src, faces, bundle)
}

func build(src AppSource, faces []Face, with func(AppSource) (*Program, error)) (*Program, error) {
	set, err := newFaceSet(faces)
	if err != nil {
		return nil, err
	}
	src.Exports = set.exports
	p, err := with(src)
	if err != nil {
		return nil, hint(err, set)
	}
	return p, nil
}

// Load builds an app and runs its top level once; see Open.
func Load(src AppSource, opts Options) (*Generation, error) {
	p, err := Compile(src, opts.Faces)
	if err != nil {
		return nil, err
	}
	return Open(p, opts)
}

// Open makes a generation of a program. It runs the top level once, to see that it can
// and what it exports; the isolate that served for it stays warm. An error of the
// author's is a *ScriptError, and nothing is left behind.
func Open(p *Program, opts Options) (*Generation, error) {
	if p.program == nil {
		compiled, err := Restore(*p)
		if err != nil {
			return nil, err
		}
		p = compiled
	}
	if opts.Coverage != nil {
		counted, err := p.covered(opts.Coverage)
		if err != nil {
			return nil, err
		}
		p = counted
	}
	opts.fill()
	faces, err := newFaceSet(opts.Faces)
	if err != nil {
		return nil, err
	}
	prelude, err := compilePrelude()
	if err != nil {
		return nil, err
	}
	g := &Generation{opts: opts, program: p, prelude: prelude, faces: faces, units: map[string]*isolate{}}
	first, err := g.newIsolate()
	if err != nil {
		return nil, err
	}
	first.w.allow(opts.LoadBudget)
	if err := g.examine(first); err != nil {
		return nil, err
	}
	first.w.allow(opts.Budget)
	g.add(first)
	return g, nil
}

func (o *Options) fill() {
	if o.Budget == 0 {
		o.Budget = DefaultBudget
	}
	if o.LoadBudget == 0 {
		o.LoadBudget = max(DefaultLoadBudget, o.Budget)
	}
	o.Budgets.fill()
	if o.Isolates <= 0 {
		o.Isolates = 2
	}
	if o.State == nil {
		o.State = NewState(nil)
	}
	if o.Store == nil {
		o.Store = o.State
	}
	if o.Deliver == nil {
		o.Deliver = func(Result) {}
	}
}

func compilePrelude() (*goja.Program, error) {
	prelude, err := goja.Compile("callwright:prelude", preludeText, true)
	if err != nil {
		return nil, fmt.Errorf("sandbox: prelude: %w", err)
	}
	return prelude, nil
}
