package rtp

import (
	"encoding/binary"
	"errors"
)

// HeaderSize is that of the headers we send: no sources, no extension.
const HeaderSize = 12

// Why bytes are no RTP packet.
var (
	ErrShort     = errors.New("rtp: shorter than its header says")
	ErrVersion   = errors.New("rtp: version is not 2")
	ErrExtension = errors.New("rtp: extension longer than the packet")
	ErrPadding   = errors.New("rtp: padding longer than the packet")
)

// Packet is what a packet's header says (RFC 3550 §5.1); contributing sources and
// header extensions are stepped over.
type Packet struct {
	Marker    bool
	Type      uint8 // payload type
	Seq       uint16
	Timestamp uint32
	SSRC      uint32
	Payload   []byte // after Parse: a part of what was parsed
}

// Parse reads b into p. It allocates nothing; after an error p is undefined. The
// errors are bare sentinels: they are counted, not printed.
func (p *Packet) Parse(b []byte) error {
	if len(b) < HeaderSize {
		return ErrShort
	}
	if b[0]>>6 != 2 {
		return ErrVersion
	}
	at := HeaderSize + 4*int(b[0]&0x0f)
	if b[0]&0x10 != 0 {
		if len(b) < at+4 {
			return ErrExtension
		}
		at += 4 + 4*int(binary.BigEndian.Uint16(b[at+2:]))
	}
	if len(b) < at {
		return ErrShort
	}
	end := len(b)
	if b[0]&0x20 != 0 {
		pad := int(b[end-1])
		if pad == 0 || end-pad < at {
			return ErrPadding
		}
		end -= pad
	}
	p.Marker = b[1]&0x80 != 0
	p.Type = b[1] & 0x7f
	p.Seq = binary.BigEndian.Uint16(b[2:])
	p.Timestamp = binary.BigEndian.Uint32(b[4:])
	p.SSRC = binary.BigEndian.Uint32(b[8:])
	p.Payload = b[at:end:end]
	return nil
}

// Put writes p into b, which has room for HeaderSize and the payload, and returns
// the packet's size.
func (p *Packet) Put(b []byte) int {
	b[0] = 2 << 6
	b[1] = p.Type & 0x7f
	if p.Marker {
		b[1] |= 0x80
	}
	binary.BigEndian.PutUint16(b[2:], p.Seq)
	binary.BigEndian.PutUint32(b[4:], p.Timestamp)
	binary.BigEndian.PutUint32(b[8:], p.SSRC)
	return HeaderSize + copy(b[HeaderSize:], p.Payload)
}

// Kind is what a datagram on a media port is, by its first bytes.
type Kind uint8

const (
	Unknown Kind = iota
	RTP
	RTCP
	STUN
	DTLS
	Empty
)

// KindOf follows RFC 7983 §7, and RFC 5761 §4 for RTCP on an RTP port.
func KindOf(b []byte) Kind {
	switch {
	case len(b) == 0:
		return Empty
	case b[0] <= 3:
		return STUN
	case b[0] >= 20 && b[0] <= 63:
		return DTLS
	case b[0] < 128 || b[0] > 191:
		return Unknown
	case len(b) >= 2 && b[1] >= 192 && b[1] <= 223:
		return RTCP
	}
	return RTP
}
