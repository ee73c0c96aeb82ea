package sandbox

import (
	"encoding/json"
	"strconv"

	"github.com/dop251/goja"
)

// listProto is the prototype of state's lists: Array.prototype, but for the methods
// that move elements. Those are one change each, not one an element, and what they
// take out comes back as a plain copy that outlives its place.
func (r *realm) listProto() *goja.Object {
	array := r.rt.GlobalObject().Get("Array").(*goja.Object).Get("prototype").(*goja.Object)
	p := r.rt.CreateObject(array)
	add := func(name string, length int, f func(a *stateArray, c goja.FunctionCall) goja.Value) {
		r.method(p, name, r.native(name, length, func(c goja.FunctionCall) goja.Value {
			o, ok := c.This.(*goja.Object)
			if !ok || o.ExportType() != stateArrType {
				r.throw("TypeError", "%s was called on something else", name)
			}
			return f(o.Export().(*stateArray), c)
		}))
	}
	first := func(v goja.Value) goja.Value { return v.(*goja.Object).Get("0") }
	add("pop", 0, func(a *stateArray, _ goja.FunctionCall) goja.Value {
		n := a.Len()
		return first(a.splice(max(n-1, 0), min(n, 1), nil))
	})
	add("shift", 0, func(a *stateArray, _ goja.FunctionCall) goja.Value {
		return first(a.splice(0, min(a.Len(), 1), nil))
	})
	add("unshift", 1, func(a *stateArray, c goja.FunctionCall) goja.Value {
		a.splice(0, 0, c.Arguments)
		return r.rt.ToValue(a.Len())
	})
	add("push", 1, func(a *stateArray, c goja.FunctionCall) goja.Value {
		n := a.Len()
		a.splice(n, 0, c.Arguments)
		return r.rt.ToValue(n + len(c.Arguments))
	})
	add("splice", 2, func(a *stateArray, c goja.FunctionCall) goja.Value {
		n := a.Len()
		at := clampIndex(c.Argument(0), n)
		drop := n - at
		if len(c.Arguments) > 1 {
			drop = int(min(max(c.Argument(1).ToInteger(), 0), int64(n-at)))
		} else if len(c.Arguments) == 0 {
			drop = 0
		}
		return a.splice(at, drop, c.Arguments[min(2, len(c.Arguments)):])
	})
	for _, name := range []string{"sort", "reverse"} {
		native, _ := goja.AssertFunction(array.Get(name))
		add(name, 1, func(a *stateArray, c goja.FunctionCall) goja.Value {
			n := a.Len()
			items := must(a.r.parse(a.json(), nil, "")).(*goja.Object)
			must(native(items, c.Arguments...))
			all := make([]goja.Value, n)
			for i := range all {
				all[i] = items.Get(strconv.Itoa(i))
			}
			a.splice(0, n, all)
			return c.This
		})
	}
	return p
}

func clampIndex(v goja.Value, n int) int {
	i := v.ToInteger()
	if i < 0 {
		i += int64(n)
	}
	return int(min(max(i, 0), int64(n)))
}

// splice changes the list and returns what it took out, as plain values.
func (a *stateArray) splice(at, drop int, args []goja.Value) goja.Value {
	in := make([]any, len(args))
	value := []byte{'['}
	for i, v := range args {
		n, raw := a.take(strconv.Itoa(at+i), v)
		in[i] = n
		if i > 0 {
			value = append(value, ',')
		}
		value = append(value, raw...)
	}
	value = append(value, ']')
	out := a.write(strconv.Itoa(at), Access{Do: SpliceList, At: at, Drop: drop, Value: value, value: &list{in}})
	raw := a.record(func() json.RawMessage { return out.JSON })
	return must(a.r.parse(raw, nil, ""))
}
