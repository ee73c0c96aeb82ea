package relay

import (
	"time"

	"github.com/callwright/callwright/media/g711"
	"github.com/callwright/callwright/media/rtp"
	"github.com/callwright/callwright/media/trunk"
)

// pair joins a stream to the one that it and that itself name, and parts both from
// whom they no longer do. Control's goroutine.
func (r *Relay) pair(id string) {
	s := r.streams[id]
	if s == nil {
		return
	}
	other := r.streams[s.set.Load().Joined]
	if other == s || other != nil && other.set.Load().Joined != id {
		other = nil
	}
	if s.joined.Load() == other {
		return
	}
	r.part(s)
	if other != nil {
		r.part(other)
		s.joined.Store(other)
		other.joined.Store(s)
	}
}

// part ends a join on both sides.
func (r *Relay) part(s *stream) {
	if other := s.joined.Swap(nil); other != nil {
		other.joined.Store(nil)
	}
}

// across takes an audio packet to the remote of a joined stream. Both codecs are
// G.711, so a byte is a sample on either side.
func (r *Relay) across(to *stream, from uint8, p *rtp.Packet, now time.Time) {
	set := to.set.Load()
	if set.TrunkType != from {
		p.Payload = recode(r.recoded[:len(p.Payload)], p.Payload, from)
	}
	if !to.out.audio(&r.incoming, to, set, fromJoined, p, now) {
		r.tally.drop(dropLate)
	}
}

// recode writes A-law as mu-law and the other way round.
func recode(out, in []byte, from uint8) []byte {
	if from == trunk.TypePCMU {
		for i, b := range in {
			out[i] = g711.LinearToALaw[uint16(g711.ULawToLinear[b])>>4]
		}
		return out
	}
	for i, b := range in {
		out[i] = g711.LinearToULaw[uint16(g711.ALawToLinear[b])>>2]
	}
	return out
}
