package sandbox

import (
	"sort"

	"github.com/dop251/goja"
)

// Limits of one unit.
const (
	maxPending   = 10000
	maxTimers    = 1000
	maxCallbacks = 10000
	maxListeners = 10000
	maxFetches   = 100
	maxBegun     = 10000 // operations a second
	maxEvents    = 1000
	maxLogs      = 100 // an activation
	maxRate      = 200 // log lines a second
	maxGrowth    = 256 << 20
)

// natives is what the prelude gets from Go.
func (r *realm) natives() *goja.Object {
	o := r.rt.NewObject()
	set := func(name string, v any) { _ = o.Set(name, v) }
	set("maxBytes", maxBytes)
	set("maxEvents", maxEvents)
	set("random32", r.native("random32", 0, func(goja.FunctionCall) goja.Value {
		return r.rt.ToValue(int64(r.cur.secret()))
	}))
	set("waits", r.native("waits", 0, func(goja.FunctionCall) goja.Value {
		r.cur.waitsAt()
		return goja.Undefined()
	}))
	console := r.console(false)
	r.exports["log"] = r.console(true)
	set("console", console)
	set("globals", r.timerFunctions())
	r.webNatives(o)
	r.makeState()
	set("state", r.native("state", 0, func(goja.FunctionCall) goja.Value { return r.stateValue }))
	return o
}

// makeProtos builds the prototype of each class, and the exported functions.
func (r *realm) makeProtos(race goja.Value) {
	for name, c := range r.faces.classes {
		if name == "" {
			for _, m := range c.methods {
				if !m.Global {
					r.exports[m.Name] = r.verb(m, race)
				}
			}
			continue
		}
		r.protos[name] = r.proto(c, race)
	}
	r.makeGlobals(race)
	r.exports["race"] = race
	for name, c := range r.errors {
		r.exports[name] = c
	}
	for name := range r.faces.classes[""].notBuilt {
		r.exports[name] = r.absent(name)
	}
}

func (r *realm) proto(c *class, race goja.Value) *goja.Object {
	p := r.rt.NewObject()
	for _, m := range c.methods {
		r.method(p, m.Name, r.verb(m, race))
	}
	if len(c.events) > 0 {
		r.eventMethods(p, c)
	}
	thenable := false
	for _, k := range r.faces.classes {
		for _, m := range k.methods {
			thenable = thenable || m.Handle && m.Returns == c.Class
		}
	}
	if thenable {
		r.thenMethods(p)
	}
	return p
}

func (r *realm) method(p *goja.Object, name string, f goja.Value) {
	_ = p.DefineDataProperty(name, f, goja.FLAG_FALSE, goja.FLAG_FALSE, goja.FLAG_FALSE)
}

// verb is the function a script calls for a method of the table.
func (r *realm) verb(m *method, race goja.Value) goja.Value {
	if m.Local && m.Name == "race" {
		return race
	}
	if m.Hears != "" {
		return r.native(m.Name, 1, func(c goja.FunctionCall) goja.Value {
			listener := goja.FunctionCall{This: c.This, Arguments: []goja.Value{r.rt.ToValue(m.Hears), c.Argument(0)}}
			return r.receiver(c.This, m.label, m.class).on(m.Name, listener, false)
		})
	}
	return r.native(m.Name, len(m.params), func(c goja.FunctionCall) goja.Value {
		if m.Value {
			return r.valueOf(m, c.Arguments)
		}
		if m.class == "" {
			return r.cur.begin(m, nil, c.Arguments)
		}
		if m.Remote {
			return r.remote(m, r.receiver(c.This, m.label, m.class), c.Arguments)
		}
		return r.cur.begin(m, r.receiver(c.This, m.label, m.class), c.Arguments)
	})
}

// receiver is the host object a method was called on.
func (r *realm) receiver(this goja.Value, label, class string) *handle {
	if o, ok := this.(*goja.Object); ok && o.ExportType() == handleType {
		if h := o.Export().(*handle); h.u == r.cur && h.class.Class == class {
			return h
		}
	}
	r.throw("TypeError", "%s was called on something else", label)
	return nil
}

// absent stands for an export that is not built: calling it or touching it throws.
func (r *realm) absent(name string) goja.Value {
	fail := func() { r.throw("Error", "%s is not built yet", name) }
	f := r.native(name, 0, func(goja.FunctionCall) goja.Value { fail(); return nil })
	return r.rt.ToValue(r.rt.NewProxy(f, &goja.ProxyTrapConfig{
		Get: func(target *goja.Object, property string, _ goja.Value) goja.Value {
			if property == "prototype" || property == "name" || property == "then" {
				return target.Get(property)
			}
			fail()
			return nil
		},
		Construct: func(*goja.Object, []goja.Value, *goja.Object) *goja.Object { fail(); return nil },
	}))
}

// hostValue is what an import of a name from 'callwright' is bound to.
func (r *realm) hostValue(name string) (goja.Value, bool) {
	if name == "state" {
		return r.stateValue, true
	}
	if c := r.faces.singles[name]; c != nil {
		return r.cur.object(name, c.Class, nil).obj, true
	}
	v, ok := r.exports[name]
	return v, ok
}

// hostObject is require('callwright'): reading an unknown name throws.
type hostObject struct{ r *realm }

func (h hostObject) Get(key string) goja.Value {
	if v, ok := h.r.hostValue(key); ok {
		return v
	}
	if key == "__esModule" || key == "default" || key == "then" || key == "toJSON" {
		return nil
	}
	h.r.throw("Error", "'callwright' has no export %q%s", key, nearest(key, h.Keys()))
	return nil
}

func (h hostObject) Has(key string) bool {
	_, ok := h.r.hostValue(key)
	return ok
}
func (h hostObject) Set(string, goja.Value) bool { return false }
func (h hostObject) Delete(string) bool          { return false }
func (h hostObject) Keys() []string              { return append([]string(nil), h.r.faces.exports...) }

// require serves the one module that is not in the bundle.
func (r *realm) require(c goja.FunctionCall) goja.Value {
	if name := c.Argument(0).String(); name != hostSpecial {
		r.throw("Error", "%q cannot be found", name)
	}
	return r.rt.NewDynamicObject(hostObject{r})
}

func (r *realm) hostImport(c goja.FunctionCall) goja.Value {
	v, ok := r.hostValue(c.Argument(0).String())
	if !ok {
		return goja.Undefined()
	}
	return v
}

func sortedKeys[V any](m map[string]V) []string {
	keys := keysOf(m)
	sort.Strings(keys)
	return keys
}
