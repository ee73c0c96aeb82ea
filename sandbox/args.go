package sandbox

import (
	"github.com/dop251/goja"
)

// args checks the arguments of a verb against the table and writes them as one JSON
// object: parameters in order, then options in order with defaults filled in.
func (w *writer) args(m *method, args []goja.Value) {
	w.buf = append(make([]byte, 0, 64), '{')
	rest := w.params(m, args)
	var given *goja.Object
	if len(rest) > 0 && m.Options != nil && !empty(rest[0]) {
		o, ok := rest[0].(*goja.Object)
		if !ok || !plain(o) {
			w.r.throw("BadOption", "%s: the options must be an object, not %s", m.label, w.r.short1(rest[0]))
		}
		given = o
		rest = rest[1:]
	} else if len(rest) > 0 && empty(rest[0]) {
		rest = rest[1:]
	}
	for _, v := range rest {
		if !empty(v) {
			w.r.throw("BadOption", "%s takes no more than %d arguments", m.label, len(args)-len(rest))
		}
	}
	w.opts(m, given)
	w.buf = append(w.buf, '}')
}

func empty(v goja.Value) bool { return v == nil || goja.IsUndefined(v) }

// params writes the positional parameters and returns the arguments left over.
func (w *writer) params(m *method, args []goja.Value) []goja.Value {
	for i := range m.params {
		p := &m.params[i]
		if p.Rest {
			w.rest(m, p, args)
			return nil
		}
		var v goja.Value
		if len(args) > 0 {
			v = args[0]
		}
		if empty(v) {
			if !p.Optional {
				w.r.throw("BadOption", "%s needs %s (%s)", m.label, p.Name, p.kinds.text)
			}
			if len(args) > 0 {
				args = args[1:]
			}
			continue
		}
		if o, ok := v.(*goja.Object); ok && p.Optional && m.Options != nil && plain(o) && !p.kinds.takesObject() {
			continue // the options came in its place
		}
		w.named(m, p.key, p.Name, p.kinds, v)
		args = args[1:]
	}
	return args
}

func (w *writer) rest(m *method, p *paramSpec, args []goja.Value) {
	w.comma()
	w.buf = append(append(w.buf, p.key...), '[')
	for _, v := range args {
		w.comma()
		if !w.put(p.kinds, v) {
			w.wrong(m, p.Name, p.kinds, v)
		}
	}
	w.buf = append(w.buf, ']')
}

func (w *writer) named(m *method, key []byte, name string, k kinds, v goja.Value) {
	w.comma()
	w.buf = append(w.buf, key...)
	if !w.put(k, v) {
		w.wrong(m, name, k, v)
	}
	w.check()
}

func (w *writer) wrong(m *method, name string, k kinds, v goja.Value) {
	w.r.throw("BadOption", "%s: %s must be %s, not %s", m.label, name, k.say(), w.r.short1(v))
}

// say is a type in words an author knows.
func (k kinds) say() string {
	switch Type(k.text) {
	case Duration:
		return "a duration (milliseconds, or a string such as '5s')"
	case Source:
		return "a file name, a source such as play('a.wav'), or a list of those"
	case Pattern:
		return "a regular expression or a function"
	case Strings:
		return "a list of strings"
	case Handle:
		return "an object of Callwright"
	case Integer:
		return "a whole number"
	case Payload:
		return "a text or bytes"
	}
	return k.text
}

func (w *writer) opts(m *method, given *goja.Object) {
	if given != nil {
		for _, k := range given.Keys() {
			o := m.byName[k]
			if o == nil {
				w.r.throw("BadOption", "%s has no option %q%s", m.label, k, nearest(k, keysOf(m.byName)))
			}
			if o.NotBuilt && !empty(given.Get(k)) {
				w.r.throw("Error", "%s: option %q is not built yet", m.label, k)
			}
		}
	}
	for i := range m.options {
		o := &m.options[i]
		var v goja.Value
		if given != nil {
			v = given.Get(o.Name)
		}
		if !empty(v) {
			w.named(m, o.key, o.Name, o.kinds, v)
		} else if o.deflt != nil {
			w.comma()
			w.buf = append(append(w.buf, o.key...), o.deflt...)
		}
	}
}

// valueOf makes a value: {"$value": "play", "file": "a.wav"}.
func (r *realm) valueOf(m *method, args []goja.Value) goja.Value {
	w := writer{r: r, max: maxArgs, fns: r.cur.callbackOf}
	w.args(m, args)
	text := append([]byte(`{"$value":`), appendString(nil, m.Name)...)
	if len(w.buf) > 2 {
		text = append(append(text, ','), w.buf[1:]...)
	} else {
		text = append(text, '}')
	}
	v, err := r.parse(text, nil, "")
	if err != nil {
		r.throw("TypeError", "%s: %s", m.label, err.Error())
	}
	return v
}
