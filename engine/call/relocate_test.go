package call

import (
	"net/netip"
	"testing"
	"time"
)

var elsewhereAddr = netip.MustParseAddrPort("10.0.0.9:4010")

// A call that is up, rings, or is being changed: the peer sends to the new address in the
// end, and is asked for it once.
func TestRelocate(t *testing.T) {
	for _, who := range []string{"caller", "callee"} {
		w, a, b := pair(t)
		mover, leg, peer := a, "call", b
		if who == "callee" {
			mover, leg, peer = b, b.leg(), a
		}
		mover.step(Relocate{Leg: leg, Addr: elsewhereAddr, Now: true})
		w.run(time.Second)
		if g := lastAgreed(peer); g.Remote != elsewhereAddr || len(told[Relocated](mover)) != 1 {
			t.Errorf("%s: the peer sends to %v\n%s", who, g.Remote, w.log())
		}
		if again := told[Agreed](mover); len(again) != 2 || again[1].Media.Remote != again[0].Media.Remote {
			t.Errorf("%s: agreements %+v", who, again)
		}
	}
}

func TestRelocateWhileRinging(t *testing.T) {
	w, a, b := couple(t)
	b.on = func(x Action) {
		if i, ok := x.(Invited); ok {
			b.step(Progress{Leg: i.Leg, Media: b.media()})
		}
	}
	a.dial("call", b)
	w.run(time.Second)
	a.step(Relocate{Leg: "call", Addr: elsewhereAddr, Now: true})
	b.step(Relocate{Leg: b.leg(), Addr: elsewhereAddr, Now: true})
	w.run(time.Second)
	if n := len(a.times("INVITE", 0)); n != 1 {
		t.Fatalf("%d INVITEs before the answer\n%s", n, w.log())
	}
	b.step(Accept{Leg: b.leg(), Media: b.media()})
	w.run(10 * time.Second)
	if lastAgreed(a).Remote != elsewhereAddr || lastAgreed(b).Remote != elsewhereAddr {
		t.Errorf("caller sends to %v, callee to %v\n%s", lastAgreed(a).Remote, lastAgreed(b).Remote, w.log())
	}
}

// The peer changes something at the same moment, or refuses: the call goes on.
func TestRelocateMeetsAChange(t *testing.T) {
	w, a, b := pair(t)
	b.step(Reinvite{Leg: b.leg(), Media: b.media()})
	a.step(Relocate{Leg: "call", Addr: elsewhereAddr})
	w.run(20 * time.Second)
	if g := lastAgreed(b); g.Remote != elsewhereAddr || len(told[Ended](a))+len(told[Ended](b)) != 0 {
		t.Errorf("the peer sends to %v\n%s", g.Remote, w.log())
	}
}
