package kernel

import "math"

// Gain is a factor in Q11: 2048 is 1. Eleven bits let 32 bit arithmetic hold a
// sample times the largest gain, so that a vector unit does eight at a time.
type Gain int32

const (
	// Unity leaves a sample as it is, bit for bit.
	Unity Gain = 1 << 11
	// MaxGain is the largest factor, just under +24 dB.
	MaxGain Gain = 1<<15 - 1
)

// FromDB gives the factor for db, bounded to silence (at and below -66 dB) and
// MaxGain. Not a number is Unity.
func FromDB(db float64) Gain {
	if math.IsNaN(db) {
		return Unity
	}
	f := math.Round(math.Pow(10, db/20) * float64(Unity))
	return Gain(max(0, min(f, float64(MaxGain))))
}

func gain(buf []int16, from, to Gain) {
	if from == to {
		flatGain(buf, to)
		return
	}
	if len(buf) == 0 {
		return
	}
	ramp(buf, int32(from)<<16, rampStep(from, to, len(buf)))
}

// rampStep is what a gain grows by each sample, with 16 bits of fraction.
func rampStep(from, to Gain, n int) int32 { return (int32(to-from) << 16) / int32(n) }

// ramp goes on from the gain before the first sample.
func ramp(buf []int16, before, step int32) {
	for i, x := range buf {
		before += step
		buf[i] = scaled(x, before>>16)
	}
}

func flatGain(buf []int16, by Gain) {
	switch by {
	case Unity:
	case 0:
		clear(buf)
	default:
		for i, x := range buf {
			buf[i] = scaled(x, int32(by))
		}
	}
}

// scaled rounds half up, as a vector unit's add and arithmetic shift do.
func scaled(x int16, by int32) int16 {
	return clamped((int32(x)*by + 1<<10) >> 11)
}
