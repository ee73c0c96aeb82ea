package sandbox

import (
	"slices"
	"strings"

	"github.com/dop251/goja"
)

// maxBusName bounds the names that scripts give to events.
const maxBusName = 128

// listener is one on, once or events on a host object.
type listener struct {
	fn    *goja.Object // what off takes; nil: an iterator
	call  goja.Callable
	queue goja.Value
	once  bool
	gone  bool
}

type listenKey struct{ object, event string }

// listenWas remembers how a pair stood when the activation began.
type listenWas struct {
	key listenKey
	on  bool
}

// listen counts a listener in or out.
func (u *unit) listen(object, event string, by int) {
	key := listenKey{object, event}
	if u.listens == nil {
		u.listens = map[listenKey]int{}
	}
	n := u.listens[key]
	u.listening += by
	if (n > 0) != (n+by > 0) {
		u.remember(key, n > 0)
	}
	if n += by; n > 0 {
		u.listens[key] = n
	} else {
		delete(u.listens, key)
	}
}

func (u *unit) remember(key listenKey, on bool) {
	for _, b := range u.before {
		if b.key == key {
			return
		}
	}
	u.before = append(u.before, listenWas{key, on})
}

// listensChanged is the net change of the activation.
func (u *unit) listensChanged() []Listen {
	var out []Listen
	for _, b := range u.before {
		if on := u.listens[b.key] > 0; on != b.on {
			out = append(out, Listen{Object: b.key.object, Event: b.key.event, On: on})
		}
	}
	u.before = nil
	return out
}

// ignored says whether a registration is checked only: those of the app at the top
// level of a call's instance, and everything in a scratch unit.
func (u *unit) ignored(c *class) bool {
	return u.probe || u.top && u.kind == CallUnit && c != nil && (c.Export != "" || c.part)
}

func (r *realm) eventMethods(p *goja.Object, c *class) {
	add := func(name string, length int, f func(h *handle, c goja.FunctionCall) goja.Value) {
		label := c.label + "." + name
		r.method(p, name, r.native(name, length, func(call goja.FunctionCall) goja.Value {
			return f(r.receiver(call.This, label, c.Class), call)
		}))
	}
	add("on", 2, func(h *handle, c goja.FunctionCall) goja.Value { return h.on("on", c, false) })
	add("once", 2, func(h *handle, c goja.FunctionCall) goja.Value { return h.on("once", c, true) })
	add("off", 2, func(h *handle, c goja.FunctionCall) goja.Value {
		event := h.event("off", c.Argument(0))
		h.off(event, c.Argument(1))
		return h.obj
	})
	add("events", 0, func(h *handle, c goja.FunctionCall) goja.Value { return h.iterator(c.Arguments) })
}

// event checks an event's name.
func (h *handle) event(verb string, v goja.Value) string {
	s, ok := v.(goja.String)
	if !ok {
		h.u.r.throw("BadOption", "%s.%s: the event's name must be a string", h.class.label, verb)
	}
	name := s.String()
	if h.class.Bus && strings.Contains(name, ":") {
		if len(name) > maxBusName {
			h.u.r.throw("BadOption", "%s.%s: an event's name has at most %d characters", h.class.label, verb, maxBusName)
		}
		return name
	}
	if !h.class.events[name] {
		if h.class.notBuilt[name] {
			h.u.r.throw("Error", "%s: event %q is not built yet", h.class.label, name)
		}
		h.u.r.throw("BadOption", "%s has no event %q%s", h.class.label, name, nearest(name, keysOf(h.class.events)))
	}
	return name
}

func (h *handle) on(verb string, c goja.FunctionCall, once bool) goja.Value {
	event := h.event(verb, c.Argument(0))
	fn, _ := c.Argument(1).(*goja.Object)
	call, ok := goja.AssertFunction(c.Argument(1))
	if !ok {
		h.u.r.throw("BadOption", "%s.%s(%q) needs a function", h.class.label, verb, event)
	}
	if !h.u.ignored(h.class) {
		h.hear(event, &listener{fn: fn, call: call, once: once})
	}
	return h.obj
}

func (h *handle) hear(event string, l *listener) {
	h.u.refuseLook("listening for " + event)
	if h.hears == nil {
		h.hears = map[string][]*listener{}
	}
	h.listenMore(event)
	h.hears[event] = append(h.hears[event], l)
	h.u.listen(h.name, event, +1)
}

// off takes out a function's listeners, or all of an event when fn is undefined.
func (h *handle) off(event string, fn goja.Value) {
	for _, l := range append([]*listener(nil), h.hears[event]...) {
		if goja.IsUndefined(fn) || l.fn != nil && fn.SameAs(l.fn) {
			h.drop(event, l)
		}
	}
}

func (h *handle) drop(event string, l *listener) {
	h.u.refuseLook("listening for " + event)
	list := h.hears[event]
	for i, x := range list {
		if x == l {
			l.gone = true
			h.hears[event] = append(list[:i:i], list[i+1:]...)
			h.u.listen(h.name, event, -1)
			return
		}
	}
}

// iterator is events(): one queue for several events.
func (h *handle) iterator(args []goja.Value) goja.Value {
	r := h.u.r
	if len(args) == 0 {
		r.throw("BadOption", "%s.events needs the names of events", h.class.label)
	}
	names := make([]string, len(args))
	for i, a := range args {
		names[i] = h.event("events", a)
		if slices.Contains(h.class.Serves, names[i]) {
			r.throw("BadOption", "%s.events: %q wants an answer: use on", h.class.label, names[i])
		}
	}
	l := make([]*listener, len(names))
	end := r.native("end", 0, func(goja.FunctionCall) goja.Value {
		for i, name := range names {
			h.drop(name, l[i])
		}
		return goja.Undefined()
	})
	q := must(r.makeEvents(nil, end))
	for i, name := range names {
		l[i] = &listener{queue: q}
		if !h.u.ignored(h.class) {
			h.hear(name, l[i])
		}
	}
	return q
}

// occur tells an event to the unit's promise fields and listeners, one after another,
// jobs running dry after each.
func (u *unit) occur(in *Input) {
	h := u.objects[in.Object]
	if h == nil {
		return
	}
	v, err := u.r.parse(in.Value, u, "")
	if err != nil {
		u.log("error", "event "+in.Event+": "+err.Error(), "")
		return
	}
	h.settle(in.Event, v)
	for _, l := range append([]*listener(nil), h.hears[in.Event]...) {
		if l.gone || u.r.fatal != nil {
			continue
		}
		if l.queue != nil {
			u.queue(in.Event, l, v)
			continue
		}
		if l.once {
			h.drop(in.Event, l)
		}
		if _, err := u.r.call(l.call, h.obj, v); err != nil && u.r.fatal == nil {
			u.logError("in a listener for "+in.Event+": ", u.r.fromRun(err))
		}
	}
}

func (u *unit) queue(event string, l *listener, v goja.Value) {
	kept, err := u.r.call(u.r.pushEvent, nil, l.queue, u.r.rt.ToValue(event), v)
	if err == nil && !kept.ToBoolean() {
		u.log("warn", "an events() queue is full: its oldest event was dropped", "")
	}
}

// listenersAnswer asks the listeners of an event, one after another, until one gives
// something (a promise is something). Null: none did.
func (u *unit) listenersAnswer(in *Input) {
	h := u.objects[in.Object]
	if h == nil {
		u.answer(Answer{Ask: in.Ask, Value: []byte("null")})
		return
	}
	args := u.arguments(in.Value)
	said := u.verdicts(h.class.Verdicts[in.Event], args)
	for _, l := range append([]*listener(nil), h.hears[in.Event]...) {
		if l.gone || l.call == nil {
			continue
		}
		if l.once {
			h.drop(in.Event, l)
		}
		v, err := u.r.call(l.call, h.obj, args...)
		if err != nil {
			u.refuse(in.Ask, u.r.fromRun(err))
			return
		}
		if !empty(v) {
			u.answerWith(in.Ask, v, said)
			return
		}
		if *said != nil {
			u.give(in.Ask, *said)
			return
		}
	}
	u.answer(Answer{Ask: in.Ask, Value: []byte("null")})
}

// verdicts gives an event's object the methods that answer it, and brings back where the
// first answer will be.
func (u *unit) verdicts(names []string, args []goja.Value) *goja.Value {
	said := new(goja.Value)
	if len(args) == 0 {
		return said
	}
	o, ok := args[0].(*goja.Object)
	if !ok {
		return said
	}
	for _, name := range names {
		u.r.method(o, name, u.r.native(name, 0, func(c goja.FunctionCall) goja.Value {
			given := make([]any, len(c.Arguments))
			for i, a := range c.Arguments {
				given[i] = a
			}
			v := u.r.rt.NewObject()
			_ = v.Set("verdict", name)
			_ = v.Set("args", u.r.rt.NewArray(given...))
			if *said == nil {
				*said = v
			}
			return v
		}))
	}
	return said
}
