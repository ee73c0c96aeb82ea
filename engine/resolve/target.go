package resolve

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Errors of URIs and names.
var (
	ErrURI  = errors.New("resolve: not a SIP URI that can be called")
	ErrName = errors.New("resolve: no address")
)

// Target is one place to send to.
type Target struct {
	Transport string // udp tcp tls ws wss
	Addr      netip.AddrPort
}

// place is what a URI says of where it leads.
type place struct {
	host      string
	port      uint16 // 0: none is given
	transport string // "": none is given
	secure    bool   // sips
}

// Literal answers for a URI whose host is an address; ok is false if it is a name.
func Literal(uri string) (t Target, ok bool, err error) {
	p, err := parse(uri)
	if err != nil {
		return t, false, err
	}
	ip, err := netip.ParseAddr(strings.Trim(p.host, "[]"))
	if err != nil {
		return t, false, nil
	}
	if ip.Zone() != "" || ip.IsUnspecified() || ip.IsMulticast() {
		return t, false, fmt.Errorf("%w: %.80q: %s is no address to call", ErrURI, uri, ip)
	}
	t.Transport = p.over()
	t.Addr = netip.AddrPortFrom(ip.Unmap(), p.at(t.Transport))
	return t, true, nil
}

func parse(uri string) (place, error) {
	scheme, rest, ok := strings.Cut(uri, ":")
	p := place{secure: strings.EqualFold(scheme, "sips")}
	if !ok || !p.secure && !strings.EqualFold(scheme, "sip") {
		return p, fmt.Errorf("%w: %.80q", ErrURI, uri)
	}
	rest, _, _ = strings.Cut(rest, "?")
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		rest = rest[at+1:]
	}
	hostport, params, _ := strings.Cut(rest, ";")
	p.host = hostport
	if i := strings.LastIndexByte(hostport, ':'); i >= 0 && i > strings.LastIndexByte(hostport, ']') {
		n, err := strconv.ParseUint(hostport[i+1:], 10, 16)
		if err != nil || n == 0 {
			return p, fmt.Errorf("%w: %.80q: port", ErrURI, uri)
		}
		p.host, p.port = hostport[:i], uint16(n)
	}
	for param := range strings.SplitSeq(params, ";") {
		switch k, v, _ := strings.Cut(param, "="); strings.ToLower(k) {
		case "transport":
			p.transport = strings.ToLower(v)
		case "maddr":
			p.host = v
		}
	}
	return p, p.check(uri)
}

func (p *place) check(uri string) error {
	switch p.transport {
	case "", "udp", "tcp", "tls", "ws", "wss":
	default:
		return fmt.Errorf("%w: %.80q: transport %q", ErrURI, uri, p.transport)
	}
	if p.host == "" || len(p.host) > 253 || strings.ContainsAny(p.host, " \t\r\n<>\"") {
		return fmt.Errorf("%w: %.80q: host", ErrURI, uri)
	}
	return nil
}

// over is the transport of a URI that is not looked for in DNS (RFC 3263 §4.1).
func (p *place) over() string {
	switch {
	case p.secure && p.transport == "ws":
		return "wss"
	case p.secure && p.transport != "wss":
		return "tls"
	case p.transport == "":
		return "udp"
	}
	return p.transport
}

// at is the port on a transport (RFC 3261 §19.1.2, RFC 7118 §5).
func (p *place) at(transport string) uint16 {
	if p.port != 0 {
		return p.port
	}
	switch transport {
	case "tls":
		return 5061
	case "ws":
		return 80
	case "wss":
		return 443
	}
	return 5060
}

// Host is the host that a URI names, without brackets; "" if it is none.
func Host(uri string) string {
	p, err := parse(uri)
	if err != nil {
		return ""
	}
	return strings.Trim(p.host, "[]")
}
