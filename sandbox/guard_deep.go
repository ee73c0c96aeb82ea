package sandbox

import (
	"strconv"
	"strings"
	"time"

	"github.com/dlclark/regexp2/v2"
	"github.com/dop251/goja"
)

// Builtins that call themselves through each other use the stack of the process, whose
// end is the end of the process. They nest this deep at most, which is far beyond what
// a script that means well does.
const (
	maxNested = 256
	maxText   = 16 << 20 // characters that a text method takes or makes
	maxSorted = 1 << 17  // elements sorted without a function of the script's
	maxFlat   = 512
	maxBound  = 2048 // characters of the name of a bound function: it grows by each bind
)

// matchTimeout ends a regular expression that tracks back. It is longer than the grace of
// any activation, so that the interrupt comes first; the guard of exec turns what is left
// (a top level with its long budget) into an error, for the engine would answer "no
// match". The bound is a variable of the engine's package and taken when a pattern is
// compiled.
var matchTimeout = boundMatches(time.Second)

func boundMatches(d time.Duration) time.Duration {
	regexp2.DefaultMatchTimeout = d
	return d
}

// guardDeep wraps the builtins that recurse, and texts and lists that multiply.
func (r *realm) guardDeep() {
	g := r.rt.GlobalObject()
	proto := func(name string) *goja.Object { return g.Get(name).(*goja.Object).Get("prototype").(*goja.Object) }
	arrays, texts := proto("Array"), proto("String")
	r.guard(arrays, "join", r.fitsJoined)
	r.guard(arrays, "sort", r.shortSort)
	r.guard(arrays, "flat", func(c goja.FunctionCall) {
		if c.Argument(0).ToFloat() > maxFlat {
			c.Arguments[0] = r.rt.ToValue(maxFlat)
		}
	})
	for _, name := range []string{"join", "toString", "toLocaleString", "concat"} {
		r.nested(arrays, name)
	}
	function, reflect := proto("Function"), g.Get("Reflect").(*goja.Object)
	r.nested(function, "call")
	r.nested(function, "apply")
	r.guard(function, "bind", r.shortBound)
	r.nested(reflect, "apply")
	r.nested(reflect, "construct")
	for _, name := range texts.GetOwnPropertyNames() {
		switch name {
		case "constructor", "charAt", "charCodeAt", "codePointAt", "at", "length", "toString", "valueOf", "slice", "substring":
		default:
			r.guard(texts, name, func(c goja.FunctionCall) { r.shortText(c.This) })
		}
	}
	r.guard(texts, "replace", r.fitsReplaced)
	r.guard(texts, "replaceAll", r.fitsReplaced)
	r.guard(texts, "concat", func(c goja.FunctionCall) {
		n := 0
		for _, v := range c.Arguments {
			if s, ok := v.(goja.String); ok {
				n += s.Length()
			}
		}
		r.fitsText(float64(n))
	})
	r.timed(proto("RegExp"), "exec")
}

// nested counts how deep a builtin stands in itself and its like.
func (r *realm) nested(o *goja.Object, name string) {
	r.wrap(o, name, func(native func(goja.FunctionCall) goja.Value, c goja.FunctionCall) goja.Value {
		r.depth++
		defer func() { r.depth-- }()
		if r.depth > maxNested {
			r.throw("RangeError", "%s: nested deeper than %d", name, maxNested)
		}
		return native(c)
	})
}

// timed throws when a match was given up.
func (r *realm) timed(o *goja.Object, name string) {
	r.wrap(o, name, func(native func(goja.FunctionCall) goja.Value, c goja.FunctionCall) goja.Value {
		began := time.Now()
		v := native(c)
		if time.Since(began) >= matchTimeout {
			r.throw("RangeError", "a regular expression took longer than %v: %s", matchTimeout, r.short1(c.This))
		}
		return v
	})
}

// wrap replaces a native function by one that gets it.
func (r *realm) wrap(o *goja.Object, name string, with func(native func(goja.FunctionCall) goja.Value, c goja.FunctionCall) goja.Value) {
	f, ok := o.Get(name).(*goja.Object)
	if !ok {
		return
	}
	native, ok := f.Export().(func(goja.FunctionCall) goja.Value)
	if !ok {
		return
	}
	r.define(o, name, int(f.Get("length").ToInteger()), func(c goja.FunctionCall) goja.Value { return with(native, c) })
}

func (r *realm) shortText(v goja.Value) {
	if s, ok := v.(goja.String); ok {
		r.fitsText(float64(s.Length()))
	}
}

func (r *realm) fitsText(n float64) {
	if n > maxText {
		r.throw("RangeError", "a text of %.0f characters is too long: at most %d", n, maxText)
	}
}

// fitsJoined adds up what a list's texts and separators come to.
func (r *realm) fitsJoined(c goja.FunctionCall) {
	o, ok := c.This.(*goja.Object)
	if !ok {
		return
	}
	v := o.Get("length")
	if v == nil || !goja.IsNumber(v) {
		return
	}
	sep, n, sum := 1, int(v.ToInteger()), 0
	if s, ok := c.Argument(0).(goja.String); ok {
		sep = s.Length()
	}
	r.fitsText(float64(sep) * float64(n))
	if o.ClassName() != "Array" || n < 64 {
		return
	}
	for i := range n {
		if s, ok := o.Get(strconv.Itoa(i)).(goja.String); ok {
			sum += s.Length()
			r.fitsText(float64(sum))
		}
	}
}

// shortSort: a comparison by the script is interrupted, one by the engine is not.
func (r *realm) shortSort(c goja.FunctionCall) {
	o, ok := c.This.(*goja.Object)
	if !ok || !empty(c.Argument(0)) {
		return
	}
	if n := o.Get("length"); n != nil && goja.IsNumber(n) && n.ToFloat() > maxSorted {
		r.throw("RangeError", "a list of %s elements is too long to sort without a function: at most %d", n.String(), maxSorted)
	}
}

func (r *realm) shortBound(c goja.FunctionCall) {
	if o, ok := c.This.(*goja.Object); ok {
		if s, ok := o.Get("name").(goja.String); ok && s.Length() > maxBound {
			r.throw("RangeError", "bind: the function is bound too often already")
		}
	}
}

// fitsReplaced estimates the longest text that a replacement by a text can make.
func (r *realm) fitsReplaced(c goja.FunctionCall) {
	s, ok := c.This.(goja.String)
	with, fixed := c.Argument(1).(goja.String)
	if !ok || !fixed {
		return
	}
	n, text := float64(s.Length())+1, with.String()
	matches := n
	if p, ok := c.Argument(0).(goja.String); ok {
		matches = n / float64(max(1, p.Length()))
	}
	size := float64(strings.Count(text, "$"))*n + float64(strings.Count(text, "$`")+strings.Count(text, "$'"))*n*matches/2
	if len(text) > 64 {
		size += matches * float64(len(text))
	}
	if size > 4*maxText {
		r.throw("RangeError", "replace: the text could become longer than %d characters", 4*maxText)
	}
}
