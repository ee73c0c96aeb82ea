package stack

import (
	"encoding/binary"
	"net/netip"
)

const (
	ip4Size = 20
	ip6Size = 40
	hops    = 64

	protoICMP   = 1
	protoUDP    = 17
	protoICMPv6 = 58

	dontFragment  = 0x4000
	moreFragments = 0x2000
)

// packet is an IP packet's header of either version; body is its payload, without the
// padding of short frames.
type packet struct {
	from, to netip.Addr
	proto    uint8
	ttl      uint8
	body     []byte

	// Of a fragment.
	fragment bool
	more     bool
	offset   int // in bytes
	id       uint32
}

// parseIPv4 reads a header; options are skipped (RFC 1122 §3.2.1.8). bad is the reason
// to drop it, or -1.
func parseIPv4(b []byte) (p packet, bad reason) {
	if len(b) < ip4Size || b[0]>>4 != 4 {
		return p, dropIP
	}
	header, total := int(b[0]&15)*4, int(binary.BigEndian.Uint16(b[2:]))
	if header < ip4Size || total < header || total > len(b) {
		return p, dropIP
	}
	if fold(sum(0, b[:header])) != 0xffff {
		return p, dropIPChecksum
	}
	frag := binary.BigEndian.Uint16(b[6:])
	p = packet{
		from: netip.AddrFrom4([4]byte(b[12:])), to: netip.AddrFrom4([4]byte(b[16:])),
		proto: b[9], ttl: b[8], body: b[header:total],
		more: frag&moreFragments != 0, offset: int(frag&0x1fff) * 8, id: uint32(binary.BigEndian.Uint16(b[4:])),
	}
	p.fragment = p.more || p.offset > 0
	return p, none
}

// putIPv4 writes a header for size bytes of payload. DF makes the datagram atomic, so
// that it needs no identification of its own (RFC 6864 §4.1).
func putIPv4(b []byte, from, to netip.Addr, proto, tos uint8, size int) int {
	f, t := from.As4(), to.As4()
	b[0], b[1] = 4<<4|ip4Size/4, tos
	binary.BigEndian.PutUint16(b[2:], uint16(ip4Size+size))
	binary.BigEndian.PutUint32(b[4:], dontFragment)
	b[8], b[9], b[10], b[11] = hops, proto, 0, 0
	copy(b[12:], f[:])
	copy(b[16:], t[:])
	binary.BigEndian.PutUint16(b[10:], ^fold(sum(0, b[:ip4Size])))
	return ip4Size
}

// The extension headers that may stand before the payload (RFC 8200 §4).
const (
	extHopByHop    = 0
	extRouting     = 43
	extFragment    = 44
	extDestination = 60
	maxExtensions  = 6
)

// parseIPv6 reads a header and what extends it. A source route that is not at its end
// is refused; behind a fragment header of a piece nothing can be read.
func parseIPv6(b []byte) (p packet, bad reason) {
	if len(b) < ip6Size || b[0]>>4 != 6 {
		return p, dropIP
	}
	size := int(binary.BigEndian.Uint16(b[4:]))
	if size > len(b)-ip6Size {
		return p, dropIP
	}
	p = packet{from: netip.AddrFrom16([16]byte(b[8:])), to: netip.AddrFrom16([16]byte(b[24:])),
		proto: b[6], ttl: b[7], body: b[ip6Size : ip6Size+size]}
	if p.from.Is4In6() || p.to.Is4In6() {
		return p, dropIP // no such address is on a wire (RFC 4291 §2.5.5.2)
	}
	for range maxExtensions {
		switch p.proto {
		case extHopByHop, extDestination, extRouting:
			if !p.extension() {
				return p, dropIP
			}
		case extFragment:
			if p.fragment || !p.fragmentHeader() {
				return p, dropIP
			}
			if p.fragment {
				return p, none
			}
		default:
			return p, none
		}
	}
	return p, dropIP
}

func (p *packet) extension() bool {
	if len(p.body) < 8 || (p.proto == extRouting && p.body[3] != 0) {
		return false
	}
	size := 8 + int(p.body[1])*8
	if size > len(p.body) {
		return false
	}
	p.proto, p.body = p.body[0], p.body[size:]
	return true
}

func (p *packet) fragmentHeader() bool {
	if len(p.body) < 8 {
		return false
	}
	at := binary.BigEndian.Uint16(p.body[2:])
	p.more, p.offset, p.id = at&1 != 0, int(at&^7), binary.BigEndian.Uint32(p.body[4:])
	p.fragment = p.more || p.offset > 0 // neither: an atomic one (RFC 6946)
	p.proto, p.body = p.body[0], p.body[8:]
	return true
}

func putIPv6(b []byte, from, to netip.Addr, proto, tos uint8, size int, hopLimit uint8) int {
	f, t := from.As16(), to.As16()
	binary.BigEndian.PutUint32(b, 6<<28|uint32(tos)<<20)
	binary.BigEndian.PutUint16(b[4:], uint16(size))
	b[6], b[7] = proto, hopLimit
	copy(b[8:], f[:])
	copy(b[24:], t[:])
	return ip6Size
}

// unicast says that an address may send to us or be sent to.
func unicast(a netip.Addr) bool {
	return a.IsValid() && !a.IsUnspecified() && !a.IsMulticast() && !a.IsLoopback() &&
		a != netip.AddrFrom4([4]byte{255, 255, 255, 255})
}
