package relay

import (
	"math/rand/v2"
	"time"

	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/media/rtp"
	"github.com/callwright/callwright/sbc/link"
)

const (
	lostAfter    = 5 * time.Second
	qualityEvery = 5 * time.Second
	rtcpEvery    = 5 * time.Second // RFC 3550 §6.2: the minimum, and we are two
)

// reports is a stream's RTCP, and what the brain is told of it.
type reports struct {
	nextRTCP    time.Time
	nextQuality time.Time
	sentBefore  uint32 // packets at the last report: without new ones it is no sender's

	lastSR   uint32
	lastSRAt time.Time
	rtt      time.Duration
	loss     float64 // of ours, as the remote reports it
}

func (p *reports) begin(now time.Time) {
	p.nextQuality = now.Add(qualityEvery)
	p.plan(now)
}

// plan spreads reports by half an interval either way (RFC 3550 §6.3.1), so that many
// streams that began together do not report together.
func (p *reports) plan(now time.Time) {
	p.nextRTCP = now.Add(rtcpEvery/2 + rand.N(rtcpEvery))
}

// watch notices silence and sends what is due.
func (r *Relay) watch(s *stream, set *Settings, now time.Time) {
	in := &s.in
	if set.Receive && !in.lost && now.Sub(in.heard) >= lostAfter {
		in.lost = true
		r.mediaEvent(set, control.Media_LOST, in.latch.active)
	}
	if !now.Before(in.reports.nextRTCP) {
		in.reports.plan(now)
		r.sendRTCP(s, set, now, false)
	}
	if !now.Before(in.reports.nextQuality) {
		in.reports.nextQuality = now.Add(qualityEvery)
		r.quality(s, set, now)
	}
}

// expire tells the digit whose end was lost.
func (r *Relay) expire(in *ingress, set *Settings, now time.Time) {
	if d, ok := in.events.Expire(now); ok {
		r.digit(set, d)
	}
}

// endOfEvent tells the digit that its source cannot end any more.
func (r *Relay) endOfEvent(in *ingress) {
	if d, ok := in.events.Expire(time.Now().Add(time.Hour)); ok {
		r.digit(in.set, d)
	}
}

func (r *Relay) quality(s *stream, set *Settings, now time.Time) {
	t := s.in.totals()
	s.out.mu.Lock()
	sent, next := s.out.packets, s.out.seq
	s.out.mu.Unlock()
	_, _, at := s.out.account(now)
	r.report(&control.Event{Body: &control.Event_Quality{Quality: &control.Quality{
		Stream: set.ID, PacketsReceived: t.received, PacketsLost: uint64(max(t.lost, 0)),
		JitterMs:    float64(s.in.source.Jitter()) / perMs,
		PacketsSent: uint64(sent),
		RttMs:       float64(s.in.reports.rtt) / float64(time.Millisecond),
		RemoteLoss:  s.in.reports.loss,
		Sequence:    uint32(next),
		Timestamp:   at,
	}}})
}

// sendRTCP sends a report to where RTCP goes; with bye the last one.
func (r *Relay) sendRTCP(s *stream, set *Settings, now time.Time, bye bool) {
	to, in := s.to.Load(), &s.in
	if to == nil || !usable(to.rtcp) {
		return
	}
	p := &in.reports
	packets, octets, ts := s.out.account(now)
	if packets == 0 && !in.known {
		return // nothing has been said either way
	}
	rep := rtp.Report{SSRC: set.SSRC, CNAME: set.CNAME, Now: now,
		Sending: packets != p.sentBefore, Timestamp: ts, Packets: packets, Octets: octets}
	p.sentBefore = packets
	if in.known {
		rep.Receiving, rep.Source, rep.FractionLost, rep.Lost = true, in.ssrc, in.source.FractionLost(), in.source.Lost()
		rep.Highest, rep.Jitter, rep.LastSR, rep.LastSRAt = in.source.Highest(), in.source.Jitter(), p.lastSR, p.lastSRAt
	}
	data, err := rep.Marshal(bye)
	if err != nil || len(data) > link.MaxData {
		return
	}
	port := set.Port + 1
	if to.rtcp == to.rtp {
		port = set.Port // RFC 5761
	}
	d := r.incoming.next()
	r.incoming.add(d[:copy(d, data)], port, to.rtcp)
}

// control takes an RTCP packet: only from where the stream's RTCP or RTP comes.
func (r *Relay) control(s *stream, set *Settings, d *link.Packet, now time.Time) {
	to := s.to.Load()
	if to == nil || (d.Remote != to.rtcp && d.Remote != to.rtp) {
		r.tally.drop(dropSource)
		return
	}
	h, err := rtp.ParseRTCP(d.Data, set.SSRC)
	if err != nil {
		r.tally.drop(dropRTCP)
		return
	}
	p := &s.in.reports
	if h.SenderReport {
		p.lastSR, p.lastSRAt = h.LastSR, now
	}
	if h.About {
		p.loss = float64(h.FractionLost) / 256
		if rtt := h.RoundTrip(now); rtt > 0 {
			p.rtt = rtt
		}
	}
}
