package sandbox

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/dop251/goja"
)

// ErrJSON is told for a value from the host that is no JSON.
var ErrJSON = errors.New("sandbox: no JSON")

// reader turns JSON from the host into JavaScript values, keeping the order of keys,
// for a replay must see the same. With u set, {"$handle"} objects become that unit's
// host objects.
type reader struct {
	r     *realm
	u     *unit
	class string // of a $handle that names none
	s     []byte
	i     int
	depth int
}

// parse reads one JSON value; empty is undefined.
func (r *realm) parse(raw json.RawMessage, u *unit, class string) (goja.Value, error) {
	if len(raw) == 0 {
		return goja.Undefined(), nil
	}
	p := reader{r: r, u: u, class: class, s: raw}
	v, err := p.value()
	if err != nil {
		return nil, err
	}
	p.space()
	if p.i != len(p.s) {
		return nil, p.bad("text after the value")
	}
	return v, nil
}

func (p *reader) bad(what string) error { return fmt.Errorf("%w: %s at byte %d", ErrJSON, what, p.i) }

func (p *reader) space() {
	for p.i < len(p.s) && (p.s[p.i] == ' ' || p.s[p.i] == '\n' || p.s[p.i] == '\t' || p.s[p.i] == '\r') {
		p.i++
	}
}

func (p *reader) next() byte {
	p.space()
	if p.i < len(p.s) {
		return p.s[p.i]
	}
	return 0
}

func (p *reader) value() (goja.Value, error) {
	switch c := p.next(); {
	case c == '{':
		return p.nested(p.object)
	case c == '[':
		return p.nested(p.array)
	case c == '"':
		s, err := p.text()
		return p.r.rt.ToValue(s), err
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	case p.word("true"):
		return p.r.rt.ToValue(true), nil
	case p.word("false"):
		return p.r.rt.ToValue(false), nil
	case p.word("null"):
		return goja.Null(), nil
	}
	return nil, p.bad("unexpected text")
}

func (p *reader) nested(read func() (goja.Value, error)) (goja.Value, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, p.bad("nested too deep")
	}
	p.i++
	v, err := read()
	p.depth--
	return v, err
}

func (p *reader) word(w string) bool {
	if len(p.s)-p.i < len(w) || string(p.s[p.i:p.i+len(w)]) != w {
		return false
	}
	p.i += len(w)
	return true
}

func (p *reader) number() (goja.Value, error) {
	start, whole := p.i, true
	for p.i < len(p.s) {
		c := p.s[p.i]
		if c == '.' || c == 'e' || c == 'E' || c == '+' {
			whole = false
		} else if c != '-' && (c < '0' || c > '9') {
			break
		}
		p.i++
	}
	text := string(p.s[start:p.i])
	if whole && len(text) < 16 && text != "-0" {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return p.r.rt.ToValue(n), nil
		}
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return nil, p.bad("number " + text)
	}
	return p.r.rt.ToValue(f), nil
}

func (p *reader) text() (string, error) {
	start := p.i + 1
	for i := start; i < len(p.s); i++ {
		switch p.s[i] {
		case '"':
			p.i = i + 1
			return string(p.s[start:i]), nil
		case '\\':
			return p.escaped(start, i)
		}
	}
	return "", p.bad("open string")
}

// escaped reads on from the first backslash, at i.
func (p *reader) escaped(start, i int) (string, error) {
	b := append([]byte(nil), p.s[start:i]...)
	for i < len(p.s) {
		c := p.s[i]
		i++
		if c == '"' {
			p.i = i
			return string(b), nil
		}
		if c != '\\' {
			b = append(b, c)
			continue
		}
		if i >= len(p.s) {
			break
		}
		c = p.s[i]
		i++
		if c == 'u' {
			r, n := p.unicode(i)
			if n == 0 {
				return "", p.bad("escape")
			}
			i += n
			b = utf8.AppendRune(b, r)
			continue
		}
		plain, ok := escapes[c]
		if !ok {
			return "", p.bad("escape")
		}
		b = append(b, plain)
	}
	return "", p.bad("open string")
}

var escapes = map[byte]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// unicode reads the four digits after \u at i, and a second escape when they are the
// first half of a surrogate pair. It returns how many bytes it took, 0 if none fit.
func (p *reader) unicode(i int) (rune, int) {
	hi, ok := p.hex(i)
	if !ok {
		return 0, 0
	}
	if utf16.IsSurrogate(hi) && i+6 <= len(p.s) && p.s[i+4] == '\\' && p.s[i+5] == 'u' {
		if lo, ok := p.hex(i + 6); ok {
			if r := utf16.DecodeRune(hi, lo); r != utf8.RuneError {
				return r, 10
			}
		}
	}
	return hi, 4
}

func (p *reader) hex(i int) (rune, bool) {
	if i+4 > len(p.s) {
		return 0, false
	}
	n, err := strconv.ParseUint(string(p.s[i:i+4]), 16, 16)
	return rune(n), err == nil
}

func (p *reader) array() (goja.Value, error) {
	var items []any
	for {
		if p.next() == ']' && items == nil {
			p.i++
			return p.r.rt.NewArray(), nil
		}
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		items = append(items, v)
		switch p.next() {
		case ',':
			p.i++
		case ']':
			p.i++
			return p.r.rt.NewArray(items...), nil
		default:
			return nil, p.bad("list without end")
		}
	}
}

func (p *reader) object() (goja.Value, error) {
	o := p.r.rt.NewObject()
	var h hostRef
	for first := true; ; first = false {
		if p.next() == '}' && first {
			p.i++
			return o, nil
		}
		if p.next() != '"' {
			return nil, p.bad("no key")
		}
		key, err := p.text()
		if err != nil {
			return nil, err
		}
		if p.next() != ':' {
			return nil, p.bad("no colon")
		}
		p.i++
		if p.u != nil && len(key) > 0 && key[0] == '$' {
			err = h.take(p, o, key)
		} else {
			err = p.property(o, key)
		}
		if err != nil {
			return nil, err
		}
		switch p.next() {
		case ',':
			p.i++
		case '}':
			p.i++
			return h.value(p, o), nil
		default:
			return nil, p.bad("object without end")
		}
	}
}

func (p *reader) property(o *goja.Object, key string) error {
	v, err := p.value()
	if err != nil {
		return err
	}
	if key == "__proto__" { // Set would change the prototype
		return o.DefineDataProperty(key, v, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE)
	}
	return o.Set(key, v)
}

// hostRef collects the parts of {"$handle", "$class", "$fields"}, or {"$bytes"} in base64.
type hostRef struct {
	handle, class string
	fields        json.RawMessage
	bytes         []byte // of {"$bytes"}
}

func (h *hostRef) take(p *reader, o *goja.Object, key string) error {
	p.space()
	start := p.i
	switch {
	case key == "$handle" && p.next() == '"':
		s, err := p.text()
		h.handle = s
		return err
	case key == "$bytes" && p.next() == '"':
		s, err := p.text()
		if err == nil {
			h.bytes, err = base64.StdEncoding.DecodeString(s)
		}
		return err
	case key == "$class" && p.next() == '"':
		s, err := p.text()
		h.class = s
		return err
	case key == "$fields":
		bare := reader{r: p.r, s: p.s, i: p.i, depth: p.depth} // only to find the end
		_, err := bare.value()
		p.i = bare.i
		h.fields = append(json.RawMessage(nil), p.s[start:p.i]...)
		return err
	}
	return p.property(o, key)
}

func (h *hostRef) value(p *reader, o *goja.Object) goja.Value {
	if h.bytes != nil {
		return p.r.uint8Array(h.bytes)
	}
	if h.handle == "" {
		return o
	}
	if h.class == "" {
		h.class = p.class
	}
	return p.u.object(h.handle, h.class, h.fields).obj
}
