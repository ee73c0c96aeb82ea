package signal

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/callwright/callwright/engine/call"
	"github.com/callwright/callwright/media/sdp"
)

// BenchmarkCall is the signalling of one answered call: INVITE, 180, 200, ACK, BYE,
// from bytes to bytes, without sockets and timers.
func BenchmarkCall(b *testing.B) {
	b.ReportAllocs()
	ua := call.NewUA(call.Config{UserAgent: "bench"})
	now := time.Unix(0, 0)
	tag := ""
	fired := func(a call.Arm) { // at once, so that nothing piles up
		if n := a.Timer.Name; n == "J" || n == "L" {
			ua.Step(now, call.Fired{Timer: a.Timer})
		}
	}
	var step func(call.Input)
	step = func(in call.Input) {
		for _, a := range ua.Step(now, in) {
			switch a := a.(type) {
			case call.Send:
				Write(a.Msg)
				tag = a.Msg.To.Tag
			case call.Arm:
				fired(a)
			case call.Invited:
				step(call.Ring{Leg: a.Leg})
				step(call.Accept{Leg: a.Leg, Media: sdp.Local{Addr: netip.MustParseAddrPort("127.0.0.1:4000")}})
			}
		}
	}
	e := New(Config{Sink: step})
	from := netip.MustParseAddrPort("127.0.0.1:5070")
	in := inlet{call.Flow{Transport: "udp", Local: "127.0.0.1:5060", Remote: from.String()}, from, func(a []byte) { b.Fatalf("%s", a) }}
	offer := string(sdp.Offer(sdp.Local{Addr: netip.MustParseAddrPort("127.0.0.1:6000")}))
	text := func(method string, i, cseq int, tag, body string) []byte {
		if tag != "" {
			tag = ";tag=" + tag
		}
		return fmt.Appendf(nil, "%s sip:5000@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK%d-%d%s;rport\r\nMax-Forwards: 70\r\n"+
			"From: \"A\" <sip:a@127.0.0.1>;tag=%d\r\nTo: <sip:5000@127.0.0.1>%s\r\nCall-ID: %d@127.0.0.1\r\nCSeq: %d %s\r\n"+
			"Contact: <sip:a@127.0.0.1:5070>\r\nUser-Agent: bench\r\nContent-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s",
			method, i, cseq, method, i, tag, i, cseq, method, len(body), body)
	}
	for i := 0; b.Loop(); i++ {
		e.datagram(in, text("INVITE", i, 1, "", offer))
		to := tag
		e.datagram(in, text("ACK", i, 1, to, ""))
		e.datagram(in, text("BYE", i, 2, to, ""))
	}
	if ua.Legs() != 0 {
		b.Fatalf("%d legs left", ua.Legs())
	}
}
