package kerneltest

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/callwright/callwright/media/kernel"
)

// Each runs test once for every set, as a subtest with its name.
func Each(t *testing.T, test func(t *testing.T, k *kernel.Kernels)) {
	t.Helper()
	for _, k := range kernel.All() {
		t.Run(k.Name, func(t *testing.T) { test(t, k) })
	}
}

// Lengths are those at which vector code goes wrong: all up to 200, some around each
// multiple of 32 up to 1000, and frames.
func Lengths() []int {
	out := make([]int, 0, 300)
	for n := range 201 {
		out = append(out, n)
	}
	for n := 224; n <= 1000; n += 32 {
		out = append(out, n-1, n, n+1)
	}
	return append(out, 1920)
}

// Samples gives n samples of noise with extremes strewn in, at an offset into a
// larger array so that its alignment differs with off.
func Samples(r *rand.Rand, n, off int) []int16 {
	s := make([]int16, n+off)[off:]
	for i := range s {
		switch r.IntN(8) {
		case 0:
			s[i] = math.MinInt16
		case 1:
			s[i] = math.MaxInt16
		default:
			s[i] = int16(r.Uint32())
		}
	}
	return s
}

// Guarded gives a slice of n values of which the surroundings hold mark; Intact
// says whether they still do.
type Guarded[T int16 | int32 | byte] struct {
	all  []T
	S    []T
	off  int
	mark T
}

// Guard makes a Guarded slice that begins off values after an alignment.
func Guard[T int16 | int32 | byte](n, off int) *Guarded[T] {
	const margin = 64
	g := &Guarded[T]{all: make([]T, margin+off+n+margin), off: margin + off, mark: 0x5a}
	for i := range g.all {
		g.all[i] = g.mark
	}
	g.S = g.all[g.off : g.off+n : g.off+n]
	return g
}

// Intact fails t if a write went outside S.
func (g *Guarded[T]) Intact(t *testing.T) {
	t.Helper()
	for i, v := range g.all {
		inside := i >= g.off && i < g.off+len(g.S)
		if !inside && v != g.mark {
			t.Fatalf("wrote %d values from the slice", i-g.off)
		}
	}
}
