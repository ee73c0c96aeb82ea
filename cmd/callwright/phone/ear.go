package phone

import (
	"math"
	"time"

	"github.com/callwright/callwright/media/dsp"
	"github.com/callwright/callwright/media/g711"
	"github.com/callwright/callwright/media/rtp"
)

const (
	typePCMU, typePCMA = 0, 8 // RFC 3551 §6

	// A tone is looked for in windows of 50 ms: they tell tones 80 Hz apart.
	toneWindow = sampleRate / 20
	toneRun    = 4 // windows in a row: 200 ms
	// A tone dominates with two fifths of the power, so that either one of a pair
	// (most countries' dial tones) counts.
	toneShare = 0.4
	toneFloor = -46.0 // dBov; below is noise of coding

	longestGap = 5 * sampleRate // of timestamps: a longer one is a new beginning
)

// toneEar looks for one frequency.
type toneEar struct {
	hz     float64
	window []int16
	run    int
	heard  bool
}

// listen takes a frame; it returns true once, when the tone has been there long
// enough.
func (t *toneEar) listen(frame []int16) bool {
	if t.hz == 0 || t.heard {
		return false
	}
	t.window = append(t.window, frame...)
	for len(t.window) >= toneWindow {
		if t.dominates(t.window[:toneWindow]) {
			t.run++
		} else {
			t.run = 0
		}
		t.window = append(t.window[:0], t.window[toneWindow:]...)
		if t.run >= toneRun {
			t.heard = true
			return true
		}
	}
	return false
}

func (t *toneEar) dominates(in []int16) bool {
	level := dsp.Level(in)
	if level < toneFloor {
		return false
	}
	// A sine of amplitude a has the mean square a*a/2.
	a := dsp.Goertzel(in, sampleRate, t.hz)
	return a*a/2 >= toneShare*32768*32768*math.Pow(10, level/10)
}

// receiver puts packets in order and keeps their account.
type receiver struct {
	source  rtp.Source
	begun   bool
	late    int
	dropped int
	next    uint32 // timestamp that comes next in what is heard
	silence [frameSamples]int16
	frame   []int16
}

// take reads one packet and gives its samples, and silence for a gap before them,
// to hear. first is true for the first packet of all.
func (r *receiver) take(b []byte, arrived time.Duration, hear func([]int16)) (first bool) {
	var p rtp.Packet
	if p.Parse(b) != nil || p.Type != typePCMU && p.Type != typePCMA {
		r.dropped++
		return false
	}
	if _, valid := r.source.Update(p.Seq); !valid {
		r.dropped++
		return false
	}
	r.source.Timing(p.Timestamp, uint32(int64(arrived)*sampleRate/int64(time.Second)))
	first = !r.begun
	if first {
		r.begun, r.next = true, p.Timestamp
	}
	gap := int32(p.Timestamp - r.next)
	switch {
	case gap < 0 && gap > -longestGap:
		r.late++
		return first
	case gap > 0 && gap <= longestGap:
		for ; gap > 0; gap -= frameSamples {
			hear(r.silence[:min(gap, frameSamples)])
		}
	}
	r.next = p.Timestamp + uint32(len(p.Payload))
	hear(r.decode(p))
	return first
}

func (r *receiver) decode(p rtp.Packet) []int16 {
	table := g711.ULawToLinear
	if p.Type == typePCMA {
		table = g711.ALawToLinear
	}
	r.frame = r.frame[:0]
	for _, code := range p.Payload {
		r.frame = append(r.frame, table[code])
	}
	return r.frame
}

func (r *receiver) figures() Figures {
	return Figures{
		Received: int(r.source.Received), Lost: int(max(0, r.source.Lost())), Late: r.late, Dropped: r.dropped,
		JitterMs: float64(r.source.Jitter()) * 1000 / sampleRate,
	}
}
