package relay

import (
	"net/netip"
	"time"

	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/media/rtp"
	"github.com/callwright/callwright/media/trunk"
	"github.com/callwright/callwright/sbc/link"
)

// The way in, in the order of the functions: receive, classify, latch, account,
// digits or audio, trunk. All on the "in" goroutine.

// take is a datagram's whole way.
func (r *Relay) take(p *link.Packet, now time.Time) {
	if len(p.Data) > link.MaxData {
		r.tally.drop(dropSize)
		return
	}
	s := r.table.at(p.Port)
	if s == nil {
		r.tally.drop(dropStream)
		return
	}
	set := s.set.Load()
	if set != s.in.set {
		s.adopt(set, now)
	}
	switch kind := rtp.KindOf(p.Data); {
	case kind == rtp.RTP && p.Port == set.Port:
		r.media(s, set, p, now)
	case kind == rtp.RTCP:
		r.control(s, set, p, now)
	case kind == rtp.RTP:
		r.tally.drop(dropRTCP) // media on the odd port
	default:
		r.tally.drop(strange(kind))
	}
}

func strange(k rtp.Kind) reason {
	switch k {
	case rtp.Empty:
		return dropEmpty
	case rtp.STUN:
		return dropSTUN
	case rtp.DTLS:
		return dropDTLS
	}
	return dropUnknown
}

// media takes an RTP packet.
func (r *Relay) media(s *stream, set *Settings, d *link.Packet, now time.Time) {
	var p rtp.Packet
	if p.Parse(d.Data) != nil {
		r.tally.drop(dropMalformed)
		return
	}
	in := &s.in
	event := set.EventType != 0 && p.Type == set.EventType
	known := event || p.Type == set.Type
	ours, fresh := in.latch.admit(d.Remote, &p, known, now)
	if !ours {
		r.tally.drop(dropSource)
		return
	}
	if !known {
		r.tally.drop(dropPayloadType)
		return
	}
	if fresh {
		r.latched(s, set)
	}
	if !r.account(in, &p, fresh) {
		r.tally.drop(dropSequence)
		return
	}
	r.heard(s, set, now)
	if event {
		r.event(in, set, &p, now)
		return
	}
	in.source.Timing(p.Timestamp, r.clock(now))
	r.audio(s, set, &p, now)
}

// latched tells the brain when packets come from elsewhere than was thought.
func (r *Relay) latched(s *stream, set *Settings) {
	at := s.in.latch.active
	if to := s.to.Load(); to != nil && to.rtp == at {
		return
	}
	s.aim(set, at)
	r.mediaEvent(set, control.Media_LATCHED, at)
}

// account keeps the books of the source. Another SSRC counts when its second packet
// follows the first, or when its address is new too.
func (r *Relay) account(in *ingress, p *rtp.Packet, fresh bool) bool {
	if !in.known || p.SSRC != in.ssrc {
		if in.known && !fresh && !(in.newSeen && in.newSSRC == p.SSRC && in.newSeq == p.Seq) {
			in.newSSRC, in.newSeq, in.newSeen = p.SSRC, p.Seq+1, true
			return false
		}
		if in.events.Open() {
			r.endOfEvent(in)
		}
		in.turnTo(p.SSRC)
	}
	_, valid := in.source.Update(p.Seq)
	return valid
}

// heard notes that the remote is there.
func (r *Relay) heard(s *stream, set *Settings, now time.Time) {
	in := &s.in
	in.heard = now
	switch {
	case !in.first:
		in.first, in.lost = true, false
		r.mediaEvent(set, control.Media_FIRST, in.latch.active)
	case in.lost:
		in.lost = false
		r.mediaEvent(set, control.Media_RESUMED, in.latch.active)
	}
}

func (r *Relay) event(in *ingress, set *Settings, p *rtp.Packet, now time.Time) {
	told, n, bad := in.events.Packet(p, now)
	if bad {
		r.tally.drop(dropEvent)
	}
	for _, d := range told[:n] {
		r.digit(set, d)
	}
}

func (r *Relay) digit(set *Settings, d rtp.Digit) {
	r.report(&control.Event{Body: &control.Event_Digit{Digit: &control.Digit{
		Stream: set.ID, Digit: string(d.Digit), Ms: d.Duration / perMs}}})
}

// audio takes G.711 to the echo and to the trunk.
func (r *Relay) audio(s *stream, set *Settings, p *rtp.Packet, now time.Time) {
	in := &s.in
	switch {
	case !set.Receive:
		r.tally.drop(dropHeld)
		in.cut = true
		return
	case len(p.Payload) == 0:
		r.tally.drop(dropEmpty)
		return
	case len(p.Payload) > trunk.MaxPayload:
		r.tally.drop(dropSize)
		return
	}
	in.splice(p, now)
	if in.echo != nil {
		r.echoed(s, set, p, now)
	}
	if to := s.joined.Load(); to != nil {
		r.across(to, set.TrunkType, p, now)
		return
	}
	if !set.Peer.IsValid() {
		r.tally.drop(dropNoTrunk)
		return
	}
	if len(r.toTrunk) == cap(r.toTrunk) {
		r.flushTrunk()
	}
	// The payload stays in the link's memory: the batch leaves before the next Recv.
	r.toTrunk = append(r.toTrunk, trunk.Frame{Peer: set.Peer, SSRC: set.TrunkSSRC, Token: set.Token,
		Type: set.TrunkType, Seq: p.Seq, Timestamp: p.Timestamp, Marker: p.Marker, Payload: p.Payload})
}

// splice puts p onto the trunk's numbers.
func (in *ingress) splice(p *rtp.Packet, now time.Time) {
	ahead := int32(p.Timestamp + in.line.offset - in.line.last)
	if in.cut || ahead > jump || ahead < -jump {
		if in.line.begun {
			in.line.cut(p.Timestamp, now)
			in.seqOff = in.lastSeq + 1 - p.Seq
		}
		in.cut = false
		p.Marker = true
	}
	p.Seq += in.seqOff
	if !in.line.begun || int16(p.Seq-in.lastSeq) > 0 {
		in.lastSeq = p.Seq
	}
	p.Timestamp = in.line.give(p.Timestamp, uint32(len(p.Payload)), now)
}

func (r *Relay) flushTrunk() {
	if len(r.toTrunk) > 0 && r.trunk.Send(r.toTrunk) == nil {
		r.tally.toTrunk.Add(uint64(len(r.toTrunk)))
	}
	r.toTrunk = r.toTrunk[:0]
}

// clock is now in timestamp units, for jitter.
func (r *Relay) clock(now time.Time) uint32 {
	return uint32(uint64(now.Sub(r.start)) / (uint64(time.Second) / clockRate))
}

func (r *Relay) mediaEvent(set *Settings, state control.Media_State, at netip.AddrPort) {
	m := &control.Media{Stream: set.ID, State: state}
	if at.IsValid() {
		m.Remote = at.String()
	}
	r.report(&control.Event{Body: &control.Event_Media{Media: m}})
}
