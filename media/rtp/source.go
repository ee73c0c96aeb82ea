package rtp

// Limits of RFC 3550 A.1.
const (
	maxDropout  = 3000
	maxMisorder = 100
)

// Source keeps account of what comes from one SSRC. The zero value waits for the
// first packet.
type Source struct {
	Received uint64 // valid packets, duplicates too (RFC 3550 A.3)
	started  bool
	max      uint16 // highest sequence number seen
	cycles   uint64 // wraps of it, times 65536
	base     uint64
	bad      uint32 // the number that would follow a jump
	jumped   bool

	expectedPrior, receivedPrior uint64

	transit uint32 // arrival minus timestamp, of the last packet
	jitter  uint32 // times 16, in timestamp units
	timed   bool
}

// Update takes a packet's sequence number and gives it extended by its wraps. A number
// far from the others is not valid unless the next packet follows it: then the sender
// has started anew, and so does the account of loss.
func (s *Source) Update(seq uint16) (extended uint64, valid bool) {
	if !s.started {
		s.start(seq, 1<<16) // room below for packets older than the first
	}
	ahead := seq - s.max
	switch {
	case ahead < maxDropout:
		if seq < s.max {
			s.cycles += 1 << 16
		}
		s.max = seq
	case ahead <= 1<<16-maxMisorder:
		if !s.jumped || uint32(seq) != s.bad {
			s.bad, s.jumped = uint32(seq+1), true
			return 0, false
		}
		s.start(seq, s.cycles+1<<16)
	}
	s.jumped = false
	s.Received++
	extended = s.cycles | uint64(seq)
	if seq > s.max && ahead >= maxDropout { // late, from before the wrap
		extended -= 1 << 16
	}
	return extended, true
}

func (s *Source) start(seq uint16, cycles uint64) {
	expected := s.Expected() // loss so far stays on the books
	s.started, s.max, s.cycles = true, seq, cycles
	s.base = s.cycles + uint64(seq) - expected
	s.timed = false
}

// Timing takes a packet's timestamp and its arrival in the same units (A.8).
func (s *Source) Timing(timestamp, arrival uint32) {
	transit := arrival - timestamp
	d := int32(transit - s.transit)
	s.transit = transit
	if !s.timed {
		s.timed = true
		return
	}
	if d < 0 {
		d = -d
	}
	s.jitter += uint32(d) - (s.jitter+8)>>4
}

// Jitter is the interarrival jitter in timestamp units.
func (s *Source) Jitter() uint32 { return s.jitter >> 4 }

// Highest is the extended highest sequence number, as reports carry it.
func (s *Source) Highest() uint32 { return uint32(s.cycles-1<<16) + uint32(s.max) }

// Expected is how many packets the sender has sent since the first that came.
func (s *Source) Expected() uint64 {
	if !s.started {
		return 0
	}
	return s.cycles + uint64(s.max) - s.base + 1
}

// Lost may be negative, with duplicates.
func (s *Source) Lost() int64 { return int64(s.Expected()) - int64(s.Received) }

// FractionLost is the share lost since the last call, in 256ths (A.3).
func (s *Source) FractionLost() uint8 {
	expected, received := s.Expected(), s.Received
	e := int64(expected - s.expectedPrior)
	l := e - int64(received-s.receivedPrior)
	s.expectedPrior, s.receivedPrior = expected, received
	if e <= 0 || l <= 0 {
		return 0
	}
	return uint8(min(l<<8/e, 255))
}
