package relay

import (
	"time"

	"github.com/callwright/callwright/media/rtp"
	"github.com/callwright/callwright/media/trunk"
)

// The way out, on the "out" goroutine: trunk, find the stream, check, egress, link.

func (r *Relay) fromTrunk() error {
	frames := make([]trunk.Frame, trunkBatch)
	for {
		n, err := r.trunk.Recv(frames)
		if err != nil {
			return ended(err)
		}
		now := time.Now()
		for i := range n {
			r.give(&frames[i], now)
		}
		r.outgoing.flush()
		r.tally.fromTrunk.Add(uint64(n))
	}
}

// give is a frame's whole way.
func (r *Relay) give(f *trunk.Frame, now time.Time) {
	s := r.table.carrying(f.SSRC)
	if s == nil {
		r.tally.drop(dropSSRC)
		return
	}
	set := s.set.Load()
	switch {
	case f.Token != set.Token || f.SSRC != set.TrunkSSRC:
		r.tally.drop(dropToken)
		return
	case f.Type != set.TrunkType:
		r.tally.drop(dropCodec)
		return
	case s.echoing.Load():
		return // the remote hears itself instead
	case s.joined.Load() != nil:
		return // the remote hears another one
	}
	p := rtp.Packet{Timestamp: f.Timestamp, Marker: f.Marker, Payload: f.Payload}
	if !s.out.audio(&r.outgoing, s, set, fromTrunk, &p, now) {
		r.tally.drop(dropLate)
	}
}
