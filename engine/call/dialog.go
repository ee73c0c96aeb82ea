package call

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// inDialog makes a request within a leg's dialog (RFC 3261 §12.2.1.1). ACK takes the
// CSeq of its INVITE; all others a new one.
func (u *UA) inDialog(l *leg, method string, cseq uint32) *Message {
	if cseq == 0 {
		l.LocalSeq++
		cseq = l.LocalSeq
	}
	m := &Message{
		Method: method, URI: l.Target, Routes: slices.Clone(l.Routes),
		From: l.Local, To: l.Remote, CallID: l.CallID, CSeq: cseq,
		Headers: []Header{{"Max-Forwards", "70"}},
	}
	if len(l.Routes) > 0 && !loose(l.Routes[0]) {
		// §12.2.1.1: a strict router wants to be the Request-URI itself.
		m.URI = bareURI(l.Routes[0])
		m.Routes = append(slices.Clone(l.Routes[1:]), "<"+l.Target+">")
	}
	u.stamp(m, u.nextHop(l))
	return m
}

// stamp gives a request a Via of ours with a new branch.
func (u *UA) stamp(m *Message, f Flow) {
	m.Branch, m.SentBy = u.branch(), u.sentBy(f)
	m.Vias = []string{via(f, m.SentBy, m.Branch)}
	if u.cfg.UserAgent != "" && m.Method != "ACK" && m.Method != "CANCEL" && !m.Has("User-Agent") {
		m.Headers = append(m.Headers, Header{"User-Agent", u.cfg.UserAgent})
	}
}

func via(f Flow, sentBy, branch string) string {
	t := "UDP"
	if f.Transport != "" {
		t = strings.ToUpper(f.Transport)
	}
	return "SIP/2.0/" + t + " " + sentBy + ";branch=" + branch + ";rport" // RFC 3581 §3
}

// sentBy is the host and port of our Contact.
func (u *UA) sentBy(f Flow) string {
	if hp := hostport(u.cfg.Contact(f)); hp != "" {
		return hp
	}
	return f.Local
}

// nextHop says where a request in a dialog goes: to its first route or its remote
// target, if that is an address we can use as it stands. A name is never resolved
// here, and a peer behind a NAT writes an address that is of no use to us: both are
// sent to where the peer's last message came from (as RFC 5626 flows do).
func (u *UA) nextHop(l *leg) Flow {
	f := l.Flow
	uri := l.Target
	if len(l.Routes) > 0 {
		uri = bareURI(l.Routes[0])
	}
	to, ok := literal(hostport(uri), f.Transport)
	from, err := netip.ParseAddrPort(f.Remote)
	if !ok || to.Addr().IsUnspecified() || err == nil && (l.NAT || sheltered(to.Addr()) != sheltered(from.Addr())) {
		return f
	}
	f.Remote = to.String()
	return f
}

// behindNAT says whether the sender's own word for its address is not what we see.
func behindNAT(f Flow, m *Message) bool {
	said, ok := literal(m.SentBy, f.Transport)
	from, err := netip.ParseAddrPort(f.Remote)
	if !ok || err != nil {
		return false
	}
	return said.Addr() != from.Addr().Unmap()
}

// sheltered addresses mean something on their own network only.
func sheltered(a netip.Addr) bool {
	a = a.Unmap()
	return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsUnspecified()
}

// hostport cuts "host[:port]" out of a SIP URI.
func hostport(uri string) string {
	i := strings.IndexByte(uri, ':')
	if i < 0 || !strings.EqualFold(uri[:i], "sip") && !strings.EqualFold(uri[:i], "sips") {
		return ""
	}
	rest := uri[i+1:]
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		rest = rest[at+1:]
	}
	if end := strings.IndexAny(rest, ";?> "); end >= 0 {
		rest = rest[:end]
	}
	return rest
}

// literal reads "1.2.3.4", "1.2.3.4:5060", "[::1]" and "[::1]:5060". The default port is
// the transport's.
func literal(hp, transport string) (netip.AddrPort, bool) {
	if hp == "" {
		return netip.AddrPort{}, false
	}
	if strings.HasSuffix(hp, "]") || strings.Count(hp, ":") == 0 {
		ip, err := netip.ParseAddr(strings.Trim(hp, "[]"))
		port := uint16(5060)
		if transport == "tls" {
			port = 5061
		}
		return netip.AddrPortFrom(ip.Unmap(), port), err == nil && ip.Zone() == ""
	}
	host, port, _ := strings.Cut(hp, ":")
	if i := strings.LastIndex(hp, "]:"); i > 0 {
		host, port = hp[1:i], hp[i+2:]
	}
	ip, err := netip.ParseAddr(host)
	n, perr := strconv.ParseUint(port, 10, 16)
	return netip.AddrPortFrom(ip.Unmap(), uint16(n)), err == nil && perr == nil && n > 0 && ip.Zone() == ""
}

// bareURI takes the URI out of a name-addr.
func bareURI(route string) string {
	if i := strings.IndexByte(route, '<'); i >= 0 {
		route = route[i+1:]
		if j := strings.IndexByte(route, '>'); j >= 0 {
			route = route[:j]
		}
	}
	return strings.TrimSpace(route)
}

func loose(route string) bool {
	for p := range strings.SplitSeq(strings.ToLower(bareURI(route)), ";") {
		if p == "lr" || strings.HasPrefix(p, "lr=") {
			return true
		}
	}
	return false
}
