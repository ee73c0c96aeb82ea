package call

import (
	"slices"
	"testing"
	"time"
)

// A call whose first address does not answer, refuses to (503) or cannot be reached goes
// to the next one, with the same Call-ID; a refusal of the called one is final.
func TestTheNextAddressIsTried(t *testing.T) {
	const other = "192.0.2.77:5060"
	for name, fail := range map[string]func(w *world, a *agent, invite *Message){
		"silence": func(w *world, a *agent, _ *Message) { w.run(33 * time.Second) },
		"503": func(_ *world, a *agent, m *Message) {
			a.step(Received{Flow: Flow{Transport: "udp", Local: a.addr, Remote: stranger}, Msg: refusing(m, 503)})
		},
		"no way": func(_ *world, a *agent, m *Message) {
			a.step(SendFailed{Branch: clientKey(m.Branch, "INVITE"), Why: "closed"})
		},
	} {
		w, a, _ := couple(t)
		a.alive["call"] = true
		flow := Flow{Transport: "udp", Local: a.addr, Remote: stranger}
		second := flow
		second.Remote = other
		a.step(Dial{Leg: "call", Flow: flow, Others: []Flow{second}, URI: "sip:x@example.com", Media: a.media(), Hops: 7,
			Headers: []Header{{"X-Own", "kept"}}})
		first := a.last()
		fail(w, a, first)
		again := a.last()
		if again.Method != "INVITE" || again.Branch == first.Branch || again.CallID != first.CallID || again.Get("X-Own") != "kept" ||
			again.Get("Max-Forwards") != "7" || len(again.All("Allow")) != 1 || len(again.Body) == 0 {
			t.Fatalf("%s: the second INVITE is %+v", name, again)
		}
		if s := a.sent[len(a.sent)-1]; s.to.Remote != other {
			t.Fatalf("%s: it went to %s", name, s.to.Remote)
		}
		a.step(Received{Flow: second, Msg: refusing(again, 486)})
		if a.ended["call"].Name != "busy" {
			t.Fatalf("%s: ended %+v", name, a.ended["call"])
		}
		w.run(time.Minute)
	}
}

func refusing(m *Message, status int) *Message {
	r := &Message{Method: "INVITE", Status: status, Branch: m.Branch, Vias: m.Vias, From: m.From, To: m.To, CallID: m.CallID, CSeq: m.CSeq}
	r.To.Tag = "b"
	return r
}

func TestContactsOfARedirection(t *testing.T) {
	m := &Message{Status: 302, Contact: "sip:a@h", ContactParams: ";q=0.2", Headers: []Header{
		{"Contact", `"B" <sip:b@h;x=1>;q=0.9;expires=9`}, {"Contact", "<sip:c@h>"}, {"Contact", "<sip:d@h>;q=nonsense"}}}
	if got := contactsOf(m); !slices.Equal(got, []string{"sip:c@h", "sip:d@h", "sip:b@h;x=1", "sip:a@h"}) {
		t.Errorf("got %v", got)
	}
	if got := contactsOf(&Message{Status: 404, Contact: "sip:a@h"}); got != nil {
		t.Errorf("of a 404: %v", got)
	}
}
