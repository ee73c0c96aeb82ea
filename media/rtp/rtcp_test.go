package rtp

import (
	"testing"
	"time"
)

func TestReportsMeasureTheRoundTrip(t *testing.T) {
	start := time.Unix(1_700_000_000, 123_000_000)
	a := Report{SSRC: 1, CNAME: "a@x", Sending: true, Now: start, Timestamp: 800, Packets: 5, Octets: 800}
	b, err := a.Marshal(false)
	if err != nil {
		t.Fatal(err)
	}
	if KindOf(b) != RTCP {
		t.Error("a report is not RTCP by its first bytes")
	}
	there := start.Add(30 * time.Millisecond)
	h, err := ParseRTCP(b, 2)
	if err != nil || !h.SenderReport || h.About || h.Bye {
		t.Fatalf("%+v, %v", h, err)
	}
	back := Report{SSRC: 2, CNAME: "b@x", Now: there.Add(100 * time.Millisecond), Receiving: true, Source: 1,
		FractionLost: 64, Lost: -3, Highest: 77, LastSR: h.LastSR, LastSRAt: there}
	if b, err = back.Marshal(true); err != nil {
		t.Fatal(err)
	}
	if h, err = ParseRTCP(b, 1); err != nil || !h.About || !h.Bye || h.FractionLost != 64 {
		t.Fatalf("%+v, %v", h, err)
	}
	rtt := h.RoundTrip(start.Add(160 * time.Millisecond))
	if rtt < 59*time.Millisecond || rtt > 61*time.Millisecond {
		t.Errorf("round trip %v, want 60 ms", rtt)
	}
	if other, _ := ParseRTCP(b, 9); other.About || other.RoundTrip(start) != 0 {
		t.Error("a report about another source is taken for ours")
	}
}

func FuzzRTCP(f *testing.F) {
	r := Report{SSRC: 1, CNAME: "a@x", Sending: true, Now: time.Unix(1, 0), Receiving: true, Source: 3}
	b, _ := r.Marshal(true)
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		if h, err := ParseRTCP(b, 3); err == nil {
			h.RoundTrip(time.Unix(1e9, 0))
		}
	})
}
