package sandbox

import (
	"strconv"
	"strings"

	"github.com/dop251/goja"
)

// An interrupt is seen between instructions, not inside a builtin. So builtins that
// one call can keep busy, or fill the memory with, are capped.
const (
	maxElements = 1 << 20 // of an array-like a builtin walks through
	maxString   = 1 << 20 // characters a builtin makes at once
	maxBytes    = 16 << 20
)

// guardBuiltins wraps the intrinsics before they are frozen. A guard costs 0.1 µs.
func (r *realm) guardBuiltins() {
	g := r.rt.GlobalObject()
	ctor := func(name string) *goja.Object { return g.Get(name).(*goja.Object) }
	arrays := ctor("Array").Get("prototype").(*goja.Object)
	for _, name := range arrays.GetOwnPropertyNames() {
		if name != "constructor" && name != "push" && name != "pop" && name != "at" {
			r.guard(arrays, name, r.shortList)
		}
	}
	r.guard(ctor("Array"), "from", func(c goja.FunctionCall) { r.short(c.Argument(0)) })
	function := ctor("Function").Get("prototype").(*goja.Object)
	r.guard(function, "apply", func(c goja.FunctionCall) { r.short(c.Argument(1)) })
	r.guard(ctor("Reflect"), "apply", func(c goja.FunctionCall) { r.short(c.Argument(2)) })
	r.guard(ctor("Reflect"), "construct", func(c goja.FunctionCall) { r.short(c.Argument(1)) })
	texts := ctor("String").Get("prototype").(*goja.Object)
	r.guard(texts, "repeat", func(c goja.FunctionCall) {
		if n := c.Argument(0).ToFloat(); n > 0 {
			r.fits(float64(len(c.This.String())) * n)
		}
	})
	pad := func(c goja.FunctionCall) { r.fits(c.Argument(0).ToFloat()) }
	r.guard(texts, "padStart", pad)
	r.guard(texts, "padEnd", pad)
	json := ctor("JSON")
	r.guard(json, "parse", r.shallowJSON)
	r.define(json, "stringify", 3, r.stringify)
}

// guard replaces a native function by one that checks first.
func (r *realm) guard(o *goja.Object, name string, check func(goja.FunctionCall)) {
	f, ok := o.Get(name).(*goja.Object)
	if !ok {
		return
	}
	native, ok := f.Export().(func(goja.FunctionCall) goja.Value)
	if !ok {
		return
	}
	n := int(f.Get("length").ToInteger())
	r.define(o, name, n, func(c goja.FunctionCall) goja.Value {
		check(c)
		return native(c)
	})
}

// define puts a native function where a builtin is, hidden from enumeration.
func (r *realm) define(o *goja.Object, name string, length int, f func(goja.FunctionCall) goja.Value) {
	_ = o.DefineDataProperty(name, r.native(name, length, f), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE)
}

// native makes a function object of a Go function.
func (r *realm) native(name string, length int, f func(goja.FunctionCall) goja.Value) *goja.Object {
	v := r.rt.ToValue(f).(*goja.Object)
	_ = v.DefineDataProperty("name", r.rt.ToValue(name), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE)
	_ = v.DefineDataProperty("length", r.rt.ToValue(length), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE)
	_ = v.Delete("prototype")
	return v
}

func (r *realm) shortList(c goja.FunctionCall) { r.short(c.This) }

func (r *realm) short(v goja.Value) {
	o, ok := v.(*goja.Object)
	if !ok {
		return
	}
	n := o.Get("length")
	if n != nil && goja.IsNumber(n) && n.ToFloat() > maxElements {
		r.throw("RangeError", "a list of %s elements is too long: at most %d", n.String(), maxElements)
	}
}

func (r *realm) fits(n float64) {
	if n > maxString {
		r.throw("RangeError", "a text of %.0f characters is too long: at most %d", n, maxString)
	}
}

// shallowJSON refuses what would make JSON.parse recurse or copy without end.
func (r *realm) shallowJSON(c goja.FunctionCall) {
	s, ok := c.Argument(0).(goja.String)
	if !ok {
		return
	}
	if s.Length() > maxJSON {
		r.throw("RangeError", "JSON.parse: a text of %d characters is too long: at most %d", s.Length(), maxJSON)
	}
	depth, quoted := 0, false
	text := s.String()
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			quoted = !quoted
		case '[', '{':
			if !quoted {
				depth++
			}
		case ']', '}':
			if !quoted {
				depth--
			}
		}
		if depth > maxDepth {
			r.throw("SyntaxError", "JSON.parse: nested deeper than %d", maxDepth)
		}
	}
}

// stringify is JSON.stringify bounded in depth and size.
func (r *realm) stringify(c goja.FunctionCall) goja.Value {
	w := writer{r: r, max: maxJSON, gap: gapOf(c.Argument(2))}
	if o, ok := c.Argument(1).(*goja.Object); ok {
		if f, ok := goja.AssertFunction(o); ok {
			w.replace = f
		} else if o.ClassName() == "Array" {
			w.allow = []string{}
			for i, n := int64(0), w.length(o); i < n; i++ {
				w.allow = append(w.allow, o.Get(strconv.FormatInt(i, 10)).String())
			}
		}
	}
	v := c.Argument(0)
	if w.replace != nil {
		holder := r.rt.NewObject()
		_ = holder.Set("", v)
		v = w.replaced(holder, "", v)
	}
	if !w.value(v, 0) {
		return goja.Undefined()
	}
	return r.rt.ToValue(string(w.buf))
}

func gapOf(v goja.Value) string {
	if goja.IsNumber(v) {
		return strings.Repeat(" ", min(10, max(0, int(v.ToInteger()))))
	}
	if s, ok := v.(goja.String); ok {
		text := []rune(s.String())
		return string(text[:min(10, len(text))])
	}
	return ""
}
