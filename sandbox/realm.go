package sandbox

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dop251/goja"
)

// maxCallDepth bounds recursion. Overflow cannot be caught by a script and costs the
// isolate, as an interrupt does.
const maxCallDepth = 4096

const maxPlaces = 1 << 14 // frames whose line is remembered

// realm is one goja runtime made ready for units: frozen intrinsics, the faces'
// prototypes, and the functions the host calls. It is used by its isolate's goroutine
// alone. No value of it leaves it.
type realm struct {
	rt      *goja.Runtime
	program *Program
	faces   *faceSet
	store   Store
	watch   *watch
	trace   func(unit, place string) // Options.Trace
	cur     *unit                    // whose code is running
	tx      Txn                      // the state transaction of the activation under way
	// fatal is why this realm must be thrown away: it was interrupted, overflowed its
	// stack, or panicked.
	fatal error

	instantiate goja.Callable
	makeError   goja.Callable
	makeEvents  goja.Callable
	pushEvent   goja.Callable
	then        goja.Callable
	promiseOf   goja.Callable
	regexTest   goja.Callable
	errors      map[string]goja.Value
	protos      map[string]*goja.Object
	exports     map[string]goja.Value
	requireFn   goja.Value
	importFn    goja.Value
	countFn     goja.Value // undefined unless lines are counted
	stateValue  goja.Value
	stateArrays *goja.Object // prototype of state's lists
	stateRoot   *goja.Object // prototype of state

	depth    int // of nested builtins; see guardDeep
	limits   Budgets
	manifest string   // see Options.Manifest
	only     []string // see Options.StateOnly
	places   map[goja.StackFrame]string
	frames   []goja.StackFrame
}

// newRealm makes one for any program; adopt gives it its own. It takes about 10 ms,
// most of it for freezing.
func newRealm(prelude *goja.Program, faces *faceSet, store Store) (*realm, error) {
	r := &realm{rt: goja.New(), faces: faces, store: store, watch: &watch{},
		errors: map[string]goja.Value{}, protos: map[string]*goja.Object{}, exports: map[string]goja.Value{},
		places: map[goja.StackFrame]string{}}
	r.limits.fill()
	r.rt.SetMaxCallStackSize(maxCallDepth)
	r.rt.SetTimeSource(func() time.Time { return r.now() })
	r.rt.SetRandSource(func() float64 { return r.cur.random() })
	r.rt.SetPromiseRejectionTracker(r.rejection)
	r.guardBuiltins()
	r.guardDeep()
	if err := r.runPrelude(prelude); err != nil {
		return nil, fmt.Errorf("sandbox: prelude: %w", err)
	}
	r.requireFn = r.native("require", 1, r.require)
	r.importFn = r.native("host", 1, r.hostImport)
	return r, nil
}

// adopt makes the realm a program's: it evaluates the bundle to a function and runs
// none of the author's code.
func (r *realm) adopt(p *Program, w *watch) error {
	r.program, r.watch = p, w
	w.rt = r.rt
	v, err := r.rt.RunProgram(p.program)
	if err != nil {
		return r.fromRun(err)
	}
	r.instantiate, _ = goja.AssertFunction(v)
	if r.countFn = goja.Undefined(); p.counters != nil {
		r.countFn = r.native("count", 1, p.counters.count)
	}
	return nil
}

func (r *realm) runPrelude(prelude *goja.Program) error {
	v, err := r.rt.RunProgram(prelude)
	if err != nil {
		return err
	}
	run, _ := goja.AssertFunction(v)
	out, err := run(nil, r.natives())
	if err != nil {
		return err
	}
	o := out.(*goja.Object)
	fn := func(name string) goja.Callable {
		f, ok := goja.AssertFunction(o.Get(name))
		if !ok && err == nil {
			err = errors.New("no " + name)
		}
		return f
	}
	r.makeError, r.makeEvents, r.pushEvent = fn("makeError"), fn("makeEvents"), fn("pushEvent")
	r.then, r.promiseOf, r.regexTest = fn("then"), fn("promiseOf"), fn("regexTest")
	classes := o.Get("classes").(*goja.Object)
	for _, k := range classes.Keys() {
		r.errors[k] = classes.Get(k)
	}
	r.makeProtos(o.Get("asyncRace"))
	harden := fn("harden")
	if err != nil {
		return err
	}
	args := []goja.Value{r.stateArrays, r.stateRoot}
	for _, name := range sortedKeys(r.protos) {
		args = append(args, r.protos[name])
	}
	for _, name := range sortedKeys(r.exports) {
		args = append(args, r.exports[name])
	}
	_, err = harden(nil, args...)
	return err
}

// tell says what is about to run to who wants to know.
func (r *realm) tell(unit, place string) {
	if r.trace != nil {
		r.trace(unit, place)
	}
}

func (r *realm) now() time.Time {
	if r.cur == nil {
		return time.Time{}
	}
	return r.cur.now
}

// try runs f, which may run script code, and returns what it threw. What cannot be
// caught (an interrupt) is remembered as the realm's end.
func (r *realm) try(f func()) (err error) {
	defer func() {
		if x := recover(); x != nil {
			err = r.recovered(x)
		}
	}()
	if ex := r.rt.Try(f); ex != nil {
		return ex
	}
	return nil
}

// call enters the runtime from outside: when it returns, all jobs have run dry.
func (r *realm) call(f goja.Callable, this goja.Value, args ...goja.Value) (v goja.Value, err error) {
	if r.fatal != nil {
		return nil, r.fatal
	}
	defer func() {
		if x := recover(); x != nil {
			err = r.recovered(x)
		}
	}()
	v, err = f(this, args...)
	if uncatchable(err) {
		r.fatal = err
	}
	return v, err
}

func (r *realm) recovered(x any) error {
	err, ok := x.(error)
	if !ok || !uncatchable(err) {
		err = fmt.Errorf("sandbox: panic in the script engine: %v", x)
	}
	r.fatal = err
	return err
}

func uncatchable(err error) bool {
	if err == nil { // nearly always, and what follows allocates
		return false
	}
	var in *goja.InterruptedError
	var so *goja.StackOverflowError
	return errors.As(err, &in) || errors.As(err, &so)
}

// newError makes an error of one of the named classes. It must be called from inside
// the runtime, or through try.
func (r *realm) newError(name, message string) goja.Value {
	v, err := r.makeError(nil, r.rt.ToValue(name), r.rt.ToValue(message))
	if err != nil {
		panic(err)
	}
	return v
}

func (r *realm) throw(name, format string, args ...any) {
	panic(r.newError(name, fmt.Sprintf(format, args...)))
}

// place tells which line of the author's files is running, "main.js:12:9", or "". It
// costs a look at a few frames; the search in the source map is made once a place.
func (r *realm) place() string {
	r.frames = r.rt.CaptureCallStack(8, r.frames[:0])
	for _, f := range r.frames {
		s, known := r.places[f]
		if !known {
			if s = r.placeOf(f); len(r.places) >= maxPlaces {
				clear(r.places)
			}
			r.places[f] = s
		}
		if s != "" {
			return s
		}
	}
	return ""
}

func (r *realm) placeOf(f goja.StackFrame) string {
	if f.SrcName() != bundleName {
		return ""
	}
	pos := f.Position()
	file := unescape(pos.Filename)
	if _, own := r.program.sources[file]; !own {
		return ""
	}
	return placeText(file, pos.Line, startOfCall(r.program.sources.line(file, pos.Line), pos.Column)+1)
}

// startOfCall moves a column, counted from 0, from where the engine says a call is,
// its opening parenthesis, to the beginning of what is called: `call` of call.play(.
func startOfCall(line string, col int) int {
	if col > len(line) {
		return col
	}
	at := col
	if at > 0 && line[at-1] == '(' {
		at--
	}
	for at > 0 && strings.IndexByte("._$?", line[at-1]) >= 0 || at > 0 && isWord(line[at-1]) {
		at--
	}
	return at
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c >= 0x80
}

func placeText(file string, line, column int) string {
	return fmt.Sprintf("%s:%d:%d", file, line, column)
}
