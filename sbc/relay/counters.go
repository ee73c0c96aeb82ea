package relay

import "sync/atomic"

// reason says why a packet was dropped.
type reason int

const (
	dropEmpty reason = iota
	dropSize
	dropStream
	dropMalformed
	dropSTUN
	dropDTLS
	dropUnknown
	dropRTCP
	dropSource
	dropSequence
	dropPayloadType
	dropEvent
	dropHeld
	dropNoTrunk
	dropSSRC
	dropToken
	dropCodec
	dropLate
	reasons
)

func (r reason) String() string {
	return [reasons]string{
		dropEmpty:       "empty",
		dropSize:        "size",
		dropStream:      "stream", // no stream on the port
		dropMalformed:   "malformed",
		dropSTUN:        "stun",
		dropDTLS:        "dtls",
		dropUnknown:     "unknown",
		dropRTCP:        "rtcp",
		dropSource:      "source", // not from where the stream's packets come
		dropSequence:    "sequence",
		dropPayloadType: "payload_type",
		dropEvent:       "event",
		dropHeld:        "held",
		dropNoTrunk:     "no_trunk",
		dropSSRC:        "trunk_ssrc", // of no stream
		dropToken:       "trunk_token",
		dropCodec:       "trunk_codec",
		dropLate:        "trunk_late",
	}[r]
}

// tally counts for the life of a relay. in and out write, anyone reads.
type tally struct {
	received, toTrunk, fromTrunk, sent atomic.Uint64
	dropped                            [reasons]atomic.Uint64
}

func (t *tally) drop(r reason) { t.dropped[r].Add(1) }

// Counter is one figure of Counters.
type Counter struct {
	Name, Reason string
	Value        uint64
}

// Counters may be called from any goroutine. Reasons that never occurred are left out.
func (r *Relay) Counters() []Counter {
	cs := []Counter{
		{Name: "rtp_received_total", Value: r.tally.received.Load()},
		{Name: "rtp_sent_total", Value: r.tally.sent.Load()},
		{Name: "trunk_sent_total", Value: r.tally.toTrunk.Load()},
		{Name: "trunk_received_total", Value: r.tally.fromTrunk.Load()},
	}
	for i := range reasons {
		if n := r.tally.dropped[i].Load(); n > 0 {
			cs = append(cs, Counter{"rtp_dropped_total", i.String(), n})
		}
	}
	return cs
}
