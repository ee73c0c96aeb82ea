package call

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/callwright/callwright/media/sdp"
)

func lastAgreed(a *agent) sdp.Agreement {
	all := told[Agreed](a)
	if len(all) == 0 {
		return sdp.Agreement{}
	}
	return all[len(all)-1].Media
}

func TestEarlyMedia(t *testing.T) {
	w, a, b := couple(t)
	b.on = func(x Action) {
		if i, ok := x.(Invited); ok {
			b.step(Progress{Leg: i.Leg, Media: b.media(), Headers: []Header{{"X-A", "1"}}})
		}
	}
	a.dial("call", b)
	w.run(time.Second)
	if r := told[Ringing](a); len(r) != 1 || r[0].Status != 183 || lastAgreed(a).Generation != 1 || lastAgreed(b).Generation != 1 {
		t.Fatalf("%s", w.log())
	}
	b.step(Accept{Leg: b.leg(), Media: b.media()})
	w.run(time.Second)
	if len(told[Answered](a)) != 1 || len(told[Agreed](a)) != 1 || len(told[Agreed](b)) != 1 {
		t.Fatalf("the same answer must not be a new agreement\n%s", w.log())
	}
}

func TestHoldResumeAndNewAddress(t *testing.T) {
	w, a, b := pair(t)
	reinvite := func(m sdp.Local) {
		a.step(Reinvite{Leg: "call", Media: m})
		w.run(time.Second)
	}
	held := a.media()
	held.Hold = true
	reinvite(held)
	if g := lastAgreed(b); g.Send || !g.Receive || g.Generation != 2 {
		t.Fatalf("held: %+v\n%s", g, w.log())
	}
	if g := lastAgreed(a); !g.Send || g.Receive || g.Generation != 2 {
		t.Fatalf("holding: %+v", g)
	}
	reinvite(a.media())
	if g := lastAgreed(b); !g.Send || !g.Receive || g.Generation != 3 {
		t.Fatalf("resumed: %+v", g)
	}
	moved := sdp.Local{Addr: netip.MustParseAddrPort("10.0.0.7:4004")}
	reinvite(moved)
	if g := lastAgreed(b); g.Remote != moved.Addr || g.Generation != 4 {
		t.Fatalf("moved: %+v", g)
	}
	// The session version grew with each change, never the id (RFC 3264 §8).
	var origins []string
	for _, s := range b.sent {
		if s.msg.Method == "INVITE" && s.msg.Status == 200 {
			_, o, _ := strings.Cut(string(s.msg.Body), "o=- ")
			origins = append(origins, strings.Join(strings.Fields(o)[:2], " "))
		}
	}
	id := strings.Fields(origins[0])[0]
	for i, want := range []string{"1", "2", "3", "3"} { // the move does not change our answer
		if origins[i] != id+" "+want {
			t.Errorf("origins %v", origins)
		}
	}
	b.step(Reinvite{Leg: b.leg(), Media: b.media()})
	w.run(time.Second)
	if lastAgreed(a).Generation != 5 {
		t.Fatal("the callee may change media too")
	}
}

func TestReinviteThatCannotBe(t *testing.T) {
	w, a, b := pair(t)
	a.step(Reinvite{Leg: "call", Media: sdp.Local{Addr: a.media().Addr, Codecs: []sdp.Codec{{Name: "G729", Type: 18, Rate: 8000}}}})
	a.step(Reinvite{Leg: "call", Media: a.media()})
	if r := told[Refused](a); len(r) != 1 {
		t.Fatalf("a second change at once: %+v", r)
	}
	w.run(time.Second)
	if r := told[Refused](a); len(r) != 2 || r[1].Order != "reinvite" || !strings.HasPrefix(r[1].Why, "488") {
		t.Fatalf("%+v", r)
	}
	if len(a.ended)+len(b.ended) != 0 || len(told[Agreed](a)) != 1 {
		t.Fatal("the call must stay as it was")
	}
}

func TestGlare(t *testing.T) {
	w, a, b := pair(t)
	w.delay = func() time.Duration { return 50 * time.Millisecond }
	a.step(Reinvite{Leg: "call", Media: a.media()})
	b.step(Reinvite{Leg: b.leg(), Media: b.media()})
	w.run(200 * time.Millisecond)
	if len(a.times("INVITE", 491)) != 1 || len(b.times("INVITE", 491)) != 1 {
		t.Fatalf("%s", w.log())
	}
	w.run(20 * time.Second)
	if g := lastAgreed(a).Generation; g != 3 || lastAgreed(b).Generation != 3 || len(told[Refused](a))+len(told[Refused](b)) != 0 {
		t.Fatalf("generation %d\n%s", g, w.log())
	}
	w.run(5 * time.Minute)
}

func TestLateOffer(t *testing.T) {
	w := newWorld(t)
	b := w.agent("10.0.0.2:5060")
	b.gets("INVITE", "z9hG4bK1")
	if i := told[Invited](b); len(i) != 1 || i[0].HasOffer {
		t.Fatalf("%+v", i)
	}
	b.step(Progress{Leg: b.leg(), Media: b.media()})
	b.step(Accept{Leg: b.leg(), Media: b.media()})
	ok := b.last()
	if len(ok.Body) == 0 || len(told[Agreed](b)) != 0 {
		t.Fatalf("%+v", ok)
	}
	answer, _, err := sdp.Answer(ok.Body, sdp.Local{Addr: netip.MustParseAddrPort("10.0.0.9:4000")})
	if err != nil {
		t.Fatal(err)
	}
	b.gets("ACK", "z9hG4bK2", b.inside(1), func(m *Message) { m.Type, m.Body = accept, answer })
	if g := lastAgreed(b); g.Remote.Port() != 4000 || len(told[Confirmed](b)) != 1 {
		t.Fatalf("%+v", g)
	}
	// A re-INVITE without an offer is asked for ours, too.
	b.gets("INVITE", "z9hG4bK3", b.inside(2))
	if m := b.last(); m.Status != 200 || len(m.Body) == 0 {
		t.Fatalf("%+v", m)
	}
	b.gets("ACK", "z9hG4bK4", b.inside(2), func(m *Message) { m.Type, m.Body = accept, answer })
	if lastAgreed(b).Generation != 2 {
		t.Fatalf("%+v", lastAgreed(b))
	}
}

func TestLateOfferWithoutAnswer(t *testing.T) {
	w := newWorld(t)
	b := w.agent("10.0.0.2:5060")
	b.gets("INVITE", "z9hG4bK1")
	b.step(Accept{Leg: b.leg(), Media: b.media()})
	b.gets("ACK", "z9hG4bK2", b.inside(1))
	if b.last().Method != "BYE" || len(told[Confirmed](b)) != 0 {
		t.Fatalf("%s", w.log())
	}
	for _, c := range b.ended {
		if c.Name != "not-acceptable" {
			t.Fatalf("%+v", c)
		}
	}
}

func TestAnswerThatCannotBe(t *testing.T) {
	w, a, b := couple(t)
	b.on = nil
	a.dial("call", b)
	invite := a.last()
	ok := &Message{Method: "INVITE", Status: 200, Branch: invite.Branch, Vias: invite.Vias, From: invite.From, To: invite.To,
		CallID: invite.CallID, CSeq: 1, Contact: "sip:" + b.addr}
	ok.To.Tag = "b"
	a.step(Received{Flow: Flow{Transport: "udp", Local: a.addr, Remote: b.addr}, Msg: ok})
	if len(a.times("ACK", 0)) != 1 || len(a.times("BYE", 0)) != 1 || a.ended["call"].Name != "not-acceptable" {
		t.Fatalf("%s", w.log())
	}
}

// Requests in a dialog go by its route set, to the address in it if that is one we
// can use, else to where the peer's messages come from.
func TestRoutes(t *testing.T) {
	cases := []struct {
		name    string
		routes  []string
		contact string
		sentBy  string
		uri     string
		route   string
		to      string
	}{
		{"direct", nil, "sip:s@10.0.0.9:5090", stranger, "sip:s@10.0.0.9:5090", "", "10.0.0.9:5090"},
		{"name", nil, "sip:s@host.example.com", stranger, "sip:s@host.example.com", "", stranger},
		{"behind a NAT", nil, "sip:s@192.168.1.2:5060", "192.168.1.2:5060", "sip:s@192.168.1.2:5060", "", stranger},
		{"loose routes", []string{"<sip:10.0.0.7;lr>", "<sip:p2;lr>"}, "sip:s@10.0.0.9", stranger, "sip:s@10.0.0.9", "<sip:10.0.0.7;lr> <sip:p2;lr>", "10.0.0.7:5060"},
		{"strict route", []string{"<sip:10.0.0.7:5070>", "<sip:p2;lr>"}, "sip:s@10.0.0.9", stranger, "sip:10.0.0.7:5070", "<sip:p2;lr> <sip:s@10.0.0.9>", "10.0.0.7:5070"},
		{"IPv6, private source", nil, "sip:s@[2001:db8::1]:5070;transport=udp", stranger, "sip:s@[2001:db8::1]:5070;transport=udp", "", stranger},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := newWorld(t).agent("10.0.0.2:5060")
			b.gets("INVITE", "z9hG4bK1", offers, func(m *Message) { m.Routes, m.Contact, m.SentBy = c.routes, c.contact, c.sentBy })
			b.step(Accept{Leg: b.leg(), Media: b.media()})
			if got := strings.Join(b.last().Routes, " "); got != strings.Join(c.routes, " ") {
				t.Fatalf("Record-Route not brought back: %s", got)
			}
			b.gets("ACK", "z9hG4bK2", b.inside(1), func(m *Message) { m.SentBy = c.sentBy })
			b.sent = nil
			b.step(Hangup{Leg: b.leg()})
			bye := b.sent[0]
			if bye.msg.URI != c.uri || strings.Join(bye.msg.Routes, " ") != c.route || bye.to.Remote != c.to {
				t.Fatalf("BYE %s by %v to %s, want %s by %s to %s", bye.msg.URI, bye.msg.Routes, bye.to.Remote, c.uri, c.route, c.to)
			}
		})
	}
}
