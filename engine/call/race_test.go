package call

import (
	"testing"
	"time"
)

// slow makes b ring and leave the rest to the test.
func slow(b *agent) {
	b.on = func(x Action) {
		if i, ok := x.(Invited); ok {
			b.step(Ring{Leg: i.Leg})
		}
	}
}

func TestCancel(t *testing.T) {
	w, a, b := couple(t)
	slow(b)
	a.dial("call", b)
	w.run(time.Second)
	if len(told[Ringing](a)) != 1 {
		t.Fatalf("not ringing\n%s", w.log())
	}
	a.step(Hangup{Leg: "call", Cause: Cause{Name: "answered-elsewhere"}})
	w.run(time.Second)
	for _, c := range b.ended {
		if c.Name != "answered-elsewhere" || c.By != "caller" {
			t.Errorf("ended %+v", c)
		}
	}
	if len(b.times("INVITE", 487)) != 1 || len(b.times("CANCEL", 200)) != 1 || len(b.ended) != 1 {
		t.Fatalf("%s", w.log())
	}
	w.run(5 * time.Minute)
	a.empty()
	b.empty()
}

func TestCancelWaitsForAProvisionalResponse(t *testing.T) {
	w, a, b := couple(t)
	slow(b)
	w.delay = func() time.Duration { return 200 * time.Millisecond }
	a.dial("call", b)
	a.step(Hangup{Leg: "call"})
	if len(a.times("CANCEL", 0)) != 0 || len(a.ended) != 1 {
		t.Fatalf("%s", w.log())
	}
	if a.ua.Pending() == 0 {
		t.Fatal("a CANCEL is owed")
	}
	w.run(2 * time.Second)
	if len(a.times("CANCEL", 0)) != 1 || len(b.ended) != 1 {
		t.Fatalf("%s", w.log())
	}
	w.run(5 * time.Minute)
	a.empty()
	b.empty()
}

func TestCancelCrossesTheAnswer(t *testing.T) {
	w, a, b := couple(t)
	slow(b)
	a.dial("call", b)
	w.run(time.Second)
	w.delay = func() time.Duration { return 100 * time.Millisecond }
	a.step(Hangup{Leg: "call"})
	b.step(Accept{Leg: b.leg(), Media: b.media()})
	w.run(5 * time.Second)
	if len(a.times("ACK", 0)) != 1 || len(a.times("BYE", 0)) != 1 || len(b.ended) != 1 || len(told[Answered](a)) != 0 {
		t.Fatalf("%s", w.log())
	}
	w.run(5 * time.Minute)
	a.empty()
	b.empty()
}

func TestCancelThatIsNeverAnswered(t *testing.T) {
	w, a, b := couple(t)
	slow(b)
	a.dial("call", b)
	w.run(time.Second)
	w.lose = func(from string, m *Message) bool { return from == a.addr }
	a.step(Hangup{Leg: "call"})
	w.run(2 * time.Minute)
	a.empty()
}

func TestCancelOfNothing(t *testing.T) {
	w := newWorld(t)
	b := w.agent("10.0.0.2:5060")
	b.gets("CANCEL", "z9hG4bK1")
	if m := b.last(); m.Status != 481 {
		t.Fatalf("got %d", m.Status)
	}
	w.run(5 * time.Minute)
	b.empty()
}

func TestCancelAfterTheAnswerChangesNothing(t *testing.T) {
	w := newWorld(t)
	b := w.agent("10.0.0.2:5060")
	b.gets("INVITE", "z9hG4bK1", offers)
	b.step(Accept{Leg: b.leg(), Media: b.media()})
	b.gets("CANCEL", "z9hG4bK1")
	if m := b.last(); m.Status != 200 || m.Method != "CANCEL" || len(b.ended) != 0 {
		t.Fatalf("got %+v", m)
	}
}

func TestByeCrossesBye(t *testing.T) {
	w, a, b := pair(t)
	a.step(Hangup{Leg: "call"})
	b.step(Hangup{Leg: b.leg()})
	w.run(time.Second)
	if len(a.times("BYE", 200)) != 1 || len(b.times("BYE", 200)) != 1 {
		t.Fatalf("%s", w.log())
	}
	w.run(5 * time.Minute)
	a.empty()
	b.empty()
}

func TestByeBeforeTheAck(t *testing.T) {
	w := newWorld(t)
	b := w.agent("10.0.0.2:5060")
	b.gets("INVITE", "z9hG4bK1", offers)
	b.step(Accept{Leg: b.leg(), Media: b.media()})
	b.gets("BYE", "z9hG4bK2", b.inside(2))
	w.run(time.Minute)
	if len(b.times("INVITE", 200)) != 1 || len(b.times("BYE", 200)) != 1 || len(b.ended) != 1 {
		t.Fatalf("%s", w.log())
	}
	w.run(5 * time.Minute)
	b.empty()
}

func TestByeBeforeTheAnswer(t *testing.T) {
	w := newWorld(t)
	b := w.agent("10.0.0.2:5060")
	b.gets("INVITE", "z9hG4bK1", offers)
	b.step(Ring{Leg: b.leg()})
	b.gets("BYE", "z9hG4bK2", b.inside(2))
	if len(b.times("INVITE", 487)) != 1 || len(b.times("BYE", 200)) != 1 || len(b.ended) != 1 {
		t.Fatalf("%s", w.log())
	}
	b.gets("ACK", "z9hG4bK1")
	w.run(5 * time.Minute)
	b.empty()
}

// A callee that hangs up before the ACK must wait for it with its BYE.
func TestHangupBeforeTheAck(t *testing.T) {
	for _, acked := range []bool{true, false} {
		w := newWorld(t)
		b := w.agent("10.0.0.2:5060")
		b.gets("INVITE", "z9hG4bK1", offers)
		leg := b.leg()
		b.step(Accept{Leg: leg, Media: b.media()})
		b.step(Hangup{Leg: leg, Cause: Cause{Name: "normal"}})
		if len(b.ended) != 1 || len(b.times("BYE", 0)) != 0 {
			t.Fatalf("%s", w.log())
		}
		if acked {
			b.gets("ACK", "z9hG4bK3", b.inside(1))
		} else {
			w.run(33 * time.Second)
		}
		if len(b.times("BYE", 0)) < 1 || b.last().Get("Reason") == "" {
			t.Fatalf("acked %v\n%s", acked, w.log())
		}
		w.run(5 * time.Minute)
		b.empty()
	}
}

func TestHangupBeforeTheAnswer(t *testing.T) {
	for name, status := range map[string]int{"busy": 486, "normal": 480, "rejected": 603, "budget": 500, "nonsense": 480} {
		w := newWorld(t)
		b := w.agent("10.0.0.2:5060")
		b.gets("INVITE", "z9hG4bK1", offers)
		b.step(Hangup{Leg: b.leg(), Cause: Cause{Name: name}, Headers: []Header{{"X-Why", "1"}, {"Via", "forged"}}})
		m := b.last()
		if m.Status != status || m.Get("Reason") == "" || m.Get("X-Why") != "1" || m.Has("Via") {
			t.Errorf("%s: %d %+v", name, m.Status, m.Headers)
		}
		b.gets("ACK", "z9hG4bK1")
		w.run(5 * time.Minute)
		b.empty()
	}
}

func TestTransportFailure(t *testing.T) {
	w, a, b := couple(t)
	w.lose = func(string, *Message) bool { return true }
	a.dial("call", b)
	a.step(SendFailed{Branch: clientKey(a.last().Branch, "INVITE"), Why: "connection refused"})
	if c := a.ended["call"]; c.Name != "unreachable" || c.Text != "connection refused" {
		t.Fatalf("ended %+v", c)
	}
	a.step(SendFailed{Branch: "unknown"})
	a.empty()
}

// Another phone behind a forking proxy answers too: it gets ACK and BYE.
func TestSecondAnswerOfAFork(t *testing.T) {
	w, a, b := pair(t)
	var ok *Message
	for _, s := range b.sent {
		if s.msg.Method == "INVITE" && s.msg.Status == 200 {
			ok = s.msg
		}
	}
	second := *ok
	second.To.Tag, second.Contact = "other", "sip:other@10.0.0.3:5060"
	a.sent = nil
	from := Flow{Transport: "udp", Local: a.addr, Remote: b.addr}
	for range 2 {
		a.step(Received{Flow: from, Msg: &second})
	}
	if len(a.times("ACK", 0)) != 2 || len(a.times("BYE", 0)) != 1 || len(told[Answered](a)) != 1 {
		t.Fatalf("%s", w.log())
	}
	for _, s := range a.sent {
		if s.msg.Method == "BYE" && s.msg.CSeq != 2 || s.msg.To.Tag != "other" || s.to.Remote != "10.0.0.3:5060" {
			t.Fatalf("sent %+v to %s", s.msg, s.to.Remote)
		}
	}
	a.sent = nil
	a.step(Received{Flow: from, Msg: ok})
	if len(a.times("ACK", 0)) != 1 || a.last().To.Tag != ok.To.Tag {
		t.Fatal("a repeated 2xx wants its ACK again")
	}
}
