package call

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// until lists doubling gaps from first, none longer than most, up to end seconds.
func until(first, most, end float64) []float64 {
	at := []float64{0}
	for t, gap := first, first; t < end; {
		at = append(at, t)
		gap = min(2*gap, most)
		t += gap
	}
	return at
}

func wantTimes(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s at\n%v, want\n%v", what, got, want)
	}
}

func TestInviteIsRepeatedUntilTimerB(t *testing.T) {
	for network, want := range map[string][]float64{"udp": until(0.5, 1e9, 32), "tcp": {0}} {
		w := newWorld(t)
		a := w.agent("10.0.0.1:5060")
		a.network = network
		a.dial("x", &agent{addr: stranger})
		w.run(time.Minute)
		wantTimes(t, network+" INVITE", a.times("INVITE", 0), want)
		if c := a.ended["x"]; c.Name != "timeout" || c.By != "engine" {
			t.Errorf("ended %+v", c)
		}
		a.empty()
	}
}

func TestByeIsRepeatedUntilTimerF(t *testing.T) {
	w, a, b := pair(t)
	w.lose = func(from string, m *Message) bool { return from == b.addr }
	a.sent = nil
	a.step(Hangup{Leg: "call", Cause: Cause{Name: "normal"}})
	if a.ended["call"].Name != "normal" {
		t.Fatal("Ended must follow in the same step")
	}
	w.run(2 * time.Minute)
	wantTimes(t, "BYE", a.times("BYE", 0), until(0.5, 4, 32))
	a.empty()
	b.empty()
}

// A provisional response to a BYE slows its repeating down to T2 (timer E).
func TestByeIsRepeatedSlowlyOnceSeen(t *testing.T) {
	w, a, b := pair(t)
	w.lose = func(from string, m *Message) bool { return from == b.addr }
	a.sent = nil
	a.step(Hangup{Leg: "call"})
	bye := a.last()
	trying := &Message{Method: "BYE", Status: 100, Branch: bye.Branch, Vias: bye.Vias, From: bye.From, To: bye.To, CallID: bye.CallID, CSeq: bye.CSeq}
	w.run(100 * time.Millisecond)
	a.step(Received{Flow: Flow{Transport: "udp", Local: a.addr, Remote: b.addr}, Msg: trying})
	w.run(2 * time.Minute)
	wantTimes(t, "BYE", a.times("BYE", 0), []float64{0, 0.5, 4.5, 8.5, 12.5, 16.5, 20.5, 24.5, 28.5})
	a.empty()
}

func TestOKIsRepeatedUntilItsAckIsGivenUp(t *testing.T) {
	w, a, b := couple(t)
	w.lose = func(from string, m *Message) bool { return m.Method == "ACK" }
	a.dial("call", b)
	w.run(31 * time.Second)
	if len(b.ended) != 0 {
		t.Fatal("ended too soon")
	}
	w.run(5 * time.Minute)
	wantTimes(t, "200", b.times("INVITE", 200), until(0.5, 4, 32))
	for _, c := range b.ended {
		if c.Name != "timeout" {
			t.Errorf("ended %+v", c)
		}
	}
	if c := a.ended["call"]; c.Name == "" || c.By != "callee" {
		t.Errorf("the caller got no BYE: %+v", c)
	}
	a.empty()
	b.empty()
}

func TestFailureIsRepeatedUntilItsAck(t *testing.T) {
	w, a, b := couple(t)
	b.on = func(x Action) {
		if i, ok := x.(Invited); ok {
			b.step(Reject{Leg: i.Leg, Status: 486})
		}
	}
	acks := 0
	w.lose = func(from string, m *Message) bool {
		if m.Method != "ACK" {
			return false
		}
		acks++
		return acks < 4
	}
	a.dial("call", b)
	w.run(time.Minute)
	wantTimes(t, "486", b.times("INVITE", 486), []float64{0, 0.5, 1.5, 3.5})
	if c := a.ended["call"]; c.Name != "busy" || c.SIP != 486 || c.Q850 != 17 {
		t.Errorf("ended %+v", c)
	}
	w.run(5 * time.Minute)
	a.empty()
	b.empty()

	w, a, b = couple(t)
	b.on = func(x Action) {
		if i, ok := x.(Invited); ok {
			b.step(Reject{Leg: i.Leg, Status: 486})
		}
	}
	w.lose = func(from string, m *Message) bool { return m.Method == "ACK" }
	a.dial("call", b)
	w.run(5 * time.Minute)
	wantTimes(t, "486 without any ACK (timer H)", b.times("INVITE", 486), until(0.5, 4, 32))
	a.empty()
	b.empty()
}

// RFC 3261 §17.2.1: 100 after 200 ms, unless there is a response by then.
func TestTryingForAFlowThatThinks(t *testing.T) {
	w, a, b := couple(t)
	b.on = func(x Action) {
		if i, ok := x.(Invited); ok {
			b.step(Ring{Leg: i.Leg})
		}
	}
	a.dial("rings at once", b)
	w.run(time.Second)
	if n := b.times("INVITE", 100); len(n) != 0 {
		t.Errorf("100 behind 180: %v", n)
	}
	w, a, b = couple(t)
	b.on = nil
	a.dial("thinks", b)
	w.run(190 * time.Millisecond)
	early := len(b.times("INVITE", 100))
	w.run(20 * time.Millisecond)
	if in := len(b.times("INVITE", 100)); early != 0 || in != 1 {
		t.Errorf("100 of a flow that thinks: %d before 200 ms, %d behind", early, in)
	}
}

func TestRepeatedInviteWhileTheFlowThinks(t *testing.T) {
	w := newWorld(t)
	b := w.agent("10.0.0.2:5060")
	for range 3 {
		b.gets("INVITE", "z9hG4bK1", offers)
	}
	if len(told[Invited](b)) != 1 || len(b.times("INVITE", 100)) != 2 {
		t.Fatalf("told %d, 100 sent %d times", len(told[Invited](b)), len(b.times("INVITE", 100)))
	}
	b.step(Ring{Leg: b.leg()})
	b.gets("INVITE", "z9hG4bK1", offers)
	if m := b.last(); m.Status != 180 || m.To.Tag == "" {
		t.Fatalf("last provisional response is what repeats: %+v", m)
	}
	b.step(Reject{Leg: b.leg(), Status: 404})
	b.gets("INVITE", "z9hG4bK1", offers)
	if n := len(b.times("INVITE", 404)); n != 2 {
		t.Fatalf("404 sent %d times", n)
	}
	w.run(5 * time.Minute)
	b.empty()
}

func TestProvisionalIsRepeatedEveryMinute(t *testing.T) {
	w := newWorld(t)
	b := w.agent("10.0.0.2:5060")
	b.gets("INVITE", "z9hG4bK1", offers)
	b.step(Ring{Leg: b.leg()})
	w.run(150 * time.Second)
	wantTimes(t, "180", b.times("INVITE", 180), []float64{0, 60, 120})
	b.step(Hangup{Leg: b.leg(), Cause: Cause{Name: "unavailable"}})
	w.run(5 * time.Minute)
	b.empty()
}

// A timer that fires although it was disarmed was on its way already.
func TestStrayTimersDoNothing(t *testing.T) {
	w, a, b := pair(t)
	a.sent, b.sent = nil, nil
	for _, x := range []*agent{a, b} {
		for id := range x.ua.s.Legs {
			for _, n := range []string{"2xx", "ack", "early", "change", "cancel", "?"} {
				x.step(Fired{TimerID{ofLeg + id, n}})
			}
		}
		for _, n := range []string{"A", "B", "D", "E", "F", "G", "H", "I", "J", "K", "x"} {
			for key := range x.ua.s.Servers {
				x.step(Fired{TimerID{ofServer + key, n}})
			}
			for key := range x.ua.s.Clients {
				x.step(Fired{TimerID{ofClient + key, n}})
			}
			x.step(Fired{TimerID{ofClient + "gone", n}})
			x.step(Fired{TimerID{n, n}})
		}
	}
	if len(a.sent)+len(b.sent)+len(a.ended)+len(b.ended) != 0 {
		t.Fatal(fmt.Sprint("stray timers did something\n", w.log()))
	}
}

func TestAckTimerOfAnEarlierExchange(t *testing.T) {
	w, a, b := pair(t)
	w.lose = func(from string, m *Message) bool { return m.Method == "ACK" }
	a.step(Reinvite{Leg: "call", Media: a.media()})
	w.run(100 * time.Millisecond)
	b.step(Fired{TimerID{ofLeg + b.leg(), "ack"}})
	if len(b.ended) != 0 {
		t.Fatal("the firing of an older timer ended the call")
	}
	w.run(time.Minute)
	if len(b.ended) != 1 {
		t.Fatal("a re-INVITE's 2xx without ACK must end the call")
	}
}
