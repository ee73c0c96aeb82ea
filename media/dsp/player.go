package dsp

import (
	"io"
	"math"
)

// ToneLevel is how loud tones are, in dBov: about -7 dBm0, below speech's peaks and
// well above what E.180 asks for.
const ToneLevel = -13.0

// rampMS is how long a segment takes to swell and to fade, so that it does not click.
const rampMS = 2

// Player plays a tone plan.
type Player struct {
	t     *Tone
	rate  int
	times int // begun
	index int // of the segment that plays
	at    int64
	osc   *Oscillator
}

// NewPlayer plays t, which must pass Check, at rate.
func NewPlayer(t *Tone, rate int) *Player {
	p := &Player{t: t, rate: rate}
	p.begin(0)
	return p
}

func (p *Player) begin(index int) {
	p.index, p.at = index, 0
	hz := p.t.Segments[index].Hz
	rms := 32768 * math.Pow(10, ToneLevel/20)
	p.osc = NewOscillator(p.rate, rms*math.Sqrt2/math.Sqrt(float64(max(1, len(hz)))), hz...)
}

// length is that of the segment that plays, in samples; 0: for ever.
func (p *Player) length() int64 {
	return int64(p.t.Segments[p.index].MS) * int64(p.rate) / 1000
}

// next goes to the following segment; false at the end of the plan.
func (p *Player) next() bool {
	if p.index+1 < len(p.t.Segments) {
		p.begin(p.index + 1)
		return true
	}
	if p.times+1 >= p.t.Times && p.t.Times != 0 {
		return false
	}
	if p.t.Times != 0 {
		p.times++
	}
	p.begin(0)
	return true
}

// Read fills out and says how much of it; at the end 0 and io.EOF.
func (p *Player) Read(out []int16) (int, error) {
	n := 0
	for n < len(out) {
		length := p.length()
		if length > 0 && p.at >= length {
			if !p.next() {
				break
			}
			continue
		}
		part := out[n:]
		if length > 0 {
			part = part[:min(int64(len(part)), length-p.at)]
		}
		p.osc.Fill(part)
		p.shape(part, length)
		p.at += int64(len(part))
		n += len(part)
	}
	if n == 0 && len(out) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

func (p *Player) shape(part []int16, length int64) {
	ramp := int64(rampMS * p.rate / 1000)
	for i := range part {
		at := p.at + int64(i)
		edge := at
		if length > 0 {
			edge = min(at, length-1-at)
		}
		if edge < ramp {
			part[i] = int16(int64(part[i]) * edge / ramp)
		}
	}
}

// Skip passes over n samples, or up to the end, and says how many.
func (p *Player) Skip(n int64) (int64, error) {
	done := int64(0)
	for done < n {
		length := p.length()
		if length == 0 { // for ever: where in it matters to nobody
			p.at += n - done
			return n, nil
		}
		step := min(n-done, length-p.at)
		p.at += step
		done += step
		if p.at < length {
			break
		}
		if !p.next() {
			break
		}
		done += p.skipRounds(n - done)
	}
	return done, nil
}

// skipRounds passes over whole rounds at once, if one begins now.
func (p *Player) skipRounds(n int64) int64 {
	if p.index != 0 {
		return 0
	}
	round := int64(0)
	for _, seg := range p.t.Segments {
		if seg.MS == 0 {
			return 0
		}
		round += int64(seg.MS) * int64(p.rate) / 1000
	}
	if round == 0 {
		return 0
	}
	k := n / round
	if p.t.Times != 0 {
		k = min(k, int64(p.t.Times-1-p.times))
		p.times += int(k)
	}
	return k * round
}
