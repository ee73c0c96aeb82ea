package signal

import (
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/callwright/callwright/engine/call"
	"github.com/callwright/callwright/media/sdp"
)

// Broken messages by the thousand, through the edge and a core that answers calls:
// nothing panics, and a sound OPTIONS is answered after them.
func TestMutations(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 75))
	ua := call.NewUA(call.Config{})
	answers := 0
	var step func(call.Input)
	step = func(in call.Input) {
		for _, a := range ua.Step(time.Unix(0, 0), in) {
			switch a := a.(type) {
			case call.Send:
				answers++
				Write(a.Msg)
			case call.Invited:
				step(call.Accept{Leg: a.Leg, Media: sdp.Local{Addr: netip.MustParseAddrPort("127.0.0.1:4000")}})
			}
		}
	}
	e := New(Config{Sink: step})
	from := netip.MustParseAddrPort("127.0.0.1:5070")
	in := inlet{call.Flow{Transport: "udp", Local: "127.0.0.1:5060", Remote: from.String()}, from, func([]byte) { answers++ }}
	seeds := [][]byte{message(good...), with("INVITE", "SIP/2.0 200 OK"), with("CSeq", "CSeq: 1 BYE"),
		append(with("Max-Forwards", "Content-Type: application/sdp", "Supported: x"), "v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio 9 RTP/AVP 0\r\n"...)}
	for range 20000 {
		b := append([]byte(nil), seeds[r.IntN(len(seeds))]...)
		for range 1 + r.IntN(4) {
			b = mutate(r, b)
		}
		e.datagram(in, b)
	}
	if n := e.Counters()["dropped/panic"]; n != 0 {
		t.Fatalf("%d panics", n)
	}
	answers = 0
	options := with("INVITE", "OPTIONS sip:a@127.0.0.1 SIP/2.0")
	f, _ := scan(options)
	for i := range f.fields {
		if f.fields[i].name == "CSeq" {
			f.fields[i].value = "8 OPTIONS"
		}
	}
	e.take(in, f, nil)
	if answers != 1 {
		t.Fatal("no answer to OPTIONS")
	}
}

// mutate flips, cuts, doubles or inserts at a random place.
func mutate(r *rand.Rand, b []byte) []byte {
	if len(b) < 2 {
		return b
	}
	i := r.IntN(len(b))
	j := min(len(b), i+1+r.IntN(40))
	switch r.IntN(5) {
	case 0:
		b[i] = byte(r.IntN(256))
	case 1:
		b = append(b[:i], b[j:]...)
	case 2:
		b = append(b[:j:j], b[i:]...)
	case 3:
		b = append(b[:i:i], append([]byte{"\r\n;,<>\"=@:/\x00 "[r.IntN(13)]}, b[i:]...)...)
	case 4:
		b = b[:j]
	}
	return b
}
