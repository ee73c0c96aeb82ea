package sandbox

import (
	"bytes"
	"encoding/json"

	"github.com/dop251/goja"
)

// handle is a host object as one unit sees it. Scripts hold obj, whose properties are
// answered here: fields from the snapshot, promise fields, and errors for names that
// are not built. Methods are on the class's prototype.
type handle struct {
	u     *unit
	name  string // "call", "room:1234", "op:7"
	class *class
	obj   *goja.Object

	raw      json.RawMessage // snapshot; read when a field is asked for
	fields   *goja.Object
	writable map[string]*owned
	promises map[string]*field
	did      *goja.Promise // of a thenable: what its operation comes to
	hears    map[string][]*listener
}

// owned is a writable field that the script has met: from then on the script's own
// object stands, unless the host sends other content.
type owned struct {
	v    goja.Value
	told []byte // as the host has it
}

// field is a promise field.
type field struct {
	promise goja.Value
	settle  func(any) error // nil: settled
}

// object returns the unit's host object of that handle, making it at first sight.
func (u *unit) object(name, className string, fields json.RawMessage) *handle {
	h := u.objects[name]
	if h == nil {
		c := u.r.faces.classes[className]
		if c == nil || className == "" {
			c = &class{Face: Face{Class: className}, label: "object"}
		}
		h = &handle{u: u, name: name, class: c}
		h.obj = u.r.rt.NewDynamicObject(h)
		if p := u.r.protos[className]; p != nil {
			_ = h.obj.SetPrototype(p)
		}
		if u.objects == nil {
			u.objects = map[string]*handle{}
		}
		u.objects[name] = h
		if raw, ok := u.snaps[name]; ok {
			h.raw = raw
			delete(u.snaps, name)
		}
	}
	if fields != nil {
		h.snapshot(fields)
	}
	return h
}

func (h *handle) snapshot(raw json.RawMessage) {
	h.raw, h.fields = raw, nil
	for name, o := range h.writable {
		told := h.canonical(name)
		if !bytes.Equal(told, o.told) {
			delete(h.writable, name)
		}
	}
}

// canonical is a field of the snapshot as the writer would write it.
func (h *handle) canonical(name string) []byte {
	v := h.field(name)
	if v == nil {
		return nil
	}
	w := writer{r: h.u.r, max: maxArgs}
	if h.u.r.try(func() { w.value(v, 0) }) != nil {
		return nil
	}
	return w.buf
}

func (h *handle) field(name string) goja.Value {
	if h.fields == nil {
		h.fields = h.u.r.rt.NewObject()
		if v, err := h.u.r.parse(h.raw, h.u, ""); err == nil {
			if o, ok := v.(*goja.Object); ok {
				h.fields = o
			}
		}
	}
	return h.fields.Get(name)
}

// Get answers a property. It runs inside the script.
func (h *handle) Get(key string) goja.Value {
	if f := h.class.fields[key]; f != nil {
		switch {
		case f.Part != "":
			return h.u.object(h.name+"."+key, f.Part, nil).obj
		case f.Version:
			return h.u.r.rt.ToValue(h.u.r.program.Version)
		}
		if f.Writable && h.u.looking {
			return h.copied(key)
		}
		if f.Writable {
			return h.own(key).v
		}
		return h.field(key)
	}
	if h.class.promises[key] {
		return h.promise(key)
	}
	if h.class.notBuilt[key] {
		h.u.r.throw("Error", "%s.%s is not built yet", h.class.label, key)
	}
	return nil
}

// own makes a writable field the script's.
func (h *handle) own(key string) *owned {
	if o := h.writable[key]; o != nil {
		return o
	}
	v := h.field(key)
	told := h.canonical(key)
	if v == nil || goja.IsNull(v) {
		v, told = h.u.r.rt.NewObject(), []byte("{}")
	}
	if h.writable == nil {
		h.writable = map[string]*owned{}
	}
	o := &owned{v, told}
	h.writable[key] = o
	return o
}

// Set allows writable fields only.
func (h *handle) Set(key string, v goja.Value) bool {
	h.u.refuseLook("writing " + h.class.label + "." + key)
	f := h.class.fields[key]
	if f == nil || !f.Writable {
		if f == nil && !h.class.promises[key] {
			h.u.r.throw("TypeError", "%s has no field %q to write%s", h.class.label, key, h.writableHint())
		}
		h.u.r.throw("TypeError", "%s.%s cannot be written", h.class.label, key)
	}
	w := writer{r: h.u.r, max: maxArgs, strict: true, path: []string{h.class.label, key}}
	w.value(v, 0) // throws what cannot be kept
	h.own(key).v = v
	return true
}

func (h *handle) writableHint() string {
	for _, f := range h.class.Fields {
		if f.Writable {
			return "; keep your own data in " + h.class.label + "." + f.Name
		}
	}
	return ""
}

// Has says which properties the object itself has.
func (h *handle) Has(key string) bool { return h.class.fields[key] != nil || h.class.promises[key] }

// Delete refuses: host objects keep their shape.
func (h *handle) Delete(key string) bool { return !h.Has(key) }

// Keys lists the fields, in the order of the table.
func (h *handle) Keys() []string {
	keys := make([]string, len(h.class.Fields))
	for i := range h.class.Fields {
		keys[i] = h.class.Fields[i].Name
	}
	return keys
}

// varsChanged returns a writable field of the call when it differs from what the host
// has.
func (u *unit) varsChanged() json.RawMessage {
	h := u.objects["call"]
	if h == nil {
		return nil
	}
	for _, f := range h.class.Fields {
		o := h.writable[f.Name]
		if o == nil {
			continue
		}
		w := writer{r: u.r, max: maxArgs, strict: true, path: []string{h.class.label, f.Name}}
		if err := u.r.try(func() { w.value(o.v, 0) }); err != nil {
			if u.r.fatal == nil {
				u.logError("", u.r.fromRun(err))
			}
			return nil
		}
		if !bytes.Equal(w.buf, o.told) {
			o.told = w.buf
			return w.buf
		}
	}
	return nil
}

// promise is a promise field. Reading it makes the unit listen; the host tells at once
// what has happened already.
func (h *handle) promise(key string) goja.Value {
	if f := h.promises[key]; f != nil {
		h.u.waitsAt()
		return f.promise
	}
	h.u.refuseLook("waiting for " + h.class.label + "." + key)
	h.u.waitsAt()
	p, resolve, _ := h.u.r.rt.NewPromise()
	f := &field{promise: h.u.r.rt.ToValue(p), settle: resolve}
	if h.promises == nil {
		h.promises = map[string]*field{}
	}
	h.promises[key] = f
	h.u.listen(h.name, key, +1)
	return f.promise
}

// settle resolves a promise field by its event.
func (h *handle) settle(event string, v goja.Value) {
	if !h.class.promises[event] {
		return
	}
	f := h.promises[event]
	if f == nil {
		p, resolve, _ := h.u.r.rt.NewPromise()
		f = &field{promise: h.u.r.rt.ToValue(p), settle: resolve}
		if h.promises == nil {
			h.promises = map[string]*field{}
		}
		h.promises[event] = f
		h.u.listen(h.name, event, +1)
	}
	if f.settle == nil {
		return
	}
	resolve := f.settle
	f.settle = nil
	h.u.listen(h.name, event, -1)
	h.u.settled1(func() error { return resolve(v) })
}

// thenMethods let a script await the object itself: `await call.play('a.wav')`.
func (r *realm) thenMethods(p *goja.Object) {
	then := func(name string, pick func(goja.FunctionCall) (goja.Value, goja.Value)) {
		r.method(p, name, r.native(name, 2, func(c goja.FunctionCall) goja.Value {
			o, ok := c.This.(*goja.Object)
			if !ok || o.ExportType() != handleType {
				r.throw("TypeError", "%s was called on something else", name)
			}
			h := o.Export().(*handle)
			if h.did == nil {
				r.throw("TypeError", "%s cannot be awaited", h.class.label)
			}
			a, b := pick(c)
			return must(r.then(nil, r.rt.ToValue(h.did), a, b))
		}))
	}
	then("then", func(c goja.FunctionCall) (goja.Value, goja.Value) { return c.Argument(0), c.Argument(1) })
	then("catch", func(c goja.FunctionCall) (goja.Value, goja.Value) { return goja.Undefined(), c.Argument(0) })
	r.method(p, "finally", r.native("finally", 1, func(c goja.FunctionCall) goja.Value {
		h, ok := c.This.(*goja.Object).Export().(*handle)
		if !ok || h.did == nil {
			r.throw("TypeError", "finally was called on something else")
		}
		did := r.rt.ToValue(h.did).(*goja.Object)
		f, _ := goja.AssertFunction(did.Get("finally"))
		return must(f(did, c.Argument(0)))
	}))
}
