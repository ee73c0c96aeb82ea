package sandbox

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/dop251/goja"
)

// inspector shows a value for a log, bounded in depth, breadth and length. Whatever a
// script hides in getters, proxies or toString shows as an error mark at most.
type inspector struct {
	r    *realm
	b    strings.Builder
	path []*goja.Object
}

func (r *realm) inspect(v goja.Value) string {
	in := inspector{r: r}
	if err := r.try(func() { in.value(v, 0) }); err != nil {
		in.b.WriteString("[cannot be shown]")
	}
	return in.b.String()
}

func (in *inspector) value(v goja.Value, depth int) {
	switch x := v.(type) {
	case nil:
		in.b.WriteString("undefined")
	case *goja.Object:
		if err := in.r.try(func() { in.object(x, depth) }); err != nil {
			in.b.WriteString("[cannot be shown]")
		}
	case goja.String:
		in.b.WriteString(quote(x.String()))
	case *goja.Symbol:
		in.b.WriteString("Symbol(" + x.String() + ")")
	default:
		in.b.WriteString(v.String())
		if goja.IsBigInt(v) {
			in.b.WriteByte('n')
		}
	}
}

func quote(s string) string {
	if len(s) > maxLine {
		s = clip(s, maxLine)
	}
	q := strconv.Quote(s)
	if !strings.Contains(s, "'") {
		return "'" + strings.ReplaceAll(q[1:len(q)-1], `\"`, `"`) + "'"
	}
	return q
}

func (in *inspector) object(o *goja.Object, depth int) {
	for _, p := range in.path {
		if p == o {
			in.b.WriteString("[Circular]")
			return
		}
	}
	if in.b.Len() > maxLine {
		in.b.WriteString("…")
		return
	}
	in.path = append(in.path, o)
	defer func() { in.path = in.path[:len(in.path)-1] }()
	switch o.ExportType() {
	case handleType:
		h := o.Export().(*handle)
		in.b.WriteString(h.class.Class + " ")
		in.fields(o, depth)
		return
	case stateObjType, stateArrType:
		w := writer{r: in.r, max: maxJSON}
		w.value(o, 0)
		in.b.WriteString(clip(string(w.buf), maxLine))
		return
	}
	if kindOf(o) == "Proxy" {
		in.b.WriteString("[Proxy]")
		return
	}
	in.byClass(o, depth)
}

func (in *inspector) byClass(o *goja.Object, depth int) {
	switch c := kindOf(o); c {
	case "Function":
		if name := textOr(in.get(o, "name"), ""); name != "" {
			in.b.WriteString("[Function: " + name + "]")
		} else {
			in.b.WriteString("[Function]")
		}
	case "Array":
		in.list(o, depth)
	case "Error":
		in.error(o)
	case "Date":
		if at, ok := o.Export().(time.Time); ok && !at.IsZero() {
			in.b.WriteString(at.UTC().Format("2006-01-02T15:04:05.000Z"))
		} else {
			in.b.WriteString("Invalid Date")
		}
	case "RegExp":
		in.b.WriteString(o.String())
	case "Promise":
		p := o.Export().(*goja.Promise)
		in.b.WriteString("Promise { " + [...]string{"<pending>", "<rejected>", "<fulfilled>"}[stateIndex(p.State())] + " }")
	case "Map", "Set":
		fmt.Fprintf(&in.b, "%s(%s) ", c, in.get(o, "size"))
		in.collection(o, c, depth)
	case "typed array":
		fmt.Fprintf(&in.b, "%s(%s) ", in.className(o), in.get(o, "length"))
		in.list(o, depth)
	case "String", "Number", "Boolean":
		in.b.WriteString("[" + c + ": ")
		in.value(boxed(o), depth)
		in.b.WriteByte(']')
	case "Object", "Arguments":
		if name := in.className(o); name != "" && name != "Object" {
			in.b.WriteString(name + " ")
		}
		in.fields(o, depth)
	default:
		in.b.WriteString("[" + c + "]")
	}
}

func stateIndex(s goja.PromiseState) int {
	switch s {
	case goja.PromiseStateRejected:
		return 1
	case goja.PromiseStateFulfilled:
		return 2
	}
	return 0
}

func (in *inspector) className(o *goja.Object) string {
	proto := o.Prototype()
	if proto == nil {
		return "[Object: null prototype]"
	}
	c, ok := in.get(proto, "constructor").(*goja.Object)
	if !ok {
		return ""
	}
	return textOr(in.get(c, "name"), "")
}

// get reads a property; a getter that throws reads as undefined.
func (in *inspector) get(o *goja.Object, name string) (v goja.Value) {
	if err := in.r.try(func() { v = o.Get(name) }); err != nil || v == nil {
		return goja.Undefined()
	}
	return v
}

func (in *inspector) list(o *goja.Object, depth int) {
	n := in.get(o, "length").ToInteger()
	if depth > 4 {
		fmt.Fprintf(&in.b, "[Array(%d)]", n)
		return
	}
	in.b.WriteByte('[')
	for i := int64(0); i < min(n, 100); i++ {
		if i > 0 {
			in.b.WriteByte(',')
		}
		in.b.WriteByte(' ')
		in.value(in.get(o, strconv.FormatInt(i, 10)), depth+1)
	}
	if n > 100 {
		fmt.Fprintf(&in.b, ", … %d more", n-100)
	}
	if n > 0 {
		in.b.WriteByte(' ')
	}
	in.b.WriteByte(']')
}

// collection lists a Map's or Set's first entries, by the builtin itself: what a script
// has put in its place is not asked.
func (in *inspector) collection(o *goja.Object, class string, depth int) {
	each, ok := goja.AssertFunction(in.r.rt.Get(class).(*goja.Object).Get("prototype").(*goja.Object).Get("forEach"))
	if !ok || depth > 4 {
		in.b.WriteString("{…}")
		return
	}
	n := 0
	in.b.WriteByte('{')
	_ = in.r.try(func() {
		_, err := each(o, in.r.native("", 2, func(c goja.FunctionCall) goja.Value {
			if n > 0 {
				in.b.WriteByte(',')
			}
			if n++; n > 50 {
				in.b.WriteString(" … more")
				panic(in.r.rt.ToValue("enough"))
			}
			in.b.WriteByte(' ')
			if class == "Map" {
				in.value(c.Argument(1), depth+1)
				in.b.WriteString(" => ")
			}
			in.value(c.Argument(0), depth+1)
			return goja.Undefined()
		}))
		_ = err // "enough"
	})
	if n > 0 {
		in.b.WriteByte(' ')
	}
	in.b.WriteByte('}')
}

func (in *inspector) error(o *goja.Object) {
	name := textOr(in.get(o, "name"), "Error")
	in.b.WriteString(name + ": " + textOr(in.get(o, "message"), ""))
	if in.r.program == nil {
		return
	}
	if lines, _ := in.r.program.stack(textOr(in.get(o, "stack"), "")); lines != "" {
		in.b.WriteString("\n" + lines)
	}
}

func (in *inspector) fields(o *goja.Object, depth int) {
	if depth > 4 {
		in.b.WriteString("[Object]")
		return
	}
	keys := o.Keys()
	in.b.WriteByte('{')
	for i, k := range keys {
		if i > 0 {
			in.b.WriteByte(',')
		}
		if i == 50 {
			fmt.Fprintf(&in.b, " … %d more", len(keys)-i)
			break
		}
		in.b.WriteString(" " + propertyName(k) + ": ")
		in.value(in.get(o, k), depth+1)
	}
	if len(keys) > 0 {
		in.b.WriteByte(' ')
	}
	in.b.WriteByte('}')
}

func propertyName(k string) string {
	for i, c := range k {
		if c != '_' && c != '$' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (i == 0 || c < '0' || c > '9') {
			return quote(k)
		}
	}
	if k == "" {
		return "''"
	}
	return k
}
