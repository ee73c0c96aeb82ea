package scripttest

import (
	"math"
	"time"

	"github.com/callwright/callwright/media/dsp"
)

const (
	toneWindow = rate / 50 // 20 ms tell tones 50 Hz apart
	toneRun    = 4         // windows in a row: 80 ms
	toneFloor  = -46.0     // dBov

	// A file is recognised by a piece of it, compared at a fourth of the rate: what a
	// voice is told by lies below 1 kHz, and it costs a sixteenth.
	thin     = 4
	piece    = 640 * rate / 1000
	hop      = 200 * rate / 1000
	short    = 1600 * rate / 1000 // a file up to this is known by its middle
	likeness = 0.75               // normalised correlation
)

// matcher looks for a sound.
type matcher struct {
	s   *sound
	ref []float32 // thinned
	// middle is the length of ref, when it is the middle of a short file.
	middle int
}

func newMatcher(s *sound) *matcher {
	m := &matcher{s: s}
	switch pcm := trimmed(s.pcm); {
	case s.pcm == nil:
	case len(pcm) <= short:
		m.middle = min(piece, len(pcm)*3/4)
		from := (len(pcm) - m.middle) / 2
		m.ref = thinned(pcm[from : from+m.middle])
	default:
		m.ref = thinned(pcm)
	}
	return m
}

// overlap is how much of what was looked at must be looked at again.
func (m *matcher) overlap() int {
	if m.ref == nil {
		return toneRun * toneWindow
	}
	return piece + hop
}

// lead is how much must be heard from a sound's beginning until it is known.
func (m *matcher) lead() time.Duration {
	n := toneRun * toneWindow
	switch {
	case m.middle > 0:
		n = (len(m.s.pcm)+m.middle)/2 + 2*hop
	case m.ref != nil:
		n = piece + 2*hop
	}
	return time.Duration(n) * time.Second / rate
}

// find gives the place behind the first match, or -1.
func (m *matcher) find(audio []int16) int {
	switch {
	case m.ref == nil:
		return m.findTone(audio)
	case m.middle > 0:
		return m.findMiddle(audio)
	}
	return m.findPiece(audio)
}

func (m *matcher) findTone(audio []int16) int {
	run := 0
	for i := 0; i+toneWindow <= len(audio); i += toneWindow {
		if run++; !m.dominates(audio[i : i+toneWindow]) {
			run = 0
		}
		if run == toneRun {
			return i + toneWindow
		}
	}
	return -1
}

// dominates: each frequency has its share of the power, and together they are most.
func (m *matcher) dominates(w []int16) bool {
	level := dsp.Level(w)
	if level < toneFloor {
		return false
	}
	power := 32768 * 32768 * math.Pow(10, level/10)
	sum, n := 0.0, float64(len(m.s.hz))
	for _, hz := range m.s.hz {
		a := dsp.Goertzel(w, rate, hz)
		if a*a/2 < 0.3*power/n {
			return false
		}
		sum += a * a / 2
	}
	return sum >= 0.4*power
}

// findPiece compares pieces of what was heard with all of the file: a match may begin
// anywhere in it.
func (m *matcher) findPiece(audio []int16) int {
	for i := 0; i+piece <= len(audio); i += hop {
		w := audio[i : i+piece]
		if sounding(w) && correlates(thinned(w), m.ref) {
			return i + piece
		}
	}
	return -1
}

// findMiddle looks for the middle of a short file in what was heard.
func (m *matcher) findMiddle(audio []int16) int {
	for i := 0; i+m.middle <= len(audio); i += hop {
		end := min(len(audio), i+m.middle+hop)
		if w := audio[i:end]; dsp.Level(w) > quietLevel && correlates(m.ref, thinned(w)) {
			return end
		}
	}
	return -1
}

// trimmed cuts silence at both ends.
func trimmed(pcm []int16) []int16 {
	const frame = rate / 50
	for len(pcm) > 2*frame && dsp.Level(pcm[:frame]) < quietLevel {
		pcm = pcm[frame:]
	}
	for len(pcm) > 2*frame && dsp.Level(pcm[len(pcm)-frame:]) < quietLevel {
		pcm = pcm[:len(pcm)-frame]
	}
	return pcm
}

// sounding: no half of it is silent, for silence is like any other.
func sounding(w []int16) bool {
	return dsp.Level(w[:len(w)/2]) > toneFloor && dsp.Level(w[len(w)/2:]) > toneFloor
}

// thinned is a fourth of the rate, by a triangular mean of eight samples.
func thinned(in []int16) []float32 {
	out := make([]float32, 0, len(in)/thin)
	for i := 0; i+2*thin <= len(in); i += thin {
		sum := float32(0)
		for j := range thin {
			sum += float32(j+1)*float32(in[i+j]) + float32(thin-j)*float32(in[i+thin+j])
		}
		out = append(out, sum/(thin*(thin+1)))
	}
	return out
}

// correlates says whether x is somewhere in y, at whatever gain.
func correlates(x, y []float32) bool {
	ex := energy(x)
	if len(x) == 0 || len(x) > len(y) || ex == 0 {
		return false
	}
	ey := energy(y[:len(x)])
	for lag := 0; ; lag++ {
		if d := float64(dot(x, y[lag:lag+len(x)])); d > 0 && ey > 0 && d*d >= likeness*likeness*ex*ey {
			return true
		}
		if lag+len(x) >= len(y) {
			return false
		}
		in, out := float64(y[lag+len(x)]), float64(y[lag])
		ey += in*in - out*out
	}
}

func energy(x []float32) (e float64) {
	for _, v := range x {
		e += float64(v) * float64(v)
	}
	return e
}

// dot has four sums, so that they need not wait for each other.
func dot(x, y []float32) float32 {
	var a, b, c, d float32
	y = y[:len(x)]
	i := 0
	for ; i+4 <= len(x); i += 4 {
		a += x[i] * y[i]
		b += x[i+1] * y[i+1]
		c += x[i+2] * y[i+2]
		d += x[i+3] * y[i+3]
	}
	for ; i < len(x); i++ {
		a += x[i] * y[i]
	}
	return a + b + c + d
}
