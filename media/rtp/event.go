package rtp

import (
	"encoding/binary"
	"strings"
	"time"
)

const (
	eventSize = 4
	eventEnd  = 0x80
	volume    = 10 // −dBm0 of what we send: usual for phones

	// endLost is how long an event may go without an update before it counts as
	// ended: three lost updates at the usual 50 ms (RFC 4733 §2.5.1.2).
	endLost = 160 * time.Millisecond

	// endsSent: the end goes out three times (RFC 4733 §2.5.1.4).
	endsSent = 3
)

// digits by event code (RFC 4733 §3.2).
const digits = "0123456789*#ABCD"

// EventCode gives the code of a digit.
func EventCode(digit byte) (code uint8, known bool) {
	i := strings.IndexByte(digits, digit)
	return uint8(i), i >= 0
}

// Digit is one telephone-event told.
type Digit struct {
	Digit    byte
	Duration uint32 // in timestamp units
}

// EventReceiver turns the packets of one source's telephone-events into digits, each
// told once. The zero value is ready.
type EventReceiver struct {
	any       bool // an event has been seen
	open      bool // and is not told yet
	code      uint8
	timestamp uint32 // of its start, which names it
	last      uint32 // timestamp of its latest packet: another one only of broken senders
	duration  uint32
	before    uint32 // of its earlier segments, when longer than 65535 units (§2.5.1.3)
	seen      time.Time
}

// Packet takes an event's packet. It gives up to two digits: one whose end was lost
// and is told by its successor, and the packet's own. bad says that the payload is no
// event; tones other than digits are passed over.
func (r *EventReceiver) Packet(p *Packet, now time.Time) (told [2]Digit, n int, bad bool) {
	if len(p.Payload) < eventSize {
		return told, 0, true
	}
	code, end := p.Payload[0], p.Payload[1]&eventEnd != 0
	duration := uint32(binary.BigEndian.Uint16(p.Payload[2:]))
	switch {
	case r.any && int32(p.Timestamp-r.timestamp) < 0:
		return told, 0, false // late packet of an event before
	case !r.continues(p, code):
		if r.open {
			told[n] = r.tell()
			n++
		}
		if int(code) >= len(digits) {
			r.any, r.timestamp, r.last, r.code = true, p.Timestamp, p.Timestamp, code
			return told, n, false
		}
		*r = EventReceiver{any: true, open: true, code: code, timestamp: p.Timestamp, last: p.Timestamp}
	}
	r.seen = now
	r.duration = max(r.duration, duration) // a reordered update is shorter
	if r.open && end {
		told[n] = r.tell()
		n++
	}
	return told, n, false
}

// continues says whether p belongs to the event at hand. Beside the same timestamp
// there are long events, whose next segment begins where the field overflowed, and
// senders that let the timestamp run on: no marker, the same code, and no time for a
// pause and a new press between.
func (r *EventReceiver) continues(p *Packet, code uint8) bool {
	const shortest = 480 // 60 ms at 8 kHz: less than any press with its pause
	switch {
	case !r.any || code != r.code:
		return false
	case p.Timestamp == r.timestamp:
		return true
	case r.open && r.duration == 0xffff && p.Timestamp-r.timestamp == 0xffff:
		r.before += r.duration
		r.duration, r.timestamp, r.last = 0, p.Timestamp, p.Timestamp
		return true
	case !p.Marker && p.Timestamp-r.last < shortest:
		r.last = p.Timestamp
		return true
	}
	return false
}

// Expire tells the digit whose end was lost; call it every 50 ms or so while Open.
func (r *EventReceiver) Expire(now time.Time) (Digit, bool) {
	if !r.open || now.Sub(r.seen) < endLost {
		return Digit{}, false
	}
	return r.tell(), true
}

// Open says whether an event has begun and not been told.
func (r *EventReceiver) Open() bool { return r.open }

func (r *EventReceiver) tell() Digit {
	r.open = false
	return Digit{digits[r.code], r.before + r.duration}
}

// EventSender makes the packets of one telephone-event: an update each packet time,
// then the end three times. All bear the timestamp of the start.
type EventSender struct {
	code     uint8
	duration uint32 // so far
	length   uint32 // in all
	step     uint32
	ends     int
}

// NewEventSender begins an event of length timestamp units, told every step units.
func NewEventSender(code uint8, length, step uint32) EventSender {
	return EventSender{code: code, length: max(length, step), step: step}
}

// Next writes the next payload. first asks for the marker bit; done says that this
// was the last.
func (s *EventSender) Next(b *[eventSize]byte) (first, done bool) {
	first = s.duration == 0
	s.duration = min(s.duration+s.step, s.length, 0xffff)
	b[0], b[1] = s.code, volume
	if s.duration >= min(s.length, 0xffff) {
		b[1] |= eventEnd
		s.ends++
	}
	binary.BigEndian.PutUint16(b[2:], uint16(s.duration))
	return first, s.ends >= endsSent
}

// Cut makes the event end with the next packet.
func (s *EventSender) Cut() { s.length = max(s.duration, s.step) }
