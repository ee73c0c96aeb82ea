package sandbox

import (
	_ "embed"
	"encoding/base64"

	"github.com/dop251/goja"
)

//go:embed fetch.js
var fetchJS string

// makeGlobals defines the verbs of the table that are globals. It runs before the
// intrinsics are frozen.
func (r *realm) makeGlobals(race goja.Value) {
	for _, m := range r.faces.classes[""].methods {
		if !m.Global {
			continue
		}
		verb := r.verb(m, race)
		if m.Name != "fetch" {
			r.global(m.Name, verb)
			continue
		}
		if err := r.makeFetch(verb); err != nil {
			panic("sandbox: fetch.js: " + err.Error()) // our own text
		}
	}
}

func (r *realm) makeFetch(verb goja.Value) error {
	v, err := r.rt.RunScript("callwright:fetch", fetchJS)
	if err != nil {
		return err
	}
	wrap, _ := goja.AssertFunction(v)
	out, err := wrap(nil, verb, r.native("base64", 1, r.toBase64), r.native("bytes", 2, r.fromBase64))
	if err != nil {
		return err
	}
	o := out.(*goja.Object)
	for _, name := range o.Keys() {
		r.global(name, o.Get(name))
	}
	return nil
}

func (r *realm) global(name string, v goja.Value) {
	_ = r.rt.GlobalObject().DefineDataProperty(name, v, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE)
}

// toBase64 reads a buffer or a view of one.
func (r *realm) toBase64(c goja.FunctionCall) goja.Value {
	o := c.Argument(0).(*goja.Object)
	whole := o
	from, n := int64(0), int64(-1)
	if b, ok := o.Get("buffer").(*goja.Object); ok { // a view
		whole, from, n = b, o.Get("byteOffset").ToInteger(), o.Get("byteLength").ToInteger()
	}
	buffer, ok := whole.Export().(goja.ArrayBuffer)
	if !ok {
		r.throw("TypeError", "fetch: the body is no buffer")
	}
	b := buffer.Bytes()
	if n >= 0 {
		b = b[from : from+n]
	}
	if len(b) > maxArgs {
		r.throw("RangeError", "fetch: a body of %d bytes, at most %d", len(b), maxArgs)
	}
	return r.rt.ToValue(base64.StdEncoding.EncodeToString(b))
}

// fromBase64 makes bytes of a text, or of what base64 says.
func (r *realm) fromBase64(c goja.FunctionCall) goja.Value {
	var b []byte
	if text := c.Argument(0); !goja.IsUndefined(text) {
		b = []byte(text.String())
	} else if coded := c.Argument(1); !goja.IsUndefined(coded) {
		b, _ = base64.StdEncoding.DecodeString(coded.String())
	}
	list, err := r.rt.New(r.rt.Get("Uint8Array"), r.rt.ToValue(r.rt.NewArrayBuffer(b)))
	if err != nil {
		panic(err)
	}
	return list
}
