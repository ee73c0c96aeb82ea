package room

import "github.com/callwright/callwright/media/kernel"

// Pair is how Listener hears Speaker. Where Gain is what the sum gives anyway, it costs
// nothing. Control makes a new one for each change.
type Pair struct {
	Listener, Speaker *Seat
	Gain              kernel.Gain

	now   kernel.Gain // as of the last tick
	begun bool
}

// Begin is how loud the listener heard the speaker until now, for a pair that takes the
// place of another: it goes on from there.
func (p *Pair) Begin(gain kernel.Gain) { p.now, p.begun = gain, true }

// differs says whether the pair needs arithmetic this tick.
func (p *Pair) differs() bool {
	if !p.begun {
		p.now, p.begun = p.Speaker.former, true
	}
	if p.Speaker.own == nil {
		return false
	}
	s := p.Speaker
	return p.now != s.former || p.Gain != s.weight
}

func (p *Pair) settle() {
	if p.begun {
		p.now = p.Gain
	}
}

// differ says whether any of a listener's pairs does.
func (r *Room) differ(pairs []*Pair) bool {
	any := false
	for _, p := range pairs {
		if p.differs() {
			any = true
		}
	}
	return any
}

// apply gives the sum as s hears it: speakers that differ are taken out, and put back
// at their own gain.
func (r *Room) apply(s *Seat, pairs []*Pair) []int32 {
	mixed, scrap := r.at.mixed[:len(r.sum)], r.at.scrap[:len(r.sum)]
	copy(mixed, r.sum)
	for _, p := range pairs {
		if !p.differs() || p.Speaker == s {
			continue
		}
		if p.Speaker.shared != nil {
			deduct(mixed, p.Speaker.shared)
		}
		if p.now == 0 && p.Gain == 0 {
			continue
		}
		copy(scrap, p.Speaker.own)
		r.k.Gain(scrap, p.now, p.Gain)
		r.k.Accumulate(mixed, scrap)
	}
	return mixed
}

func deduct(sum []int32, in []int16) {
	in = in[:len(sum)]
	for i := range sum {
		sum[i] -= int32(in[i])
	}
}
