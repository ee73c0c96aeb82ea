package rtp

import (
	"fmt"
	"time"

	"github.com/pion/rtcp"
)

// Report is what a side says of its sending and receiving (RFC 3550 §6.4).
type Report struct {
	SSRC  uint32
	CNAME string

	Sending   bool // makes it a sender report
	Now       time.Time
	Timestamp uint32 // of our media, at Now
	Packets   uint32
	Octets    uint32

	Receiving    bool // adds a block about Source
	Source       uint32
	FractionLost uint8
	Lost         int64
	Highest      uint32
	Jitter       uint32
	LastSR       uint32    // middle of the NTP time of the source's last sender report
	LastSRAt     time.Time // when it came; zero: never
}

// Marshal makes the compound packet: report, then CNAME; with bye, a BYE behind.
func (r *Report) Marshal(bye bool) ([]byte, error) {
	var blocks []rtcp.ReceptionReport
	if r.Receiving {
		b := rtcp.ReceptionReport{SSRC: r.Source, FractionLost: r.FractionLost, Jitter: r.Jitter,
			TotalLost: uint32(min(max(r.Lost, 0), 1<<23-1)), LastSequenceNumber: r.Highest}
		if !r.LastSRAt.IsZero() {
			b.LastSenderReport, b.Delay = r.LastSR, compact(r.Now.Sub(r.LastSRAt))
		}
		blocks = []rtcp.ReceptionReport{b}
	}
	var all rtcp.CompoundPacket
	if r.Sending {
		all = append(all, &rtcp.SenderReport{SSRC: r.SSRC, NTPTime: NTP(r.Now), RTPTime: r.Timestamp,
			PacketCount: r.Packets, OctetCount: r.Octets, Reports: blocks})
	} else {
		all = append(all, &rtcp.ReceiverReport{SSRC: r.SSRC, Reports: blocks})
	}
	all = append(all, rtcp.NewCNAMESourceDescription(r.SSRC, r.CNAME))
	if bye {
		all = append(all, &rtcp.Goodbye{Sources: []uint32{r.SSRC}})
	}
	b, err := all.Marshal()
	if err != nil {
		return nil, fmt.Errorf("rtp: report of %08x: %w", r.SSRC, err)
	}
	return b, nil
}

// Heard is what a peer's RTCP says that matters to us.
type Heard struct {
	SenderReport bool // LastSR is set
	LastSR       uint32
	About        bool // the peer reports about our SSRC
	FractionLost uint8
	Echoed       uint32        // our LastSR it has seen, 0: none
	Delay        time.Duration // between its arrival there and this report
	Bye          bool
}

// ParseRTCP reads a compound packet, looking for what is about ssrc.
func ParseRTCP(b []byte, ssrc uint32) (Heard, error) {
	var h Heard
	ps, err := rtcp.Unmarshal(b)
	if err != nil {
		return h, fmt.Errorf("rtp: rtcp: %w", err)
	}
	for _, p := range ps {
		switch p := p.(type) {
		case *rtcp.SenderReport:
			h.SenderReport, h.LastSR = true, uint32(p.NTPTime>>16)
			h.about(p.Reports, ssrc)
		case *rtcp.ReceiverReport:
			h.about(p.Reports, ssrc)
		case *rtcp.Goodbye:
			h.Bye = true
		}
	}
	return h, nil
}

func (h *Heard) about(rs []rtcp.ReceptionReport, ssrc uint32) {
	for _, r := range rs {
		if r.SSRC == ssrc {
			h.About, h.FractionLost, h.Echoed = true, r.FractionLost, r.LastSenderReport
			h.Delay = time.Duration(r.Delay) * time.Second / 65536
		}
	}
}

// RoundTrip is how long a report and its echo were under way; 0 if they tell nothing.
func (h *Heard) RoundTrip(now time.Time) time.Duration {
	if !h.About || h.Echoed == 0 {
		return 0
	}
	d := time.Duration(int32(uint32(NTP(now)>>16)-h.Echoed))*time.Second/65536 - h.Delay
	if d < 0 || d > time.Minute {
		return 0
	}
	return d
}

// NTP is t as RFC 3550 §4 counts it: seconds since 1900 and a binary fraction.
func NTP(t time.Time) uint64 {
	const era = 2208988800
	return uint64(t.Unix()+era)<<32 | uint64(t.Nanosecond())<<32/1e9
}

// compact is d in units of 1/65536 s.
func compact(d time.Duration) uint32 {
	return uint32(max(d, 0) * 65536 / time.Second)
}
