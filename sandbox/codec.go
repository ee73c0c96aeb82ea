package sandbox

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"net/url"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/dop251/goja"
)

// codecs are the byte functions that web.js and bytes.js stand on. What they make is
// bounded as buffers and texts are anywhere else.
func (r *realm) codecs(set func(name string, length int, f func(goja.FunctionCall) goja.Value)) {
	set("encode", 2, func(c goja.FunctionCall) goja.Value {
		s := c.Argument(0).String()
		if len(s) > maxBytes {
			r.throw("RangeError", "a text of more than %d bytes is too long to encode", maxBytes)
		}
		return r.rt.ToValue(r.rt.NewArrayBuffer(r.encode(c.Argument(0), c.Argument(1).String(), !empty(c.Argument(2)))))
	})
	set("decode", 5, func(c goja.FunctionCall) goja.Value {
		return r.decode(r.bytesAt(c, 0), c.Argument(3).String(), c.Argument(4).ToBoolean())
	})
	set("atob", 1, func(c goja.FunctionCall) goja.Value {
		b, ok := atob(c.Argument(0).String())
		if !ok {
			return goja.Undefined()
		}
		return r.rt.ToValue(r.rt.NewArrayBuffer(b))
	})
	set("indexOf", 7, func(c goja.FunctionCall) goja.Value {
		all, want, from := r.bytesAt(c, 0), r.bytesAt(c, 3), int(c.Argument(6).ToInteger())
		if from > len(all) {
			return r.rt.ToValue(-1)
		}
		if i := bytes.Index(all[from:], want); i >= 0 {
			return r.rt.ToValue(from + i)
		}
		return r.rt.ToValue(-1)
	})
	set("sameBytes", 6, func(c goja.FunctionCall) goja.Value {
		return r.rt.ToValue(subtle.ConstantTimeCompare(r.bytesAt(c, 0), r.bytesAt(c, 3)) == 1)
	})
	set("hash", 4, r.hash)
	set("formDecode", 1, func(c goja.FunctionCall) goja.Value { return r.rt.ToValue(formDecode(c.Argument(0).String())) })
	set("formEncode", 1, func(c goja.FunctionCall) goja.Value {
		return r.rt.ToValue(strings.ReplaceAll(strings.ReplaceAll(url.QueryEscape(c.Argument(0).String()), "~", "%7E"), "%2A", "*"))
	})
}

// bytesAt reads the argument triple buffer, offset, length.
func (r *realm) bytesAt(c goja.FunctionCall, i int) []byte {
	buf, ok := c.Argument(i).Export().(goja.ArrayBuffer)
	if !ok || buf.Detached() {
		r.throw("TypeError", "no buffer")
	}
	b, at, n := buf.Bytes(), c.Argument(i+1).ToInteger(), c.Argument(i+2).ToInteger()
	if at < 0 || n < 0 || at > int64(len(b)) || n > int64(len(b))-at {
		r.throw("RangeError", "outside the buffer")
	}
	return b[at : at+n]
}

// encode makes bytes of a text. What base64 and hex cannot read ends them, as in Node;
// narrow throws for a character that latin1 lacks.
func (r *realm) encode(v goja.Value, kind string, narrow bool) []byte {
	switch kind {
	case "latin1", "utf16le":
		return r.units(v.ToString().(goja.String), kind == "latin1", narrow)
	case "hex":
		s := v.String()
		n := 0
		for n+1 < len(s) && isHex(s[n]) && isHex(s[n+1]) {
			n += 2
		}
		b, _ := hex.DecodeString(s[:n])
		return b
	case "base64", "base64url":
		return looseBase64(v.String())
	}
	return []byte(v.String())
}

func (r *realm) units(s goja.String, one, narrow bool) []byte {
	out := make([]byte, 0, s.Length()*2)
	for i := range s.Length() {
		c := s.CharAt(i)
		if one {
			if narrow && c > 0xff {
				r.throw("RangeError", "btoa: the character at %d has no byte of its own: encode the text first", i)
			}
			out = append(out, byte(c))
		} else {
			out = append(out, byte(c), byte(c>>8))
		}
	}
	return out
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}

// looseBase64 reads either alphabet and skips what is in neither.
func looseBase64(s string) []byte {
	clean := make([]byte, 0, len(s))
	for i := 0; i < len(s) && s[i] != '='; i++ {
		switch c := s[i]; {
		case c == '-':
			clean = append(clean, '+')
		case c == '_':
			clean = append(clean, '/')
		case c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c == '+' || c == '/':
			clean = append(clean, c)
		}
	}
	if len(clean)%4 == 1 {
		clean = clean[:len(clean)-1]
	}
	b, _ := base64.RawStdEncoding.DecodeString(string(clean))
	return b
}

// atob is the forgiving decoding of the web (infra standard): white space goes, padding
// may be absent, anything else is an error.
func atob(s string) ([]byte, bool) {
	s = strings.Map(func(c rune) rune {
		if strings.ContainsRune("\t\n\f\r ", c) {
			return -1
		}
		return c
	}, s)
	if len(s)%4 == 0 {
		s = strings.TrimSuffix(strings.TrimSuffix(s, "="), "=")
	}
	b, err := base64.RawStdEncoding.DecodeString(s)
	return b, err == nil && len(s)%4 != 1
}

func (r *realm) decode(b []byte, kind string, fatal bool) goja.Value {
	switch kind {
	case "latin1":
		u := make([]uint16, len(b))
		for i, c := range b {
			u[i] = uint16(c)
		}
		return goja.StringFromUTF16(u)
	case "utf16le":
		u := make([]uint16, len(b)/2)
		for i := range u {
			u[i] = uint16(b[2*i]) | uint16(b[2*i+1])<<8
		}
		if fatal && (len(b)%2 != 0 || strings.ContainsRune(string(utf16.Decode(u)), utf8.RuneError)) {
			r.throw("TypeError", "the bytes are no UTF-16")
		}
		return goja.StringFromUTF16(u)
	case "hex":
		return r.rt.ToValue(hex.EncodeToString(b))
	case "base64":
		return r.rt.ToValue(base64.StdEncoding.EncodeToString(b))
	case "base64url":
		return r.rt.ToValue(base64.RawURLEncoding.EncodeToString(b))
	}
	if fatal && !utf8.Valid(b) {
		r.throw("TypeError", "the bytes are no UTF-8")
	}
	return r.rt.ToValue(strings.ToValidUTF8(string(b), "\ufffd"))
}

// hash makes {update(buffer, offset, length), digest()}; with a key, an HMAC.
func (r *realm) hash(c goja.FunctionCall) goja.Value {
	name := c.Argument(0).String()
	make := map[string]func() hash.Hash{"md5": md5.New, "sha1": sha1.New, "sha256": sha256.New, "sha512": sha512.New}[strings.ReplaceAll(name, "-", "")]
	if make == nil {
		r.throw("Error", "the digest %s is not supported: md5, sha1, sha256 and sha512 are", clip(name, 40))
	}
	h := make
	if !empty(c.Argument(1)) {
		key := bytes.Clone(r.bytesAt(c, 1))
		h = func() hash.Hash { return hmac.New(make, key) }
	}
	sum := h()
	o := r.rt.NewObject()
	_ = o.Set("update", r.native("update", 3, func(c goja.FunctionCall) goja.Value {
		sum.Write(r.bytesAt(c, 0))
		return goja.Undefined()
	}))
	_ = o.Set("digest", r.native("digest", 0, func(goja.FunctionCall) goja.Value {
		return r.rt.ToValue(r.rt.NewArrayBuffer(sum.Sum(nil)))
	}))
	return o
}

// formDecode undoes application/x-www-form-urlencoded; what is no escape stays.
func formDecode(s string) string {
	return strings.ToValidUTF8(percentDecode(strings.ReplaceAll(s, "+", " ")), "\ufffd")
}

func percentDecode(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) {
			d, _ := hex.DecodeString(s[i+1 : i+3])
			b = append(b, d[0])
			i += 2
			continue
		}
		b = append(b, s[i])
	}
	return string(b)
}
