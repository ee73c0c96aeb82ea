package stack

import (
	"encoding/binary"
	"net/netip"
)

const (
	ndpSolicit   = 135
	ndpAdvertise = 136
	ndpSize      = 24
	ndpHops      = 255 // none other comes from the same wire (RFC 4861 §7.1)

	optSourceMAC = 1
	optTargetMAC = 2

	flagSolicited = 0x40
	flagOverride  = 0x20
)

// parseNDP reads a solicitation or advertisement whose checksum is right.
func parseNDP(p *packet) (a asking, ok bool) {
	b := p.body
	if p.ttl != ndpHops || len(b) < ndpSize || b[1] != 0 {
		return a, false
	}
	a.target = netip.AddrFrom16([16]byte(b[8:]))
	option := byte(optTargetMAC)
	switch b[0] {
	case ndpSolicit:
		a.request, a.sender, option = true, p.from, optSourceMAC
	case ndpAdvertise:
		a.sender, a.override = a.target, b[4]&flagOverride != 0 // it speaks for its target
	default:
		return a, false
	}
	if a.target.IsMulticast() {
		return a, false
	}
	for opts := b[ndpSize:]; len(opts) > 0; {
		if len(opts) < 8 || opts[1] == 0 || int(opts[1])*8 > len(opts) {
			return a, false
		}
		if opts[0] == option {
			a.mac = MAC(opts[2:8])
		}
		opts = opts[int(opts[1])*8:]
	}
	return a, !a.mac.group()
}

// putNDP writes a whole frame. A probe has an unspecified source and no option
// (RFC 4861 §4.3).
func putNDP(b []byte, vlan uint16, toMAC, mac MAC, from, to netip.Addr, kind, flags byte, target netip.Addr) int {
	n := putEther(b, toMAC, mac, vlan, typeIPv6)
	size := ndpSize + 8
	if from.IsUnspecified() {
		size = ndpSize
	}
	n += putIPv6(b[n:], from, to, protoICMPv6, 0, size, ndpHops)
	m := b[n : n+size]
	clear(m)
	m[0], m[4] = kind, flags
	t := target.As16()
	copy(m[8:], t[:])
	if size > ndpSize {
		m[24], m[25] = optSourceMAC, 1
		if kind == ndpAdvertise {
			m[24] = optTargetMAC
		}
		copy(m[26:], mac[:])
	}
	binary.BigEndian.PutUint16(m[2:], transport(from, to, protoICMPv6, m))
	return n + size
}

// solicited is the group in which a node is asked for (RFC 4291 §2.7.1).
func solicited(a netip.Addr) netip.Addr {
	b := a.As16()
	return netip.AddrFrom16([16]byte{0xff, 0x02, 11: 1, 12: 0xff, 13: b[13], 14: b[14], 15: b[15]})
}

func allNodes() netip.Addr { return netip.AddrFrom16([16]byte{0xff, 0x02, 15: 1}) }

// SolicitedMAC is the group MAC a device must let in for an IPv6 address to be found.
func SolicitedMAC(a netip.Addr) MAC { return groupMAC(solicited(a)) }

// groupMAC is where a multicast address is sent (RFC 2464 §7).
func groupMAC(a netip.Addr) MAC {
	b := a.As16()
	return MAC{0x33, 0x33, b[12], b[13], b[14], b[15]}
}
