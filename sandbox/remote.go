package sandbox

import (
	"github.com/dop251/goja"
)

// remote is what a Remote method gives: each property is a function, and calling it
// is the operation, with the method's own arguments, "function" and "args".
type remote struct {
	m *method
	h *handle
	// args is what the method was called with, as JSON without the closing brace.
	args []byte
}

func (r *realm) remote(m *method, h *handle, args []goja.Value) goja.Value {
	w := writer{r: r, max: maxArgs}
	w.args(m, args)
	return r.rt.NewDynamicObject(&remote{m: m, h: h, args: w.buf[:len(w.buf)-1]})
}

// Get makes the function of a name. An object that is awaited, or turned into JSON,
// is asked for then and toJSON: it has neither.
func (o *remote) Get(name string) goja.Value {
	if name == "then" || name == "toJSON" {
		return nil
	}
	r := o.h.u.r
	return r.native(name, 0, func(c goja.FunctionCall) goja.Value {
		w := writer{r: r, max: maxArgs, buf: append([]byte(nil), o.args...)}
		w.comma()
		w.buf = append(appendString(append(w.buf, `"function":`...), name), `,"args":[`...)
		for _, v := range c.Arguments {
			w.comma()
			w.argument(o.m, name, v)
		}
		w.buf = append(w.buf, "]}"...)
		w.check()
		return r.cur.operate(o.m, o.h, w.buf, nil)
	})
}

// argument writes one argument; undefined travels as null, to keep the others' places.
func (w *writer) argument(m *method, name string, v goja.Value) {
	if f, ok := v.(*goja.Object); ok && callable(f) {
		w.r.throw("BadOption", "%s: %s takes JSON values, not functions", m.label, name)
	}
	if !w.value(v, 0) {
		w.buf = append(w.buf, "null"...)
	}
}

// Set, Has, Delete and Keys: there is nothing to see but what is called.
func (o *remote) Set(string, goja.Value) bool { return false }
func (o *remote) Has(string) bool             { return false }
func (o *remote) Delete(string) bool          { return true }
func (o *remote) Keys() []string              { return nil }

// serve runs a function that the app exports as api, for another app or for HTTP.
func (u *unit) serve(in *Input) {
	var f goja.Callable
	_ = u.r.try(func() {
		if u.api != nil {
			f, _ = goja.AssertFunction(u.api.Get(in.Event))
		}
	})
	if f == nil {
		u.answer(Answer{Ask: in.Ask, Error: &HostError{Name: "Error", Message: "the app's api has no function " + in.Event}})
		return
	}
	v, err := u.r.call(f, u.api, u.arguments(in.Value)...)
	if err != nil {
		u.refuse(in.Ask, u.r.fromRun(err))
		return
	}
	u.answerWith(in.Ask, v, nil)
}

// keepAPI remembers what the app's own run exports as api.
func (u *unit) keepAPI(exports goja.Value) {
	o, ok := exports.(*goja.Object)
	if !ok {
		return
	}
	_ = u.r.try(func() { u.api, _ = o.Get("api").(*goja.Object) })
}
