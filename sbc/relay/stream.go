package relay

import (
	"math/rand/v2"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/callwright/callwright/media/rtp"
)

// stream is one RTP stream both ways.
type stream struct {
	set     atomic.Pointer[Settings] // control stores
	to      atomic.Pointer[target]   // "in" stores; nil: nowhere to send
	echoing atomic.Bool              // "in" stores: the trunk's audio is not for the remote
	joined  atomic.Pointer[stream]   // control stores: who hears the remote; nil: the trunk
	in      ingress                  // of "in"
	out     egress
}

// target is where a stream's packets go.
type target struct{ rtp, rtcp netip.AddrPort }

// ingress is what a stream's remote has sent so far.
type ingress struct {
	set   *Settings // as last looked at
	gone  bool
	latch latch

	ssrc    uint32
	known   bool // ssrc is set
	source  rtp.Source
	past    totals // of sources before
	newSSRC uint32 // a change of SSRC must be followed up (RFC 3550 A.1, probation)
	newSeq  uint16
	newSeen bool

	line    splice // onto the trunk
	seqOff  uint16
	lastSeq uint16 // newest on the trunk
	cut     bool   // the next audio packet begins a new splice

	events  rtp.EventReceiver
	digits  []*sending
	echo    *echo
	heard   time.Time // last valid packet, or when listening began
	first   bool      // one has come
	lost    bool      // and then none for a while
	reports reports
}

type totals struct {
	received uint64
	lost     int64
}

func newStream(set *Settings, now time.Time) *stream {
	s := &stream{}
	s.out.seq, s.out.line.last = set.Sequence, set.Timestamp
	if s.out.seq == 0 && s.out.line.last == 0 {
		s.out.seq, s.out.line.last = uint16(rand.Uint32()), rand.Uint32()
	} else {
		s.out.line.at, s.out.line.begun = now, true
	}
	s.set.Store(set)
	if s.aim(set, set.Remote); usable(set.Latched) {
		s.aim(set, set.Latched)
	}
	return s
}

// aim sets where packets go, by the RTP address at hand.
func (s *stream) aim(set *Settings, at netip.AddrPort) {
	if !usable(at) {
		s.to.Store(nil)
		return
	}
	t := &target{rtp: at, rtcp: next(at)}
	if at == set.Remote && usable(set.RemoteRTCP) {
		t.rtcp = set.RemoteRTCP
	}
	s.to.Store(t)
}

// adopt makes new settings known to the ingress.
func (s *stream) adopt(set *Settings, now time.Time) {
	in := &s.in
	old := in.set
	in.set = set
	if old == nil || old.Generation != set.Generation || old.Remote != set.Remote {
		in.latch.begin(set.Remote, now)
	}
	if old == nil && usable(set.Latched) {
		in.latch.active = set.Latched
	}
	s.aim(set, in.latch.active)
	if old == nil || (set.Receive && !old.Receive) {
		in.heard = now
	}
	if old == nil {
		in.reports.begin(now)
	}
}

// turnTo begins the account of another SSRC.
func (in *ingress) turnTo(ssrc uint32) {
	in.past = in.totals()
	in.ssrc, in.known, in.newSeen, in.cut = ssrc, true, false, true
	in.source = rtp.Source{}
	in.events = rtp.EventReceiver{}
}

func (in *ingress) totals() totals {
	return totals{in.past.received + in.source.Received, in.past.lost + in.source.Lost()}
}
