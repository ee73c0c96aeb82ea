package call

import (
	"testing"
	"time"
)

func asking(t *testing.T) (w *world, a, b *agent) {
	w = newWorld(t)
	a, b = w.agent("10.0.0.1:5060"), w.agent("10.0.0.2:5060")
	for _, x := range []*agent{a, b} {
		x.cfg.Asks = []string{"MESSAGE", "REGISTER", "OPTIONS"}
		x.ua = NewUA(x.cfg)
	}
	return w, a, b
}

// What is asked waits for its reply, is not asked twice, and is answered in the end.
func TestAskedAndReplied(t *testing.T) {
	w, _, b := asking(t)
	b.gets("MESSAGE", "z9hG4bKm")
	asked := told[Asked](b)
	if len(asked) != 1 || asked[0].Leg != "" || len(b.sent) != 0 {
		t.Fatalf("asked %+v, sent %+v", asked, b.sent)
	}
	b.gets("MESSAGE", "z9hG4bKm") // again: nothing to repeat yet
	if len(b.sent) != 0 || len(told[Asked](b)) != 1 {
		t.Fatalf("asked twice, or answered\n%s", w.log())
	}
	id := asked[0].ID
	b.step(Reply{ID: id, Status: 200, Headers: []Header{{"Contact", "<sip:x@h>;expires=60"}, {"X-Own", "1"}, {"Via", "no"}}, Type: "text/plain", Body: []byte("hi")})
	m := b.last()
	if m.Status != 200 || m.Get("Contact") == "" || m.Get("X-Own") != "1" || string(m.Body) != "hi" || m.To.Tag == "" || len(m.Vias) != 1 {
		t.Fatalf("%+v", m)
	}
	b.step(Reply{ID: id, Status: 500}) // too late
	b.gets("MESSAGE", "z9hG4bKm")
	if b.last().Status != 200 || len(b.times("MESSAGE", 200)) != 2 {
		t.Fatalf("the answer is not repeated\n%s", w.log())
	}
	b.gets("REGISTER", "z9hG4bKr")
	w.run(16 * time.Second)
	if m := b.last(); m.Method != "REGISTER" || m.Status != 500 {
		t.Fatalf("nobody answered: %+v", m)
	}
	w.run(time.Minute)
	b.empty()
}

// Requests go out and come back, outside a call and within one, and fail in time.
func TestRequestsOfFlows(t *testing.T) {
	w, a, b := asking(t)
	b.on = func(x Action) {
		switch x := x.(type) {
		case Asked:
			b.step(Reply{ID: x.ID, Status: 202})
		case Invited:
			b.step(Accept{Leg: x.Leg, Media: b.media()})
		}
	}
	flow := Flow{Transport: "udp", Local: a.addr, Remote: b.addr}
	a.step(Request{ID: "1", Method: "MESSAGE", Flow: flow, URI: "sip:x@" + b.addr, From: Party{URI: "sip:a@h"}, Type: "text/plain", Body: []byte("hi")})
	w.run(time.Second)
	a.dial("call", b)
	w.run(time.Second)
	a.step(Request{ID: "2", Leg: "call", Method: "MESSAGE"})
	a.step(Request{ID: "2", Leg: "call", Method: "MESSAGE"}) // the id is taken
	a.step(Request{ID: "3", Leg: "call", Method: "BYE"})
	a.step(Request{ID: "4", Leg: "none", Method: "MESSAGE"})
	w.run(time.Second)
	got := map[string]int{}
	for _, r := range told[Replied](a) {
		if r.Msg != nil {
			got[r.ID+r.Leg] += r.Msg.Status
		} else {
			got[r.ID+r.Leg+"!"]++
		}
	}
	if got["1"] != 202 || got["2call"] != 202 || got["2call!"] != 1 || got["3call!"] != 1 || got["4none!"] != 1 {
		t.Fatalf("%v\n%s", got, w.log())
	}
	if asked := told[Asked](b); len(asked) != 2 || asked[1].Leg != b.leg() || string(asked[0].Msg.Body) != "hi" || asked[1].Msg.CSeq != 2 {
		t.Fatalf("asked %+v", asked)
	}
	w.lose = func(string, *Message) bool { return true }
	a.step(Request{ID: "5", Method: "OPTIONS", Flow: flow, URI: "sip:x@" + b.addr})
	w.run(33 * time.Second)
	if r := told[Replied](a); r[len(r)-1].Cause.Name != "timeout" {
		t.Fatalf("lost: %+v", r[len(r)-1])
	}
	w.lose = func(string, *Message) bool { return false }
	a.step(Hangup{Leg: "call"})
	w.run(2 * time.Minute)
	a.empty()
	b.empty()
}

func TestKeysByINFO(t *testing.T) {
	for _, c := range []struct {
		kind, body, key string
		ms              int
	}{
		{"application/dtmf-relay", "Signal=5\r\nDuration=160\r\n", "5", 160},
		{"Application/DTMF-Relay;x=y", "Signal= 11\nDuration=huge", "#", 100},
		{"application/dtmf", " * ", "*", 100},
		{"application/dtmf", "12", "", 0},
		{"text/plain", "5", "", 0},
	} {
		w, b, _ := stranded(t, "1800")
		b.gets("INFO", "z9hG4bKn", b.inside(2), func(m *Message) { m.Type, m.Body = c.kind, []byte(c.body) })
		if b.last().Status != 200 {
			t.Fatalf("%s", w.log())
		}
		p := told[Pressed](b)
		if c.key == "" {
			if len(p) != 0 || len(told[Asked](b)) != 1 {
				t.Errorf("%s %q: pressed %v", c.kind, c.body, p)
			}
			continue
		}
		if len(p) != 1 || p[0].Key != c.key || p[0].Ms != c.ms {
			t.Errorf("%s %q: pressed %+v", c.kind, c.body, p)
		}
	}
}
