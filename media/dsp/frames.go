package dsp

import (
	"fmt"
	"math"

	"github.com/callwright/callwright/media/kernel"
)

const (
	unit     = 1 << 14 // what a row of a kernel's filter adds up to
	rowStep  = 16      // it is as long as a multiple of this
	rowLimit = 3.9     // kernel.NewFilter's
)

// Filter gives the bank of a conversion in the form of the vector kernels, in whole
// numbers: what Quick stops from 0.575 of the lower rate on, it stops by 60 dB, from 48 to
// 8 kHz by 55 (G.711's own noise lies at 38). Nil if the rates are equal.
func (s *Banks) Filter(from, to, width int) (*kernel.Filter, error) {
	b, err := s.Get(from, to, width)
	if b == nil || err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := bankKey{from, to, width}
	if f := s.filters[key]; f != nil {
		return f, nil
	}
	rows, taps, err := b.whole()
	if err != nil {
		return nil, err
	}
	if s.filters == nil {
		s.filters = make(map[bankKey]*kernel.Filter)
	}
	f := kernel.NewFilter(b.up, b.down, taps, rows)
	s.filters[key] = f
	return f, nil
}

// whole rounds each row so that it still adds up to exactly 1: the largest coefficient
// takes what is left. Zeros that fill a row up stand before it, where they cost no delay.
func (b *Bank) whole() (rows []float32, taps int, err error) {
	taps = (b.taps + rowStep - 1) / rowStep * rowStep
	rows = make([]float32, b.up*taps)
	for p := range b.up {
		row, left, largest, gain := rows[p*taps:][taps-b.taps:taps], float64(unit), 0, 0.0
		for k, x := range b.h[p*b.taps:][:b.taps] {
			whole := math.Round(float64(x) * unit)
			row[k], left, gain = float32(whole/unit), left-whole, gain+math.Abs(whole/unit)
			if x > row[largest] {
				largest = k
			}
		}
		row[largest] += float32(left / unit)
		if gain+math.Abs(left/unit) >= rowLimit {
			return nil, 0, fmt.Errorf("%w: %d to %d Hz: gain %.1f is too much for whole numbers", ErrRate, b.From, b.To, gain)
		}
	}
	return rows, taps, nil
}

// Frames converts a live stream frame by frame with a vector kernel: each frame of in
// samples gives one of out, whose lengths are as their rates. It belongs to one goroutine.
type Frames struct {
	f    *kernel.Filter
	k    *kernel.Kernels
	in   int
	past int     // samples kept
	buf  []int16 // they, and the frame
}

// NewFrames begins a stream, as if silence had come before.
func NewFrames(f *kernel.Filter, k *kernel.Kernels, in, out int) *Frames {
	past := f.Needs(out) - in
	return &Frames{f: f, k: k, in: in, past: past, buf: make([]int16, past+in)}
}

// Resample converts a frame. Sound comes out as late as a Bank's Delay says. It allocates
// nothing.
func (r *Frames) Resample(out, in []int16) {
	copy(r.buf[r.past:], in[:r.in])
	r.k.Resample(out, r.buf, r.f)
	copy(r.buf, r.buf[r.in:])
}
