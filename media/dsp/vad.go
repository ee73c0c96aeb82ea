package dsp

import "time"

// VAD tells talking from silence by energy, with hysteresis: talking begins after
// 40 ms of sound (so it is told within 60 ms of frames of 20) and ends after 500 ms
// without. The threshold stands 10 dB over the noise the stream has, between -45 and
// -30 dBov; to go on, 6 dB less will do. The zero value is ready.
type VAD struct {
	Talking bool
	floor   float64 // mean square of the noise
	loud    time.Duration
	quiet   time.Duration
}

const (
	talkAfter    = 40 * time.Millisecond
	silenceAfter = 500 * time.Millisecond
)

// Read-only: levels as mean squares.
var (
	lowestThreshold  = meanSquare(-45)
	highestThreshold = meanSquare(-30)
	lowestFloor      = meanSquare(-80)
)

// Step takes the energy (sum of squares) of the next n samples at rate and says
// whether Talking changed. It allocates nothing.
func (v *VAD) Step(energy uint64, n, rate int) (changed bool) {
	if n == 0 {
		return false
	}
	ms := float64(energy) / float64(n)
	v.follow(ms)
	threshold := min(max(10*v.floor, lowestThreshold), highestThreshold)
	if v.Talking {
		threshold /= 4
	}
	d := time.Duration(n) * time.Second / time.Duration(rate)
	if ms >= threshold {
		v.loud, v.quiet = v.loud+d, 0
	} else {
		v.loud, v.quiet = 0, v.quiet+d
	}
	switch {
	case !v.Talking && v.loud >= talkAfter:
		v.Talking = true
		return true
	case v.Talking && v.quiet >= silenceAfter:
		v.Talking = false
		return true
	}
	return false
}

// follow lets the noise floor fall at once and rise by 2 dB a second.
func (v *VAD) follow(ms float64) {
	if ms < v.floor {
		v.floor += (ms - v.floor) / 4
		return
	}
	v.floor = min(max(v.floor, lowestFloor)*1.01, ms)
}
