package call

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// Two agents over a wire that loses, doubles and reorders, orders at random moments,
// UAs reborn from JSON between steps: whatever happens, each leg ends once,
// and when all timers have run out nothing is left.
func TestRandomOrders(t *testing.T) {
	for seed := uint64(1); seed <= 300; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { randomCalls(t, seed) })
	}
}

func randomCalls(t *testing.T, seed uint64) {
	w := newWorld(t)
	w.rng = rand.New(rand.NewPCG(seed, seed))
	r := w.rng
	a, b := w.agent("10.0.0.1:5060"), w.agent("10.0.0.2:5060")
	a.reborn, b.reborn = seed%2 == 0, seed%3 == 0
	w.delay = func() time.Duration { return time.Duration(r.IntN(300)) * time.Millisecond }
	loss := r.IntN(50)
	w.lose = func(from string, m *Message) bool { return r.IntN(100) < loss }
	if seed%4 == 0 {
		a.network, b.network = "tcp", "tcp"
		w.lose = func(string, *Message) bool { return false }
	}
	for i := range 3 {
		w.after(time.Duration(r.IntN(2000))*time.Millisecond, func() { a.dial(fmt.Sprint("leg", i), b) })
	}
	for range 40 {
		w.after(time.Duration(r.IntN(20000))*time.Millisecond, func() { someOrder(r, a) })
		w.after(time.Duration(r.IntN(20000))*time.Millisecond, func() { someOrder(r, b) })
	}
	w.after(90*time.Second, func() {
		for _, x := range []*agent{a, b} {
			for _, id := range slices.Sorted(maps.Keys(x.alive)) {
				x.step(Hangup{Leg: id, Cause: Cause{Name: "normal", By: "script"}})
				if x.alive[id] {
					t.Fatalf("hung up, but not ended\n%s", w.log())
				}
			}
		}
	})
	w.run(10 * time.Minute)
	if testing.Verbose() {
		t.Logf("%d confirmed, %d agreed, %d refused", len(told[Confirmed](b)), len(told[Agreed](a)), len(told[Refused](a)))
	}
	a.empty()
	b.empty()
}

func someOrder(r *rand.Rand, a *agent) {
	for _, id := range slices.Sorted(maps.Keys(a.ua.s.Legs)) {
		m := a.media()
		m.Hold = r.IntN(2) == 0
		switch r.IntN(12) {
		case 0:
			a.step(Ring{Leg: id})
		case 1:
			a.step(Progress{Leg: id, Media: m})
		case 2, 3, 4, 5, 6:
			a.step(Accept{Leg: id, Media: m})
		case 7:
			a.step(Reject{Leg: id, Status: 486})
		case 8:
			a.step(Hangup{Leg: id, Cause: Cause{Name: "busy"}})
		case 9, 10:
			a.step(Reinvite{Leg: id, Media: m})
		case 11:
			a.step(SendFailed{Branch: a.ua.s.Legs[id].Transaction, Why: "no route"})
		}
	}
}
