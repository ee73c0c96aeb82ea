package stack

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
)

// sum adds b to a running Internet checksum (RFC 1071), eight bytes at a time: carries
// come round at the end, and the order of bytes does not matter until then. Only the
// last piece of a text may have an odd length.
func sum(acc uint64, b []byte) uint64 {
	var carry uint64
	for len(b) >= 8 {
		acc, carry = bits.Add64(acc, binary.BigEndian.Uint64(b), carry)
		b = b[8:]
	}
	var rest uint64
	for i, c := range b {
		rest |= uint64(c) << (56 - 8*i)
	}
	acc, carry = bits.Add64(acc, rest, carry)
	return acc + carry
}

// fold makes 16 bits of a running sum.
func fold(acc uint64) uint16 {
	acc = acc>>32 + acc&0xffffffff
	acc = acc>>16 + acc&0xffff
	acc = acc>>16 + acc&0xffff
	acc = acc>>16 + acc&0xffff
	return uint16(acc)
}

// pseudo is the sum of a pseudo-header (RFC 768, RFC 8200 §8.1).
func pseudo(from, to netip.Addr, proto uint8, length int) uint64 {
	acc := uint64(proto) + uint64(length)
	if from.Is4() {
		f, t := from.As4(), to.As4()
		return acc + uint64(binary.BigEndian.Uint32(f[:])) + uint64(binary.BigEndian.Uint32(t[:]))
	}
	f, t := from.As16(), to.As16()
	return sum(sum(acc, f[:]), t[:])
}

// transport is the checksum of an upper-layer message of length bytes over both.
func transport(from, to netip.Addr, proto uint8, message []byte) uint16 {
	return ^fold(sum(pseudo(from, to, proto, len(message)), message))
}
