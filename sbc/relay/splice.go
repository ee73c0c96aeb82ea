package relay

import "time"

// splice maps timestamps of changing sources onto one unbroken line.
type splice struct {
	offset uint32
	last   uint32 // newest given out
	size   uint32 // samples it stands for
	at     time.Time
	begun  bool
}

// cut joins a source whose next timestamp is ts: the line goes on by the time that has
// passed, in whole frames, at least by the last one.
func (s *splice) cut(ts uint32, now time.Time) {
	s.offset = s.upTo(now) - ts
}

// upTo is the line's timestamp for now.
func (s *splice) upTo(now time.Time) uint32 {
	if !s.begun {
		return s.last
	}
	const frame = tickMs * perMs
	passed := uint32(min(max(now.Sub(s.at), 0), time.Hour) * clockRate / time.Second)
	return s.last + max(s.size, (passed+frame/2)/frame*frame)
}

// give maps ts and moves the line on, but never back.
func (s *splice) give(ts, samples uint32, now time.Time) uint32 {
	out := ts + s.offset
	if !s.begun || int32(out-s.last) > 0 {
		s.last, s.size, s.at, s.begun = out, samples, now, true
	}
	return out
}
