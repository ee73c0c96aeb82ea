package playout_test

import (
	"math/rand/v2"
	"testing"
)

// All that may lie ahead is played whole, wherever in the buffer it lies meanwhile.
func TestFullBacklogIsPlayedWhole(t *testing.T) {
	for _, start := range []uint32{0, 1<<32 - 1000, 1<<31 - 500} {
		l := newLine(start)
		for i := range 24 {
			l.put(i, i*frame, (i+1)*frame)
		}
		l.pull(25)
		for i := 24; i < 200; i++ { // on time from now on
			l.put(i, i*frame, (i+1)*frame)
			l.pull(1)
		}
		l.same(t, frame, 24*frame)
		if n := l.counts(); n["early"]+n["late"]+n["lost"] != 0 {
			t.Errorf("from %d on: %v", start, n)
		}
	}
}

// Whatever a sender does with its timestamps, lengths and order, and however many ticks
// are left out, nothing breaks, and a stream that behaves afterwards is heard.
func TestNothingASenderDoesBreaksTheBuffer(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 22))
	for round := range 50 {
		l, seq := newLine(r.Uint32()), 0
		for range 400 {
			switch r.IntN(12) {
			case 0:
				l.ts += r.Uint32()
			case 1:
				l.ts += uint32(r.IntN(9000)) - 4500
			case 2:
				l.b.Skip(r.IntN(1 << r.IntN(30)))
			case 3, 4, 5:
				l.pull(1 + r.IntN(6))
			default:
				seq += r.IntN(4) - 1
				from := r.IntN(5000)
				l.put(seq, from, from+r.IntN(4100))
			}
		}
		l.pull(70) // it has become quiet
		l.ts, l.out = r.Uint32(), nil
		for i := range 50 {
			l.put(seq+1+i, i*frame, (i+1)*frame)
			l.pull(1)
		}
		l.same(t, frame, 40*frame)
		if t.Failed() {
			t.Fatalf("in round %d", round)
		}
	}
}
