package events

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
)

func TestRingKeepsTheLastAndTellsWhatCameAfter(t *testing.T) {
	r := NewRing[int](3)
	var seqs []uint64
	for i := range 5 {
		seqs = append(seqs, r.Put(i))
	}
	list, looked, _ := r.After(0, 0, nil)
	if len(list) != 3 || list[0].Value != 2 || list[2].Value != 4 || looked != seqs[4] {
		t.Fatalf("kept %v up to %d, put as %v", list, looked, seqs)
	}
	list, _, more := r.After(seqs[3], 0, nil)
	if len(list) != 1 || list[0].Seq != seqs[4] {
		t.Fatalf("after %d: %v", seqs[3], list)
	}
	select {
	case <-more:
		t.Fatal("more is told before there is any")
	default:
	}
	r.Put(5)
	<-more
}

// A reader that takes less than there is must not miss the rest.
func TestRingInPieces(t *testing.T) {
	r := NewRing[int](100)
	for i := range 20 {
		r.Put(i)
	}
	odd := func(n *int) bool { return *n%2 == 1 }
	var got []int
	for seq := uint64(0); ; {
		list, looked, _ := r.After(seq, 3, odd)
		for _, it := range list {
			got = append(got, it.Value)
		}
		if seq = looked; len(list) == 0 {
			break
		}
	}
	if len(got) != 10 || got[9] != 19 {
		t.Fatalf("got %v", got)
	}
	if last := r.Last(2, odd); len(last) != 2 || last[0].Value != 17 {
		t.Fatalf("last %v", last)
	}
}

// A client of the process before this one comes with its number: it is below all of
// this one's, so that nothing is missed.
func TestRingGrowsAcrossRestarts(t *testing.T) {
	old := NewRing[int](10)
	var last uint64
	for i := range 1000 {
		last = old.Put(i)
	}
	if last < 1_600_000_000_000_000 {
		t.Fatalf("number %d does not begin with the clock", last)
	}
}

func TestRingManyAtOnce(t *testing.T) {
	r := NewRing[int](50)
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for i := range 500 {
				r.Put(i)
			}
		})
	}
	seen, seq := 0, uint64(0)
	for seen < 50 {
		list, looked, more := r.After(seq, 0, nil)
		for _, it := range list {
			if it.Seq <= seq {
				t.Fatalf("%d came after %d", it.Seq, seq)
			}
			seq = it.Seq
			seen++
		}
		if seq = looked; len(list) == 0 {
			<-more
		}
	}
	wait.Wait()
}

func TestHandlerKeepsLinesAndPassesThemOn(t *testing.T) {
	ring := NewRing[Line](10)
	var text bytes.Buffer
	log := slog.New(NewHandler(ring, slog.NewTextHandler(&text, nil)))
	log.Info("call", "call", "c1", "app", "main", "port", 7)
	log.With("worker", "sbc-1").WithGroup("rtp").Warn("lost", "why", errors.New("gone"), slog.Group("at", "x", 1))
	log.Debug("nobody wants this")
	log.Error("of a script", "unit", "c2", "line", strings.Repeat("x", 2*maxText))

	list, _, _ := ring.After(0, 0, nil)
	if len(list) != 3 {
		t.Fatalf("kept %v", list)
	}
	a, b, c := list[0].Value, list[1].Value, list[2].Value
	if a.Level != "info" || a.Call != "c1" || a.App != "main" || len(a.Attrs) != 1 || a.Attrs[0] != (Attr{"port", "7"}) {
		t.Errorf("first line %+v", a)
	}
	if want := []Attr{{"worker", "sbc-1"}, {"rtp.why", "gone"}, {"rtp.at.x", "1"}}; len(b.Attrs) != 3 || b.Attrs[0] != want[0] || b.Attrs[1] != want[1] || b.Attrs[2] != want[2] {
		t.Errorf("second line %+v", b)
	}
	if c.Call != "c2" || len(c.Attrs[0].Value) > maxText+10 {
		t.Errorf("third line is of %q, %d bytes", c.Call, len(c.Attrs[0].Value))
	}
	if n := strings.Count(text.String(), "\n"); n != 3 || !strings.Contains(text.String(), "rtp.why=gone") {
		t.Errorf("passed on %d lines:\n%s", n, text.String())
	}
}
