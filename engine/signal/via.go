package signal

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// viaParsers are sipgo's header parsers; only that of Via is asked. Read only.
var viaParsers = sip.HeadersParser(sip.DefaultHeadersParser())

// via is the topmost Via, read.
type via struct {
	text   string // without needless white space
	sentBy string
	host   string
	branch string
	rport  bool
}

// parseVia reads one Via value. White space may stand at all separators (RFC 3261
// §7.3.1); only that before the host means something.
func parseVia(value string) (v via, ok bool) {
	v.text = tidyVia(value)
	hs, err := viaParsers.ParseHeader(nil, []byte("Via: "+v.text))
	if err != nil || len(hs) != 1 {
		return v, false
	}
	h, _ := hs[0].(*sip.ViaHeader)
	if h == nil || !strings.EqualFold(h.ProtocolName, "SIP") || h.ProtocolVersion == "" || !isToken(h.Transport) {
		return v, false
	}
	_, rest, _ := strings.Cut(v.text, " ")
	v.sentBy, _, _ = strings.Cut(rest, ";")
	v.host = h.Host
	if strings.HasPrefix(v.sentBy, "[") {
		v.host = "[" + h.Host + "]"
	}
	if !checkHost(v.host) || strings.ContainsAny(v.sentBy, " \t") || h.Port < 0 || h.Port > 65535 {
		return v, false
	}
	for p := range strings.SplitSeq(rest, ";") {
		switch k, val, _ := strings.Cut(p, "="); {
		case strings.EqualFold(k, "branch"):
			v.branch = val
		case strings.EqualFold(k, "rport"):
			v.rport = true
		}
	}
	return v, true
}

func tidyVia(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	space := false
	for i := range len(s) {
		c := s[i]
		if c == ' ' || c == '\t' {
			space = true
			continue
		}
		if space && b.Len() > 0 && !glue(c) && !glue(b.String()[b.Len()-1]) {
			b.WriteByte(' ')
		}
		space = false
		b.WriteByte(c)
	}
	return b.String()
}

// glue are the separators that need no white space. A colon is not one: it may end
// nothing, and "[::1]" begins with one.
func glue(c byte) bool { return c == '/' || c == ';' || c == '=' || c == ':' }

// seen writes where the message really came from into its Via (RFC 3261 §18.2.1,
// RFC 3581 §4). A "received" of the sender's own is not believed.
func (v *via) seen(from netip.AddrPort) string {
	head, params, _ := strings.Cut(v.text, ";")
	var b strings.Builder
	b.WriteString(head)
	for p := range strings.SplitSeq(params, ";") {
		k, _, _ := strings.Cut(p, "=")
		switch {
		case p == "" || strings.EqualFold(k, "received"):
		case strings.EqualFold(k, "rport"):
			b.WriteString(";rport=" + strconv.Itoa(int(from.Port())))
		default:
			b.WriteString(";" + p)
		}
	}
	ip := from.Addr().Unmap()
	if said, err := netip.ParseAddr(strings.Trim(v.host, "[]")); v.rport || err != nil || said.Unmap() != ip {
		b.WriteString(";received=" + ip.String())
	}
	return b.String()
}
