package kernel_test

import (
	"testing"

	"github.com/callwright/callwright/media/kernel"
)

// Each kernel on a frame of 20 ms at 8 kHz, by every set of this machine: ns a frame of
// one member.
func BenchmarkKernels(b *testing.B) {
	const n = 160
	x, y, z := make([]int16, n), make([]int16, n), make([]int16, 2*n+64)
	for i := range x {
		x[i], y[i] = int16(i*977), int16(i*331)
	}
	sum, code := make([]int32, n), make([]byte, 2*n)
	ins := make([][]int16, 32)
	for i := range ins {
		ins[i] = x
	}
	in, out := &[3][]int16{x, y, x}, &[3][]int16{make([]int16, n), make([]int16, n), make([]int16, n)}
	gains := &[3]kernel.Gain{1500, 1500, 1500}
	codes, heard := &[3][]byte{code[:n], code[:n], code[:n]}, &[3][]byte{make([]byte, n), make([]byte, n), make([]byte, n)}
	halve := kernel.NewFilter(1, 2, 48, make([]float32, 48))
	double := kernel.NewFilter(2, 1, 24, make([]float32, 48))
	for _, k := range kernel.All() {
		for _, c := range []struct {
			name    string
			members int
			run     func()
		}{
			{"accumulate", 1, func() { k.Accumulate(sum, x) }},
			{"sum of 32", 32, func() { k.Sum(sum, ins) }},
			{"subtract and clamp", 1, func() { k.SubtractClamp(y, sum, x) }},
			{"three", 3, func() { k.Three(out, in) }},
			{"three u-law", 3, func() { k.ThreeULaw(heard, codes, gains) }},
			{"three A-law", 3, func() { k.ThreeALaw(heard, codes, gains) }},
			{"gain", 1, func() { k.Gain(y, 2000, 2000) }},
			{"ramp", 1, func() { k.Gain(y, 2000, 2040) }},
			{"energy", 1, func() { k.Energy(x) }},
			{"peak", 1, func() { k.Peak(x) }},
			{"decode u-law", 1, func() { k.DecodeULaw(y, code) }},
			{"encode u-law", 1, func() { k.EncodeULaw(code[:n], x) }},
			{"decode A-law", 1, func() { k.DecodeALaw(y, code) }},
			{"encode A-law", 1, func() { k.EncodeALaw(code[:n], x) }},
			{"decode L16", 1, func() { k.DecodeL16(y, code) }},
			{"interleave", 1, func() { k.Interleave(z, x, x) }},
			{"16 to 8 kHz", 1, func() { k.Resample(y, z, halve) }},
			{"8 to 16 kHz", 1, func() { k.Resample(z[:2*n], z, double) }},
		} {
			b.Run(k.Name+"/"+c.name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					c.run()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(c.members), "ns/member-frame")
			})
		}
	}
}
