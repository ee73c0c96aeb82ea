package sandbox

import (
	_ "embed"
	"encoding/base64"

	"github.com/dop251/goja"
)

//go:embed fetch.js
var fetchJS string

//go:embed websocket.js
var webSocketJS string

// makeGlobals defines the verbs of the table that are globals. It runs before the
// intrinsics are frozen.
func (r *realm) makeGlobals(race goja.Value) {
	for _, m := range r.faces.classes[""].methods {
		switch {
		case m.Name == "fetch" && m.Global:
			r.wrapped("fetch", fetchJS, r.verb(m, race), r.native("base64", 1, r.toBase64), r.native("bytes", 2, r.fromBase64))
		case m.Name == "ws":
			r.wrapped("websocket", webSocketJS, r.verb(m, race), r.rt.Get("EventTarget"), r.rt.Get("Event"), r.rt.Get("DOMException"))
		case m.Global:
			r.global(m.Name, r.verb(m, race))
		}
	}
}

// wrapped makes globals of a text of ours, which is a function of what it is given.
func (r *realm) wrapped(name, text string, given ...goja.Value) {
	v, err := r.rt.RunScript("callwright:"+name, text)
	if err != nil {
		panic("sandbox: " + name + ".js: " + err.Error())
	}
	wrap, _ := goja.AssertFunction(v)
	o := must(wrap(nil, given...)).(*goja.Object)
	for _, name := range o.Keys() {
		r.global(name, o.Get(name))
	}
}

func (r *realm) global(name string, v goja.Value) {
	_ = r.rt.GlobalObject().DefineDataProperty(name, v, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE)
}

// toBase64 reads a buffer or a view of one.
func (r *realm) toBase64(c goja.FunctionCall) goja.Value {
	b, ok := rawBytes(c.Argument(0).(*goja.Object))
	if !ok {
		r.throw("TypeError", "fetch: the body is no buffer")
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
	return r.uint8Array(b)
}
