package stack

import (
	"encoding/binary"
	"net/netip"
)

const udpSize = 8

// parseUDP reads a header and checks the sum, unless the sender left it to hardware
// that a virtual wire has not got (unfinished).
func parseUDP(p *packet, unfinished bool) (d Datagram, bad reason) {
	b := p.body
	if len(b) < udpSize {
		return d, dropUDP
	}
	size := int(binary.BigEndian.Uint16(b[4:]))
	if size < udpSize || size > len(b) {
		return d, dropUDP
	}
	b = b[:size]
	given := binary.BigEndian.Uint16(b[6:])
	switch {
	case given == 0 && p.from.Is6():
		return d, dropUDPChecksum // RFC 8200 §8.1
	case given == 0 || unfinished: // RFC 768: zero is none
	case fold(sum(pseudo(p.from, p.to, protoUDP, size), b)) != 0xffff:
		return d, dropUDPChecksum
	}
	return Datagram{
		Remote:  netip.AddrPortFrom(p.from, binary.BigEndian.Uint16(b[0:])),
		Local:   netip.AddrPortFrom(p.to, binary.BigEndian.Uint16(b[2:])),
		Payload: b[udpSize:],
	}, none
}

// putUDP writes header, payload and the whole sum; nothing is left to hardware.
func putUDP(b []byte, from, to netip.AddrPort, payload []byte) int {
	size := udpSize + len(payload)
	binary.BigEndian.PutUint16(b[0:], from.Port())
	binary.BigEndian.PutUint16(b[2:], to.Port())
	binary.BigEndian.PutUint16(b[4:], uint16(size))
	b[6], b[7] = 0, 0
	copy(b[udpSize:], payload)
	c := transport(from.Addr(), to.Addr(), protoUDP, b[:size])
	if c == 0 {
		c = 0xffff // zero says that there is none
	}
	binary.BigEndian.PutUint16(b[6:], c)
	return size
}
