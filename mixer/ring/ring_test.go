package ring_test

import (
	"bytes"
	"runtime"
	"sync"
	"testing"

	"github.com/callwright/callwright/mixer/ring"
)

// Both sides run at once; the race detector watches.
func TestSamplesKeepOrderBetweenTwoGoroutines(t *testing.T) {
	const total = 50000
	r := ring.NewSamples(100)
	var wg sync.WaitGroup
	wg.Go(func() {
		in := make([]int16, 37)
		for sent := 0; sent < total; {
			for i := range in {
				in[i] = int16(sent + i)
			}
			n := r.Put(in[:min(len(in), total-sent)])
			sent += n
			if n == 0 {
				runtime.Gosched()
			}
		}
		r.Close()
	})
	out, next := make([]int16, 53), 0
	for {
		closed := r.Closed()
		n := r.Get(out)
		for _, x := range out[:n] {
			if x != int16(next) {
				t.Fatalf("sample %d is %d", next, x)
			}
			next++
		}
		if n == 0 && closed {
			break
		}
		if n == 0 {
			runtime.Gosched()
		}
	}
	wg.Wait()
	if next != total {
		t.Errorf("%d samples came, want %d", next, total)
	}
}

func TestSamplesRefuseWhatDoesNotFit(t *testing.T) {
	r := ring.NewSamples(100) // 128
	if n := r.Put(make([]int16, 200)); n != 128 || r.Free() != 0 || r.Len() != 128 {
		t.Errorf("took %d, free %d", n, r.Free())
	}
	if n := r.Get(make([]int16, 50)); n != 50 || r.Free() != 50 {
		t.Errorf("gave %d, free %d", n, r.Free())
	}
	if a := testing.AllocsPerRun(100, func() { r.Put([]int16{1}); r.Get(make([]int16, 1)) }); a != 0 {
		t.Errorf("%v allocations", a)
	}
}

func TestPacketsKeepOrderBetweenTwoGoroutines(t *testing.T) {
	const total = 20000
	r := ring.NewPackets(1000)
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := 0; i < total; {
			p := ring.Packet{Timestamp: uint32(i * 160), Seq: uint16(i), Type: byte(i % 128),
				Payload: bytes.Repeat([]byte{byte(i)}, i%300)}
			if r.Put(p) {
				i++
			} else {
				runtime.Gosched()
			}
		}
	})
	scratch := make([]byte, 300)
	for i := 0; i < total; {
		var p ring.Packet
		if !r.Get(&p, scratch) {
			runtime.Gosched()
			continue
		}
		if p.Timestamp != uint32(i*160) || p.Seq != uint16(i) || p.Type != byte(i%128) ||
			!bytes.Equal(p.Payload, bytes.Repeat([]byte{byte(i)}, i%300)) {
			t.Fatalf("packet %d is %+v", i, p)
		}
		i++
	}
	wg.Wait()
}

func TestPacketsRefuseWhatDoesNotFit(t *testing.T) {
	r := ring.NewPackets(512)
	p := ring.Packet{Payload: make([]byte, 160)}
	for i := range 4 {
		if got, want := r.Put(p), i < 3; got != want {
			t.Errorf("packet %d taken: %v", i, got)
		}
	}
	if r.Put(ring.Packet{Payload: make([]byte, 5000)}) {
		t.Error("took a packet larger than itself")
	}
}
