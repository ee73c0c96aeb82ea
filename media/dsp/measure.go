package dsp

import "math"

// Silence is the lowest level there is (RFC 6464 §3).
const Silence = -127.0

// Level is the power of in, in dBov.
func Level(in []int16) float64 {
	sum := 0.0
	for _, x := range in {
		sum += float64(x) * float64(x)
	}
	return dBov(sum / float64(max(1, len(in))))
}

// dBov turns a mean square of samples into a level.
func dBov(meanSquare float64) float64 {
	if meanSquare == 0 {
		return Silence
	}
	return max(Silence, 10*math.Log10(meanSquare/(32768*32768)))
}

// meanSquare is dBov's inverse.
func meanSquare(db float64) float64 { return 32768 * 32768 * math.Pow(10, db/10) }

// Goertzel is the amplitude (peak, in samples' units) of the sine of hz in in. A Hann
// window keeps others out: a tone 4*rate/len(in) Hz or more away counts for nothing,
// so 50 ms tell tones 80 Hz apart, and 200 ms 20 Hz.
func Goertzel(in []int16, rate int, hz float64) float64 {
	if len(in) == 0 {
		return 0
	}
	k := 2 * math.Cos(2*math.Pi*hz/float64(rate))
	turn := 2 * math.Pi / float64(len(in))
	var s1, s2, weight float64
	for i, x := range in {
		w := 0.5 - 0.5*math.Cos(turn*float64(i))
		weight += w
		s1, s2 = float64(x)*w+k*s1-s2, s1
	}
	if weight == 0 {
		return 0
	}
	return 2 * math.Sqrt(max(0, s1*s1+s2*s2-k*s1*s2)) / weight
}

// Hears says whether in has a sine of hz that is at least a tenth of its loudest
// sample and no noise of coding (-46 dBov).
func Hears(in []int16, rate int, hz float64) bool {
	loudest := 0.0
	for _, x := range in {
		loudest = max(loudest, math.Abs(float64(x)))
	}
	a := Goertzel(in, rate, hz)
	return a > 230 && a > loudest/10
}

// Onset is the index of the sample at which sound of at least db (dBov) begins, or
// -1. A window of 2 ms must reach the level; the onset is the first sample of it that
// stands out.
func Onset(in []int16, rate int, db float64) int {
	window := max(1, rate/500)
	need := meanSquare(db)
	sum := 0.0
	for i, x := range in {
		sum += float64(x) * float64(x)
		if i >= window {
			y := float64(in[i-window])
			sum -= y * y
		}
		if sum/float64(window) < need {
			continue
		}
		from := max(0, i-window+1)
		for j, y := range in[from : i+1] {
			if 4*float64(y)*float64(y) >= need {
				return from + j
			}
		}
	}
	return -1
}
