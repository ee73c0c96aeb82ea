package call

import (
	"strings"
	"testing"
	"time"
)

// timed makes b's INVITEs and answers bear timers by hand: a peer of ours that asks.
func timed(value string) func(*Message) {
	return func(m *Message) {
		offers(m)
		m.Headers = append(m.Headers, Header{"Supported", "timer"}, Header{"Session-Expires", value}, Header{"Allow", allow})
	}
}

// stranded is a call of a stranger's that b has answered and that was acknowledged.
func stranded(t *testing.T, value string) (w *world, b *agent, ok *Message) {
	t.Helper()
	w, _, b = couple(t)
	b.gets("INVITE", "z9hG4bKi", timed(value))
	ok = b.last()
	if ok.Status != 200 {
		t.Fatalf("%+v", ok)
	}
	b.gets("ACK", "z9hG4bKa", b.inside(1))
	return w, b, ok
}

// The peer refreshes, and stops doing so: the call ends 32 s before the interval does.
func TestASessionThatIsNotRefreshedEnds(t *testing.T) {
	w, b, ok := stranded(t, "1800;refresher=uac")
	if ok.Get("Session-Expires") != "1800;refresher=uac" || ok.Get("Require") != "timer" {
		t.Fatalf("the 200 has %+v", ok.Headers)
	}
	w.run(15 * time.Minute)
	b.gets("UPDATE", "z9hG4bKu", b.inside(2), func(m *Message) {
		m.Headers = []Header{{"Supported", "timer"}, {"Session-Expires", "600;refresher=uac"}}
	})
	if m := b.last(); m.Status != 200 || m.Get("Session-Expires") != "600;refresher=uac" || m.Contact == "" {
		t.Fatalf("the UPDATE got %+v", m)
	}
	w.run(567 * time.Second)
	if len(b.ended) != 0 {
		t.Fatalf("ended early\n%s", w.log())
	}
	leg := b.leg()
	w.run(2 * time.Second)
	if b.ended[leg].Name != "timeout" || b.ended[leg].Text != "Session timer expired" {
		t.Fatalf("ended %+v", b.ended)
	}
	w.run(time.Minute)
	b.empty()
}

// We refresh by UPDATE at half the time, take a longer interval when asked to, and end
// the call when the peer does not know it any more.
func TestWeRefresh(t *testing.T) {
	w, b, ok := stranded(t, "200;refresher=uas")
	if ok.Get("Session-Expires") != "200;refresher=uas" || ok.Has("Require") {
		t.Fatalf("the 200 has %+v", ok.Headers)
	}
	answer := func(status int, hs ...Header) {
		t.Helper()
		m := b.last()
		if m.Method != "UPDATE" || m.Status != 0 || !strings.HasSuffix(m.Get("Session-Expires"), ";refresher=uac") {
			t.Fatalf("no refresh: %+v\n%s", m, w.log())
		}
		b.step(Received{Flow: Flow{Transport: "udp", Local: b.addr, Remote: stranger}, Msg: &Message{Method: "UPDATE", Status: status, Branch: m.Branch,
			Vias: m.Vias, From: m.From, To: m.To, CallID: m.CallID, CSeq: m.CSeq, Headers: hs}})
	}
	w.run(100 * time.Second)
	answer(422, Header{"Min-SE", "400"})
	if v := b.last().Get("Session-Expires"); v != "400;refresher=uac" {
		t.Fatalf("asked again for %s", v)
	}
	answer(200, Header{"Session-Expires", "400;refresher=uac"})
	w.run(199 * time.Second)
	if len(b.times("UPDATE", 0)) != 2 {
		t.Fatalf("refreshed too soon\n%s", w.log())
	}
	w.run(2 * time.Second)
	answer(500)
	w.run(10 * time.Second)
	answer(481)
	if len(b.ended) != 1 {
		t.Fatalf("the call outlived a 481\n%s", w.log())
	}
	w.run(time.Minute)
	b.empty()
}

func TestTimersThatCannotBe(t *testing.T) {
	for value, want := range map[string]int{"60": 422, "x": 400, "0": 400, "-1": 400, "90": 200, "4000000000": 400} {
		_, _, b := couple(t)
		b.gets("INVITE", "z9hG4bKi", timed(value))
		if m := b.last(); m.Status != want || want == 422 && m.Get("Min-SE") != "90" {
			t.Errorf("%s: %d, want %d", value, m.Status, want)
		}
	}
	_, _, b := couple(t) // from one who knows no timers a short one says nothing
	b.gets("INVITE", "z9hG4bKi", offers, header("Session-Expires", "60"))
	if m := b.last(); m.Status != 200 || m.Has("Session-Expires") {
		t.Errorf("%+v", m)
	}
}

// An UPDATE with an offer is answered at once; one that crosses an offer of ours is not.
func TestUpdateWithAnOffer(t *testing.T) {
	w, b, _ := stranded(t, "1800")
	before := len(told[Agreed](b))
	hold := func(m *Message) {
		offers(m)
		m.Body = []byte(strings.ReplaceAll(string(m.Body), "a=sendrecv", "a=sendonly"))
	}
	b.gets("UPDATE", "z9hG4bKu", b.inside(2), hold)
	if m := b.last(); m.Status != 200 || !strings.Contains(string(m.Body), "a=recvonly") {
		t.Fatalf("%+v %s", m, m.Body)
	}
	if all := told[Agreed](b); len(all) != before+1 || !all[len(all)-1].Media.Held() {
		t.Fatalf("agreed %+v", all)
	}
	b.step(Reinvite{Leg: b.leg(), Media: b.media()})
	b.gets("UPDATE", "z9hG4bKv", b.inside(3), offers)
	if m := b.last(); m.Status != 491 {
		t.Fatalf("glare: %+v", m)
	}
	w.run(time.Minute)
}
