package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
)

// target is where `call` sends its INVITE.
type target struct {
	URI       string
	Transport string // "udp", "tcp"
	Addr      netip.AddrPort
}

// parseTarget reads "sip:5000@127.0.0.1:5060;transport=tcp" and looks its host up;
// a URI without a port means 5060 (RFC 3261 §19.1.2). SRV records are not asked.
func parseTarget(ctx context.Context, uri string) (target, error) {
	t := target{URI: uri, Transport: "udp"}
	rest, ok := strings.CutPrefix(uri, "sip:")
	if !ok {
		return t, fmt.Errorf("%s: not a sip: URI, such as sip:5000@127.0.0.1:5060", uri)
	}
	rest, _, _ = strings.Cut(rest, "?")
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		rest = rest[at+1:]
	}
	hostport, params, _ := strings.Cut(rest, ";")
	for p := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(strings.ToLower(p), "=")
		if name != "transport" {
			continue
		}
		if value != "udp" && value != "tcp" {
			return t, fmt.Errorf("%s: transport %q is not built yet; udp and tcp are", uri, value)
		}
		t.Transport = value
	}
	host, port := hostport, "5060"
	if h, p, err := net.SplitHostPort(hostport); err == nil {
		host, port = h, p
	}
	host = strings.Trim(host, "[]")
	if host == "" {
		return t, fmt.Errorf("%s: no host in it", uri)
	}
	if _, err := netip.ParseAddr(host); err != nil {
		found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		if err != nil {
			return t, fmt.Errorf("%s: %w", uri, err)
		}
		host = found[0].Unmap().String()
	}
	var err error
	if t.Addr, err = netip.ParseAddrPort(net.JoinHostPort(host, port)); err != nil {
		return t, fmt.Errorf("%s: %w", uri, err)
	}
	return t, nil
}

// ownAddress is the address of ours that packets to a peer leave from.
func ownAddress(peer netip.AddrPort) (netip.Addr, error) {
	conn, err := net.Dial("udp", peer.String()) // a route is looked up, nothing is sent
	if err != nil {
		return netip.Addr{}, fmt.Errorf("no way to %s: %w", peer, err)
	}
	defer conn.Close()
	return conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap(), nil
}
