package sandbox

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// weburl is a URL as the WHATWG standard takes it apart: the schemes of the web have a
// host and a path of segments, others (sip:, tel:) may be opaque.
type weburl struct {
	scheme, user, pass string
	host               string
	hasHost            bool
	port               string
	path               string
	opaque             bool
	query, hash        string // with their "?" and "#"
}

// webSchemes have a host, and a port that is not written.
var webSchemes = map[string]string{"http": "80", "https": "443", "ws": "80", "wss": "443", "ftp": "21"}

const maxURL = 64 << 10

// parseURL reads a URL, relative to base where there is one.
func parseURL(text string, base *weburl) (*weburl, bool) {
	if len(text) > maxURL {
		return nil, false
	}
	text = strings.Trim(text, "\x00\x01\x02\x03\x04\x05\x06\x07\x08\t\n\v\f\r\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f ")
	text = strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(text)
	u := &weburl{}
	text, u.hash = cutFrom(text, "#")
	u.hash = escapeURL(u.hash, "\"<>` ")
	scheme, rest, absolute := cutScheme(text)
	if absolute {
		u.scheme = scheme
		return u, u.absolute(rest, base)
	}
	if base == nil {
		return nil, false
	}
	return u, u.relative(text, base)
}

func cutFrom(s, mark string) (before, from string) {
	if i := strings.Index(s, mark); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

func cutScheme(s string) (scheme, rest string, ok bool) {
	before, rest, ok := strings.Cut(s, ":")
	if !ok || before == "" {
		return "", s, false
	}
	for i := range len(before) {
		c := before[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (i == 0 || (c < '0' || c > '9') && c != '+' && c != '-' && c != '.') {
			return "", s, false
		}
	}
	return strings.ToLower(before), rest, true
}

func (u *weburl) absolute(rest string, base *weburl) bool {
	u.takeQuery(&rest)
	if _, web := webSchemes[u.scheme]; web {
		rest = strings.ReplaceAll(rest, `\`, "/")
		if base != nil && base.scheme == u.scheme && !strings.HasPrefix(rest, "//") {
			return u.relative(rest+u.query, base)
		}
		return u.authority(strings.TrimLeft(rest, "/")) && u.host != ""
	}
	if after, ok := strings.CutPrefix(rest, "//"); ok {
		return u.authority(after)
	}
	if strings.HasPrefix(rest, "/") {
		u.path = u.resolve(rest)
		return true
	}
	u.opaque, u.path = true, escapeURL(rest, "")
	return true
}

// takeQuery cuts the query off, a hash having gone before.
func (u *weburl) takeQuery(rest *string) {
	*rest, u.query = cutFrom(*rest, "?")
	set := "\"<> "
	if _, web := webSchemes[u.scheme]; web {
		set += "'"
	}
	u.query = escapeURL(u.query, set)
}

func (u *weburl) relative(text string, base *weburl) bool {
	hash := u.hash
	if base.opaque {
		*u = *base
		u.hash = hash
		return text == "" && hash != ""
	}
	if _, web := webSchemes[base.scheme]; web {
		path, query := cutFrom(text, "?")
		text = strings.ReplaceAll(path, `\`, "/") + query
	}
	u.scheme = base.scheme
	u.takeQuery(&text)
	if after, ok := strings.CutPrefix(text, "//"); ok {
		return u.authority(after)
	}
	query := u.query
	*u = *base
	u.query, u.hash = query, hash
	switch {
	case text == "" && query == "":
		u.query = base.query
	case text == "":
	case text[0] == '/':
		u.path = u.resolve(text)
	default:
		u.path = u.resolve(base.path[:strings.LastIndex(base.path, "/")+1] + text)
	}
	return true
}

// authority reads user:password@host:port and the path behind it.
func (u *weburl) authority(s string) bool {
	auth, path := cutFrom(s, "/")
	if i := strings.LastIndex(auth, "@"); i >= 0 {
		user, pass, _ := strings.Cut(auth[:i], ":")
		const set = "\"#<>?`{}/:;=@[\\]^| "
		u.user, u.pass, auth = escapeURL(user, set), escapeURL(pass, set), auth[i+1:]
	}
	host := auth
	if i := strings.LastIndex(auth, ":"); i >= 0 && !strings.HasSuffix(auth, "]") {
		host, u.port = auth[:i], auth[i+1:]
	}
	if u.port != "" {
		n, err := strconv.ParseUint(u.port, 10, 16)
		if err != nil {
			return false
		}
		if u.port = strconv.FormatUint(n, 10); u.port == webSchemes[u.scheme] {
			u.port = ""
		}
	}
	u.hasHost = true
	var ok bool
	if u.host, ok = u.readHost(host); !ok || u.host == "" && (u.port != "" || u.user != "") {
		return false
	}
	u.path = u.resolve(path)
	return true
}

func (u *weburl) readHost(host string) (string, bool) {
	if inner, ok := strings.CutPrefix(host, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		a, err := netip.ParseAddr(inner)
		if !ok || err != nil || !a.Is6() || a.Zone() != "" {
			return "", false
		}
		return "[" + a.String() + "]", true
	}
	if _, web := webSchemes[u.scheme]; !web {
		return escapeURL(host, ""), !strings.ContainsAny(host, "\x00 #/<>?@[\\]^|:")
	}
	host, err := idna.Lookup.ToASCII(percentDecode(host))
	if err != nil {
		// The profile refuses "_" and labels in other ways odd; what is plain goes.
		host = strings.ToLower(host)
		if strings.IndexFunc(host, func(c rune) bool { return c > 0x7e }) >= 0 {
			return "", false
		}
	}
	if strings.ContainsAny(host, "\x00\t\n\r #%/:<>?@[\\]^|\x7f") {
		return "", false
	}
	last := host[strings.LastIndex(strings.TrimSuffix(host, "."), ".")+1:]
	if last = strings.TrimSuffix(last, "."); last != "" && strings.Trim(last, "0123456789") == "" {
		a, err := netip.ParseAddr(strings.TrimSuffix(host, "."))
		return a.String(), err == nil
	}
	return host, true
}

// resolve walks the segments of an absolute path: "." and ".." go.
func (u *weburl) resolve(path string) string {
	_, web := webSchemes[u.scheme]
	if path == "" {
		if web {
			return "/"
		}
		return ""
	}
	parts := strings.Split(path[1:], "/")
	if path[0] != '/' {
		parts = strings.Split(path, "/")
	}
	out := make([]string, 0, len(parts))
	for i, p := range parts {
		last := i == len(parts)-1
		switch strings.ReplaceAll(strings.ToLower(p), "%2e", ".") {
		case ".", "..":
			if len(p) > 1 && strings.ReplaceAll(strings.ToLower(p), "%2e", ".") == ".." && len(out) > 0 {
				out = out[:len(out)-1]
			}
			if last {
				out = append(out, "")
			}
		default:
			out = append(out, escapeURL(p, "\"#<>?`{}^ "))
		}
	}
	return "/" + strings.Join(out, "/")
}

// escapeURL percent-encodes controls, what is not ASCII, and the set.
func escapeURL(s, set string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c > 0x7e || strings.IndexByte(set, c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
