package main

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// listener is one SIP address to bind: "udp", "tcp", "tls", "ws" or "wss".
type listener struct {
	Transport string
	Addr      netip.AddrPort
}

func (l listener) String() string { return l.Transport + ":" + l.Addr.String() }

// parseListeners reads --sip values. A bare address is UDP and TCP on one port.
func parseListeners(values []string) ([]listener, error) {
	var ls []listener
	for _, v := range values {
		transports := []string{"udp", "tcp"}
		rest := v
		if scheme, after, ok := strings.Cut(v, ":"); ok && !strings.ContainsAny(scheme, ".[0123456789") && scheme != "" {
			switch scheme {
			case "udp", "tcp", "tls", "ws", "wss":
				transports, rest = []string{scheme}, after
			default:
				return nil, fmt.Errorf("--sip %s: an address literal with a port is needed, with udp:, tcp:, tls:, ws: or wss: before it if you like", v)
			}
		}
		addr, err := netip.ParseAddrPort(rest)
		if err != nil {
			return nil, fmt.Errorf("--sip %s: not an IP address with a port, such as 127.0.0.1:5060", v)
		}
		for _, t := range transports {
			ls = append(ls, listener{t, addr})
		}
	}
	if len(ls) == 0 {
		return nil, fmt.Errorf("--sip: at least one address is needed")
	}
	return ls, nil
}

// choosePorts makes port 0 one that is free for all transports of its address.
func choosePorts(ls []listener) error {
	type place struct {
		ip        netip.Addr
		transport string // UDP and TCP share a port; the others have one each
	}
	chosen := map[place]netip.AddrPort{}
	for i := range ls {
		l := &ls[i]
		if l.Addr.Port() != 0 {
			continue
		}
		p := place{l.Addr.Addr(), l.Transport}
		if p.transport == "tcp" {
			p.transport = "udp"
		}
		if chosen[p].Port() == 0 {
			free, err := freePort(p.ip)
			if err != nil {
				return err
			}
			chosen[p] = free
		}
		l.Addr = chosen[p]
	}
	return nil
}

// freePort finds a port that both UDP and TCP can have.
func freePort(ip netip.Addr) (netip.AddrPort, error) {
	var last error
	for range 32 {
		l, err := net.Listen("tcp", netip.AddrPortFrom(ip, 0).String())
		if err != nil {
			return netip.AddrPort{}, bindError(err)
		}
		addr := l.Addr().(*net.TCPAddr).AddrPort()
		addr = netip.AddrPortFrom(ip, addr.Port())
		l.Close()
		if last = probe("udp", addr); last == nil {
			return addr, nil
		}
	}
	return netip.AddrPort{}, last
}

// probe binds one address and lets it go.
func probe(transport string, addr netip.AddrPort) error {
	if transport == "udp" {
		pc, err := net.ListenPacket("udp", addr.String())
		if err != nil {
			return bindError(err)
		}
		return pc.Close()
	}
	l, err := net.Listen("tcp", addr.String())
	if err != nil {
		return bindError(err)
	}
	return l.Close()
}

func bindError(err error) error { return fmt.Errorf("cannot listen: %w", err) }

// portRange is an even first RTP port and how many follow; each stream takes two.
type portRange struct{ First, Count int }

func (p portRange) String() string { return fmt.Sprintf("%d-%d", p.First, p.First+p.Count-1) }

// parsePorts reads "20000-23999".
func parsePorts(text string) (portRange, error) {
	from, to, ok := strings.Cut(text, "-")
	first, err1 := strconv.Atoi(strings.TrimSpace(from))
	last, err2 := strconv.Atoi(strings.TrimSpace(to))
	if !ok || err1 != nil || err2 != nil {
		return portRange{}, fmt.Errorf("ports %q: not a range such as 20000-23999", text)
	}
	p := portRange{first, last - first + 1}
	switch {
	case first < 1024 || last > 65535:
		return portRange{}, fmt.Errorf("ports %q: must lie within 1024-65535", text)
	case first%2 != 0 || p.Count%2 != 0:
		return portRange{}, fmt.Errorf("ports %q: must begin with an even port and end with an odd one (RTP and RTCP, RFC 3550 §11)", text)
	case p.Count < 2:
		return portRange{}, fmt.Errorf("ports %q: the range is empty", text)
	}
	return p, nil
}

// split shares the range evenly among n SBCs, whole pairs each.
func (p portRange) split(n int) ([]portRange, error) {
	each := p.Count / n / 2 * 2
	if each < 2 {
		return nil, fmt.Errorf("ports %s: too few for %d SBCs", p, n)
	}
	shares := make([]portRange, n)
	for i := range shares {
		shares[i] = portRange{p.First + i*each, each}
	}
	return shares, nil
}

// mediaAddress is where RTP goes when nobody says: where SIP listens, or for a
// wildcard the address this machine speaks to the world from.
func mediaAddress(sip netip.Addr) (netip.Addr, error) {
	if !sip.IsUnspecified() {
		return sip, nil
	}
	network, world := "udp4", "192.0.2.1:9" // TEST-NET-1: a route is looked up, nothing is sent
	if sip.Is6() {
		network, world = "udp6", "[2001:db8::1]:9"
	}
	conn, err := net.Dial(network, world)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("--sip is on all addresses and this machine has no route out; say which one RTP uses with --media")
	}
	defer conn.Close()
	return conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap(), nil
}
