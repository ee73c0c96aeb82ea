package sandbox

import (
	"encoding/base64"

	"github.com/dop251/goja"
)

// payload writes a text or bytes.
func (w *writer) payload(v goja.Value) bool {
	if s, ok := v.(goja.String); ok {
		w.buf = append(appendString(append(w.buf, `{"text":`...), s.String()), '}')
		w.check()
		return true
	}
	o, ok := v.(*goja.Object)
	if !ok {
		return false
	}
	b, ok := rawBytes(o)
	if !ok {
		return false
	}
	if len(b) > w.max {
		w.r.throw("RangeError", "%d bytes, at most %d", len(b), w.max)
	}
	w.buf = base64.StdEncoding.AppendEncode(append(w.buf, `{"base64":"`...), b)
	w.buf = append(w.buf, `"}`...)
	w.check()
	return true
}

// rawBytes reads a buffer or a view of one; the bytes are the script's.
func rawBytes(o *goja.Object) ([]byte, bool) {
	whole, from, n := o, int64(0), int64(-1)
	if b, ok := o.Get("buffer").(*goja.Object); ok { // a view
		whole, from, n = b, o.Get("byteOffset").ToInteger(), o.Get("byteLength").ToInteger()
	}
	buffer, ok := whole.Export().(goja.ArrayBuffer)
	if !ok {
		return nil, false
	}
	b := buffer.Bytes()
	if n < 0 {
		return b, true
	}
	if from < 0 || from+n > int64(len(b)) { // no view, but an object that looks like one
		return nil, false
	}
	return b[from : from+n], true
}

// uint8Array makes bytes for a script.
func (r *realm) uint8Array(b []byte) goja.Value {
	return must(r.rt.New(r.rt.Get("Uint8Array"), r.rt.ToValue(r.rt.NewArrayBuffer(b))))
}
