package signal

import (
	"strings"

	"github.com/emiago/sipgo/sip"
)

// address is a name-addr or addr-spec with its header parameters (RFC 3261 §25.1),
// each part as it came.
type address struct {
	name   string // of a quoted one without its quotes, escapes untouched
	uri    string
	params []string // "tag=x", trimmed
	angled bool
}

// parseAddress reads one address. Quotes and angle brackets hide what is in them.
func parseAddress(s string) (a address, ok bool) {
	rest := strings.Trim(s, " \t")
	if strings.HasPrefix(rest, `"`) {
		end := quoteEnd(rest)
		if end < 0 {
			return a, false
		}
		a.name, rest = rest[1:end], strings.TrimLeft(rest[end+1:], " \t")
		if !strings.HasPrefix(rest, "<") {
			return a, false
		}
	}
	if i := strings.IndexByte(rest, '<'); i >= 0 && strings.IndexByte(rest[:i], ';') < 0 {
		if i > 0 {
			a.name = strings.TrimRight(rest[:i], " \t")
		}
		end := strings.IndexByte(rest[i:], '>')
		if end < 0 {
			return a, false
		}
		a.uri, a.angled, rest = rest[i+1:i+end], true, rest[i+end+1:]
	} else {
		a.uri, rest, _ = strings.Cut(rest, ";")
		a.uri = strings.TrimRight(a.uri, " \t")
		rest = ";" + rest
	}
	for i, p := range split(rest, ';') {
		p = squeeze(p)
		if p == "" {
			continue
		}
		if i == 0 {
			return a, false // text between the bracket and the first parameter
		}
		a.params = append(a.params, p)
	}
	return a, checkURI(a.uri)
}

// quoteEnd finds the quote that closes the one s begins with.
func quoteEnd(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return -1
}

// split cuts at a separator outside quotes and angle brackets.
func split(s string, sep byte) []string {
	var parts []string
	quoted, angled, from := false, false, 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"' && !angled:
			quoted = !quoted
		case quoted:
		case c == '<':
			angled = true
		case c == '>':
			angled = false
		case c == sep && !angled:
			parts = append(parts, s[from:i])
			from = i + 1
		}
	}
	return append(parts, s[from:])
}

// squeeze takes the white space around = out of a parameter.
func squeeze(p string) string {
	p = strings.Trim(p, " \t")
	k, v, ok := strings.Cut(p, "=")
	if !ok {
		return p
	}
	return strings.TrimRight(k, " \t") + "=" + strings.TrimLeft(v, " \t")
}

// param brings back a header parameter's value.
func (a *address) param(name string) (value string, n int) {
	for _, p := range a.params {
		k, v, _ := strings.Cut(p, "=")
		if strings.EqualFold(k, name) {
			value, n = v, n+1
		}
	}
	return value, n
}

// without brings back the parameters but one, as text to put behind an address.
func (a *address) without(name string) string {
	var b strings.Builder
	for _, p := range a.params {
		if k, _, _ := strings.Cut(p, "="); !strings.EqualFold(k, name) {
			b.WriteString(";" + p)
		}
	}
	return b.String()
}

// checkURI says whether a URI has the form of one. Of sip and sips it looks into
// host and port; what other schemes mean is not known here.
func checkURI(uri string) bool {
	for i := range len(uri) {
		if c := uri[i]; c <= ' ' || c == '<' || c == '>' || c == '"' || c == 0x7f {
			return false
		}
	}
	scheme, rest, _ := strings.Cut(uri, ":")
	if !strings.EqualFold(scheme, "sip") && !strings.EqualFold(scheme, "sips") {
		return isScheme(scheme) && rest != ""
	}
	var u sip.Uri
	return sip.ParseUri(uri, &u) == nil && checkHost(u.Host) && u.Port >= 0 && u.Port <= 65535
}

// isScheme knows a URI scheme (RFC 3986 §3.1).
func isScheme(s string) bool {
	for i := range len(s) {
		c := s[i] | 0x20
		if c >= 'a' && c <= 'z' || i > 0 && (s[i] >= '0' && s[i] <= '9' || strings.IndexByte("+-.", s[i]) >= 0) {
			continue
		}
		return false
	}
	return s != ""
}

// checkHost takes names, IPv4 and bracketed IPv6. It does not read the addresses:
// RFC 5118 §4.10 wants even some wrong ones to pass.
func checkHost(h string) bool {
	if strings.HasPrefix(h, "[") {
		return strings.HasSuffix(h, "]") && len(h) > 3 && strings.Trim(h[1:len(h)-1], "0123456789abcdefABCDEF:.") == ""
	}
	for i := range len(h) {
		c := h[i]
		if c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == '_' {
			continue
		}
		return false
	}
	return h != ""
}

// hasHeaders says whether a SIP URI carries header fields ("?Route=…").
func hasHeaders(uri string) bool {
	if at := strings.LastIndexByte(uri, '@'); at >= 0 {
		uri = uri[at:]
	}
	return strings.IndexByte(uri, '?') >= 0
}
