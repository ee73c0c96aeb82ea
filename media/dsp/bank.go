package dsp

import (
	"errors"
	"fmt"
	"math"
)

// ErrRate is a pair of rates that no bank is made for.
var ErrRate = errors.New("dsp: cannot resample")

// Bank is the filter of a conversion between two rates, split into its phases.
type Bank struct {
	From, To int
	up, down int       // To/From in lowest terms
	taps     int       // of each phase, in input samples; even
	h        []float32 // up phases of taps each
}

// Widths of a bank: zero crossings of its sinc on each side. The delay is that many
// samples of the lower rate, the work twice as many multiplications an output
// sample (times the ratio when going down).
const (
	// Fine passes 3.4 kHz at 8 kHz within 0.1 dB and stops all from 4 kHz on by 70 dB.
	Fine = 32
	// Quick passes as much, but lets through some of what lies just above the
	// lower rate's half. For live members between rooms of other rates.
	Quick = 16
)

const (
	stopband  = 75.0  // dB
	passEdge  = 0.425 // of the lower rate: 3.4 kHz at 8 kHz
	maxPhases = 640   // 11.025 to 48 kHz
)

// NewBank makes the filter; it costs up to some milliseconds.
func NewBank(from, to, width int) (*Bank, error) {
	if from < 4000 || from > 192000 || to < 4000 || to > 192000 || width < 4 || width > 128 {
		return nil, fmt.Errorf("%w: %d to %d Hz", ErrRate, from, to)
	}
	d := gcd(from, to)
	b := &Bank{From: from, To: to, up: to / d, down: from / d}
	if b.up > maxPhases {
		return nil, fmt.Errorf("%w: %d to %d Hz needs %d phases", ErrRate, from, to, b.up)
	}
	lower := float64(min(from, to))
	half := float64(width) * float64(from) / lower // in input samples
	b.taps = 2 * int(math.Ceil(half))
	b.h = make([]float32, b.up*b.taps)
	b.design(cutoff(lower, width)/float64(from), half)
	return b, nil
}

// cutoff puts the transition band that width allows (Kaiser's estimate) between
// passEdge and half the lower rate, or past it if it must.
func cutoff(lower float64, width int) float64 {
	transition := lower * (stopband - 8) / (14.36 * 2 * float64(width))
	pass := passEdge * lower
	stop := max(lower/2, pass+transition)
	return stop - transition/2
}

func (b *Bank) design(fc, half float64) {
	beta := 0.1102 * (stopband - 8.7)
	scale := 1 / bessel0(beta)
	centre := b.taps/2 - 1
	for p := range b.up {
		row := b.h[p*b.taps:][:b.taps]
		total := 0.0
		for k := range row {
			x := float64(k-centre) - float64(p)/float64(b.up)
			if math.Abs(x) >= half {
				continue
			}
			w := bessel0(beta*math.Sqrt(1-x*x/(half*half))) * scale
			v := 2 * fc * sinc(2*fc*x) * w
			row[k] = float32(v)
			total += v
		}
		for k := range row { // each phase passes a constant unchanged
			row[k] /= float32(total)
		}
	}
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// bessel0 is the modified Bessel function of order zero, by its power series.
func bessel0(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; term > 1e-10*sum; k++ {
		term *= (x / 2 / k) * (x / 2 / k)
		sum += term
	}
	return sum
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
