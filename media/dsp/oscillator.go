package dsp

import "math"

// Oscillator is a sum of sines that goes on without a break from Fill to Fill.
type Oscillator struct {
	amplitude float64 // of each sine
	phase     []float64
	step      []float64
}

// NewOscillator gives sines of hz, each with amplitude (a peak, full scale is
// 32767), beginning at zero.
func NewOscillator(rate int, amplitude float64, hz ...float64) *Oscillator {
	o := &Oscillator{amplitude: amplitude, phase: make([]float64, len(hz)), step: make([]float64, len(hz))}
	for i, f := range hz {
		o.step[i] = 2 * math.Pi * f / float64(rate)
	}
	return o
}

// Fill overwrites out with the next samples, clamped.
func (o *Oscillator) Fill(out []int16) {
	for i := range out {
		v := 0.0
		for k := range o.phase {
			v += math.Sin(o.phase[k])
			o.phase[k] += o.step[k]
			if o.phase[k] > math.Pi {
				o.phase[k] -= 2 * math.Pi
			}
		}
		out[i] = rounded(float32(v * o.amplitude))
	}
}

// Sine is n samples of one sine at rate: what tests speak with.
func Sine(rate, n int, hz, amplitude float64) []int16 {
	out := make([]int16, n)
	NewOscillator(rate, amplitude, hz).Fill(out)
	return out
}
