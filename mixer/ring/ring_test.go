package ring_test

import (
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
