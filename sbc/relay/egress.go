package relay

import (
	"sync"
	"time"

	"github.com/callwright/callwright/media/rtp"
)

const (
	// MaxPtime is the longest packet time of what we send, in ms.
	MaxPtime = 60
	// jump is a distance of timestamps that no pause explains: the origin has
	// started anew.
	jump = 10 * clockRate
)

// origin is what feeds the remote's ear.
type origin uint8

const (
	fromNowhere origin = iota
	fromTrunk
	fromEcho
	fromDigits
	fromJoined
)

// egress is what we send to the remote: one SSRC, unbroken sequence numbers and
// timestamps over all origins. mu is held for one packet at a time.
type egress struct {
	mu      sync.Mutex
	line    splice
	seq     uint16 // of the next packet
	packets uint32 // as sender reports count them
	octets  uint32

	origin origin
	due    uint32 // the origin's timestamp that continues it
	fresh  bool   // the next packet begins a talkspurt (RFC 3551 §4.1)
	digits bool   // events go out: audio is withheld

	frame  int // payload size of what we send
	packed int
	pack   [MaxPtime * perMs]byte
	packTS uint32
}

// audio sends what one origin has for the remote, cut and joined to the remote's
// packet time. It reports false for a frame that comes too late.
func (e *egress) audio(b *batch, s *stream, set *Settings, from origin, p *rtp.Packet, now time.Time) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.digits {
		return true
	}
	size := uint32(len(p.Payload))
	ahead := int32(p.Timestamp - e.due)
	switch {
	case from != e.origin || ahead > jump || ahead < -jump:
		e.line.cut(p.Timestamp, now)
		e.origin, e.fresh, e.packed = from, true, 0
	case ahead < 0:
		return false
	case ahead > 0:
		e.fresh, e.packed = true, 0
	}
	e.due = p.Timestamp + size
	e.fresh = e.fresh || p.Marker
	if e.frame != set.frame() {
		e.frame, e.packed = set.frame(), 0
	}
	if !set.Send || s.to.Load() == nil {
		e.fresh, e.packed = true, 0
		return true
	}
	e.repack(b, s, set, p, now)
	return true
}

func (e *egress) repack(b *batch, s *stream, set *Settings, p *rtp.Packet, now time.Time) {
	if e.packed == 0 && len(p.Payload) == e.frame {
		ts := e.line.give(p.Timestamp, uint32(e.frame), now)
		e.emit(b, s, set, rtp.Packet{Type: set.Type, Timestamp: ts, Payload: p.Payload})
		return
	}
	for at := 0; at < len(p.Payload); {
		if e.packed == 0 {
			e.packTS = p.Timestamp + uint32(at)
		}
		n := copy(e.pack[e.packed:e.frame], p.Payload[at:])
		at += n
		if e.packed += n; e.packed < e.frame {
			return
		}
		e.packed = 0
		ts := e.line.give(e.packTS, uint32(e.frame), now)
		e.emit(b, s, set, rtp.Packet{Type: set.Type, Timestamp: ts, Payload: e.pack[:e.frame]})
	}
}

// emit numbers and marks a packet and puts it into the batch.
func (e *egress) emit(b *batch, s *stream, set *Settings, p rtp.Packet) {
	to := s.to.Load()
	if to == nil {
		return
	}
	p.SSRC, p.Seq, p.Marker = set.SSRC, e.seq, e.fresh
	e.seq++
	e.fresh = false
	e.packets++
	e.octets += uint32(len(p.Payload))
	d := b.next()
	b.add(d[:p.Put(d)], set.Port, to.rtp)
}

// beginEvent withholds audio and gives the timestamp of a telephone-event of length
// samples, which all of its packets bear.
func (e *egress) beginEvent(length uint32, now time.Time) uint32 {
	e.mu.Lock()
	defer e.mu.Unlock()
	ts := e.line.upTo(now)
	e.line.offset = 0
	e.line.give(ts, length, now)
	e.origin, e.digits, e.packed = fromDigits, true, 0
	return ts
}

func (e *egress) event(b *batch, s *stream, set *Settings, ts uint32, first bool, payload []byte) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if set.Send && set.EventType != 0 {
		e.fresh = first
		e.emit(b, s, set, rtp.Packet{Type: set.EventType, Timestamp: ts, Payload: payload})
	}
}

// endEvents lets audio through again.
func (e *egress) endEvents() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.digits, e.fresh = false, true
}

// account is what a sender report says.
func (e *egress) account(now time.Time) (packets, octets, timestamp uint32) {
	e.mu.Lock()
	defer e.mu.Unlock()
	passed := uint32(min(now.Sub(e.line.at), time.Hour) * clockRate / time.Second)
	return e.packets, e.octets, e.line.last + passed
}
