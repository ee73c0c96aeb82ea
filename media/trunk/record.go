package trunk

import (
	"encoding/binary"
	"net/netip"
)

const (
	// HeaderSize is what stands before a record's payload, in bytes.
	HeaderSize = 24
	// MaxPayload keeps a record within an Ethernet MTU over IPv6, so that segmentation
	// offload never meets a fragment. 20 ms of L16/16000 are 640 bytes.
	MaxPayload = 1500 - 40 - 8 - HeaderSize

	profile      = 0x4357 // "CW"
	profileWords = 2
)

// Payload types of a record.
const (
	TypePCMU     = 0
	TypePCMA     = 8
	TypeL16      = 96 // 8000 Hz
	TypeL16At16k = 97 // 16000 Hz
)

// Frame is one record. Peer is where it came from or shall go.
type Frame struct {
	Peer      netip.AddrPort
	SSRC      uint32
	Token     uint64
	Type      uint8 // payload type, 7 bits
	Seq       uint16
	Timestamp uint32 // samples at the codec's rate
	Marker    bool   // first of a talkspurt
	Payload   []byte // after Recv: the Conn's memory, valid until the next Recv
}

// put writes f's record into b and returns its size. b has room for it.
func (f *Frame) put(b []byte) int {
	f.Header(b)
	return HeaderSize + copy(b[HeaderSize:], f.Payload)
}

// Header writes what stands before the payload into b, HeaderSize bytes.
func (f *Frame) Header(b []byte) {
	b = b[:HeaderSize]
	b[0] = 2<<6 | 1<<4
	b[1] = f.Type & 0x7f
	if f.Marker {
		b[1] |= 0x80
	}
	binary.BigEndian.PutUint16(b[2:], f.Seq)
	binary.BigEndian.PutUint32(b[4:], f.Timestamp)
	binary.BigEndian.PutUint32(b[8:], f.SSRC)
	binary.BigEndian.PutUint16(b[12:], profile)
	binary.BigEndian.PutUint16(b[14:], profileWords)
	binary.BigEndian.PutUint64(b[16:], f.Token)
}

// parse reads a record from b into f, whose Payload then lies in b. It reports
// whether b is one: padding and contributing sources are not, we never send them.
func (f *Frame) parse(b []byte) bool {
	if len(b) < HeaderSize || len(b) > HeaderSize+MaxPayload || b[0] != 2<<6|1<<4 ||
		binary.BigEndian.Uint16(b[12:]) != profile || binary.BigEndian.Uint16(b[14:]) != profileWords {
		return false
	}
	f.Type = b[1] & 0x7f
	f.Marker = b[1]&0x80 != 0
	f.Seq = binary.BigEndian.Uint16(b[2:])
	f.Timestamp = binary.BigEndian.Uint32(b[4:])
	f.SSRC = binary.BigEndian.Uint32(b[8:])
	f.Token = binary.BigEndian.Uint64(b[16:])
	f.Payload = b[HeaderSize:]
	return true
}
