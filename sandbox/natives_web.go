package sandbox

import (
	"github.com/dop251/goja"
)

// webNatives are the Go halves of the globals that web.js, url.js, bytes.js and intl.js
// define.
func (r *realm) webNatives(o *goja.Object) {
	set := func(name string, length int, f func(goja.FunctionCall) goja.Value) {
		_ = o.Set(name, r.native(name, length, f))
	}
	r.codecs(set)
	r.intl(set)
	set("parseURL", 2, r.parseURL)
	set("pattern", 2, r.pattern)
}

// parseURL gives [scheme, user, password, host or null, port, path, query, hash].
func (r *realm) parseURL(c goja.FunctionCall) goja.Value {
	var base *weburl
	if v := c.Argument(1); !empty(v) {
		b, ok := parseURL(v.String(), nil)
		if !ok {
			return goja.Undefined()
		}
		base = b
	}
	u, ok := parseURL(c.Argument(0).String(), base)
	if !ok {
		return goja.Undefined()
	}
	host := goja.Null()
	if u.hasHost {
		host = r.rt.ToValue(u.host)
	}
	return r.rt.NewArray(u.scheme+":", u.user, u.pass, host, u.port, u.path, u.query, u.hash)
}
