package ring

import (
	"encoding/binary"
	"sync/atomic"
)

// Packet is what the tick needs of a record of the trunk.
type Packet struct {
	Timestamp uint32
	Seq       uint16
	Type      uint8
	Payload   []byte
}

const packetHeader = 9 // size, seq: 2 each; timestamp 4; type 1

// Packets is a queue of packets, kept one behind another in bytes.
type Packets struct {
	buf []byte
	put atomic.Uint64
	_   [48]byte
	got atomic.Uint64
}

// NewPackets makes a ring of at least n bytes; a packet takes 9 more than its payload.
func NewPackets(n int) *Packets { return &Packets{buf: make([]byte, powerOfTwo(n))} }

// Put appends p, copying its payload, or says that there is no room. Producer only.
func (r *Packets) Put(p Packet) bool {
	at, size := r.put.Load(), packetHeader+len(p.Payload)
	if size > len(r.buf)-int(at-r.got.Load()) {
		return false
	}
	var h [packetHeader]byte
	binary.LittleEndian.PutUint16(h[0:], uint16(len(p.Payload)))
	binary.LittleEndian.PutUint16(h[2:], p.Seq)
	binary.LittleEndian.PutUint32(h[4:], p.Timestamp)
	h[8] = p.Type
	r.write(at, h[:])
	r.write(at+packetHeader, p.Payload)
	r.put.Store(at + uint64(size))
	return true
}

// Get moves the oldest packet into p; its payload goes into the memory of scratch,
// which must hold the largest one put. Consumer only.
func (r *Packets) Get(p *Packet, scratch []byte) bool {
	at := r.got.Load()
	if r.put.Load() == at {
		return false
	}
	var h [packetHeader]byte
	r.read(at, h[:])
	n := int(binary.LittleEndian.Uint16(h[0:]))
	p.Seq = binary.LittleEndian.Uint16(h[2:])
	p.Timestamp = binary.LittleEndian.Uint32(h[4:])
	p.Type = h[8]
	p.Payload = scratch[:n]
	r.read(at+packetHeader, p.Payload)
	r.got.Store(at + packetHeader + uint64(n))
	return true
}

func (r *Packets) write(at uint64, b []byte) {
	n := copy(r.buf[at&uint64(len(r.buf)-1):], b)
	copy(r.buf, b[n:])
}

func (r *Packets) read(at uint64, b []byte) {
	n := copy(b, r.buf[at&uint64(len(r.buf)-1):])
	copy(b[n:], r.buf)
}
