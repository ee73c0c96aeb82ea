package relay

import (
	"net/netip"
	"time"

	"github.com/callwright/callwright/media/rtp"
)

const (
	learnFor  = 10 * time.Second // after an agreement; then the source stays
	quietFor  = time.Second      // of the source at hand, before another may replace it
	learnFrom = 5                // packets in sequence
	// ownersTime is for the signalled address to speak before one may be learnt that
	// no NAT explains.
	ownersTime = 300 * time.Millisecond
)

var carrierNAT = netip.MustParsePrefix("100.64.0.0/10") // RFC 6598

// latch decides whose packets are the stream's (RFC 7362 §4, and its warnings). The
// signalled address counts first and always. Another source is learnt only while
// relearning lasts, only when the one at hand is quiet, and only by several packets in
// sequence: a stranger who talks into a stream changes nothing, one who waits for it
// has seconds, and must be there well before its owner.
type latch struct {
	signalled netip.AddrPort
	active    netip.AddrPort // what we obey and where we send
	before    netip.AddrPort // obeyed until the new address speaks, so that a change makes no gap
	began     time.Time
	until     time.Time
	last      time.Time // of any accepted packet; zero: never
	spoke     bool      // active has, in this generation

	candidate netip.AddrPort
	ssrc      uint32
	seq       uint16 // that must follow
	run       int
}

// begin starts a generation. When the signalled address stays the same, so does what
// has been learnt.
func (l *latch) begin(signalled netip.AddrPort, now time.Time) {
	l.began, l.until = now, now.Add(learnFor)
	l.run = 0
	if !usable(signalled) {
		signalled = netip.AddrPort{}
	}
	if signalled == l.signalled && l.active.IsValid() {
		return
	}
	if l.spoke {
		l.before = l.active
	}
	l.signalled, l.active, l.spoke = signalled, signalled, false
}

// admit says whether p is the stream's. known: its payload type is one of the
// stream's; fresh: from is the active source from here on.
func (l *latch) admit(from netip.AddrPort, p *rtp.Packet, known bool, now time.Time) (ours, fresh bool) {
	switch {
	case from == l.active:
		fresh = !l.spoke
	case from == l.signalled:
		l.active, fresh = from, true
	case from == l.before && !l.spoke && now.Before(l.until):
		l.last = now
		return true, false
	case l.learn(from, p, known, now):
		l.active, fresh = from, true
	default:
		return false, false
	}
	l.spoke, l.last = true, now
	return true, fresh
}

func (l *latch) learn(from netip.AddrPort, p *rtp.Packet, known bool, now time.Time) bool {
	quiet := l.last.IsZero() && (l.likely(from.Addr()) || now.Sub(l.began) >= ownersTime) ||
		!l.last.IsZero() && now.Sub(l.last) > quietFor
	if !known || !now.Before(l.until) || !quiet {
		l.run = 0
		return false
	}
	if l.run == 0 || from != l.candidate || p.SSRC != l.ssrc || p.Seq != l.seq {
		l.candidate, l.ssrc, l.run = from, p.SSRC, 0
	}
	l.run++
	l.seq = p.Seq + 1
	return l.run >= learnFrom
}

// likely says whether a NAT explains why packets come from there and not from the
// signalled address: another port of the same host, or a public address in place of a
// private one. Phones behind NAT must not wait for their audio.
func (l *latch) likely(from netip.Addr) bool {
	signalled := l.signalled.Addr()
	return !signalled.IsValid() || from == signalled || private(signalled) && !private(from)
}

func private(a netip.Addr) bool {
	return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || carrierNAT.Contains(a)
}
