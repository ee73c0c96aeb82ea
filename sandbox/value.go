package sandbox

import (
	"math"
	"strconv"
	"strings"

	"github.com/dop251/goja"
)

// Limits of one value that crosses the border.
const (
	maxArgs  = 64 << 10
	maxJSON  = 4 << 20
	maxDepth = 512
)

// writer turns JavaScript values into JSON, in the order the script made them, so
// that a replay writes the same bytes. It is used from inside a running script and
// throws (panics with a JavaScript error) what the script did wrong; from outside,
// wrap it in realm.try. Depth and size are bounded, so cycles end as an error.
type writer struct {
	r   *realm
	buf []byte
	max int
	// fns gives a function or regular expression of an operation's arguments its
	// number. Nil: functions are left out, as JSON.stringify does.
	fns func(o *goja.Object) uint32
	// strict throws for what JSON cannot hold, naming the path: for state.
	strict bool
	path   []string

	replace goja.Callable
	allow   []string
	gap     string
}

// value writes v and says true, or writes nothing for undefined, symbols and
// functions (where those are left out) and says false.
func (w *writer) value(v goja.Value, depth int) bool {
	switch x := v.(type) {
	case nil:
		return w.refuse("undefined")
	case goja.String:
		w.buf = appendString(w.buf, x.String())
	case *goja.Object:
		return w.composite(x, depth)
	case *goja.Symbol:
		return w.refuse("a symbol")
	default:
		return w.scalar(v)
	}
	w.check()
	return true
}

func (w *writer) scalar(v goja.Value) bool {
	switch {
	case goja.IsUndefined(v):
		return w.refuse("undefined")
	case goja.IsNull(v):
		w.buf = append(w.buf, "null"...)
	case isBool(v):
		w.buf = strconv.AppendBool(w.buf, v.ToBoolean())
	case goja.IsNumber(v):
		f := v.ToFloat()
		if math.IsNaN(f) || math.IsInf(f, 0) {
			if w.strict {
				return w.refuse(v.String())
			}
			w.buf = append(w.buf, "null"...)
		} else {
			w.buf = append(w.buf, v.String()...)
		}
	default:
		panic(w.r.rt.NewTypeError("%s: a BigInt has no JSON form", w.where()))
	}
	return true
}

func (w *writer) refuse(what string) bool {
	if w.strict {
		panic(w.r.rt.NewTypeError("%s cannot hold %s", w.where(), what))
	}
	return false
}

func (w *writer) where() string {
	if len(w.path) == 0 {
		return "value"
	}
	if len(w.path) > 6 {
		return strings.Join(w.path[:4], ".") + "…" + w.path[len(w.path)-1]
	}
	return strings.Join(w.path, ".")
}

func (w *writer) check() {
	if w.r.watch.fired.Load() { // an interrupt does not reach a builtin
		panic(w.r.newError("RangeError", w.where()+" takes too long to write"))
	}
	if len(w.buf) > w.max {
		panic(w.r.newError("RangeError", w.where()+" is larger than "+strconv.Itoa(w.max)+" bytes"))
	}
}

func (w *writer) composite(o *goja.Object, depth int) bool {
	if depth > maxDepth {
		panic(w.r.rt.NewTypeError("%s is a cycle or deeper than %d", w.where(), maxDepth))
	}
	switch o.ExportType() {
	case handleType:
		return w.host(o, depth)
	case stateObjType:
		return w.raw(o.Export().(*stateObject).json())
	case stateArrType:
		return w.raw(o.Export().(*stateArray).json())
	}
	if callable(o) || w.fns != nil && o.ClassName() == "RegExp" {
		return w.function(o)
	}
	kind := kindOf(o)
	switch kind {
	case "Array":
		return w.array(o, depth)
	case "String", "Number", "Boolean":
		if !w.strict {
			return w.value(boxed(o), depth)
		}
	case "Object", "Arguments", "Proxy":
	default:
		if w.strict {
			return w.refuse("a " + kind)
		}
	}
	if !w.strict {
		if f, ok := goja.AssertFunction(o.Get("toJSON")); ok {
			v, err := f(o)
			if err != nil {
				panic(err)
			}
			if n, same := v.(*goja.Object); !same || n != o {
				return w.value(v, depth+1)
			}
		}
	}
	w.object(o, depth, nil)
	return true
}

func boxed(o *goja.Object) goja.Value {
	switch o.ClassName() {
	case "String":
		return o.ToString()
	case "Number":
		return o.ToNumber()
	}
	f, _ := goja.AssertFunction(o.Get("valueOf"))
	v, err := f(o)
	if err != nil {
		panic(err)
	}
	return v
}

func (w *writer) raw(b []byte) bool {
	w.buf = append(w.buf, b...)
	w.check()
	return true
}

// host writes a host object: its handle among arguments, its fields elsewhere.
func (w *writer) host(o *goja.Object, depth int) bool {
	h := o.Export().(*handle)
	if w.strict {
		return w.refuse("a " + h.class.Class)
	}
	if w.fns == nil {
		w.object(o, depth, nil)
		return true
	}
	w.buf = append(w.buf, `{"$handle":`...)
	w.buf = appendString(w.buf, h.name)
	w.buf = append(w.buf, '}')
	w.check()
	return true
}

func (w *writer) function(o *goja.Object) bool {
	if w.fns == nil {
		return w.refuse("a function")
	}
	w.buf = append(w.buf, `{"$fn":`...)
	w.buf = strconv.AppendUint(w.buf, uint64(w.fns(o)), 10)
	if o.ClassName() == "RegExp" {
		w.buf = append(w.buf, `,"$re":`...)
		w.buf = appendString(w.buf, o.Get("source").String())
		w.buf = append(w.buf, `,"flags":`...)
		w.buf = appendString(w.buf, o.Get("flags").String())
	}
	w.buf = append(w.buf, '}')
	w.check()
	return true
}

func (w *writer) length(o *goja.Object) int64 {
	n := o.Get("length").ToInteger()
	if n > maxElements {
		panic(w.r.newError("RangeError", w.where()+" has too many elements"))
	}
	return n
}

func (w *writer) list(o *goja.Object, put func(goja.Value) bool) bool {
	w.buf = append(w.buf, '[')
	for i, n := int64(0), w.length(o); i < n; i++ {
		w.comma()
		if !put(o.Get(strconv.FormatInt(i, 10))) {
			return false
		}
	}
	w.buf = append(w.buf, ']')
	return true
}

func (w *writer) comma() {
	switch w.buf[len(w.buf)-1] {
	case '[', '{':
	default:
		w.buf = append(w.buf, ',')
	}
}

func (w *writer) array(o *goja.Object, depth int) bool {
	w.buf = append(w.buf, '[')
	n := w.length(o)
	for i := int64(0); i < n; i++ {
		if i > 0 {
			w.buf = append(w.buf, ',')
		}
		w.indent(depth + 1)
		if i%256 == 255 {
			w.check()
		}
		key := strconv.FormatInt(i, 10)
		w.push(key)
		if !w.value(w.replaced(o, key, o.Get(key)), depth+1) {
			w.buf = append(w.buf, "null"...)
		}
		w.pop()
	}
	if n > 0 {
		w.indent(depth)
	}
	w.buf = append(w.buf, ']')
	w.check()
	return true
}

func (w *writer) push(key string) {
	if w.strict {
		w.path = append(w.path, key)
	}
}

func (w *writer) pop() {
	if w.strict {
		w.path = w.path[:len(w.path)-1]
	}
}

// object writes own enumerable properties, but those in skip.
func (w *writer) object(o *goja.Object, depth int, skip map[string]bool) {
	keys := w.allow
	if keys == nil {
		keys = o.Keys()
	}
	w.buf = append(w.buf, '{')
	first := true
	for _, k := range keys {
		if skip[k] {
			continue
		}
		mark := len(w.buf)
		if !first {
			w.buf = append(w.buf, ',')
		}
		w.indent(depth + 1)
		w.buf = appendString(w.buf, k)
		w.buf = append(w.buf, ':')
		if w.gap != "" {
			w.buf = append(w.buf, ' ')
		}
		w.push(k)
		if w.value(w.replaced(o, k, o.Get(k)), depth+1) {
			first = false
		} else {
			w.buf = w.buf[:mark]
		}
		w.pop()
	}
	if !first {
		w.indent(depth)
	}
	w.buf = append(w.buf, '}')
	w.check()
}

func (w *writer) indent(depth int) {
	if w.gap == "" {
		return
	}
	w.buf = append(w.buf, '\n')
	for range depth {
		w.buf = append(w.buf, w.gap...)
	}
}

// replaced asks the replacer of JSON.stringify. Its toJSON comes first there; for
// host use there is no replacer.
func (w *writer) replaced(holder *goja.Object, key string, v goja.Value) goja.Value {
	if w.replace == nil {
		return v
	}
	if o, ok := v.(*goja.Object); ok {
		if f, ok := goja.AssertFunction(o.Get("toJSON")); ok {
			if v, ok = must(f(o, w.r.rt.ToValue(key))), true; v == nil {
				v = goja.Undefined()
			}
		}
	}
	if v == nil {
		v = goja.Undefined()
	}
	return must(w.replace(holder, w.r.rt.ToValue(key), v))
}

// must rethrows into the running script.
func must(v goja.Value, err error) goja.Value {
	if err != nil {
		panic(err)
	}
	return v
}
