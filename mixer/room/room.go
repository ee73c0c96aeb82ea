package room

import "github.com/callwright/callwright/media/kernel"

// MostLoudest is the largest number of talkers that Cast.Loudest may choose.
const MostLoudest = 32

// Cast is who sits in a room and how. Immutable, but for the tick's own parts of seats
// and pairs.
type Cast struct {
	Seats   []*Seat
	Leaving []*Seat // sat in the cast before: they fade out
	Pairs   []*Pair // in the order of their listeners in Seats
	Loudest int     // only so many are mixed, 0: all; at most MostLoudest
	Noise   bool    // comfort noise lies under the mix
}

// Room is what a room needs from tick to tick.
type Room struct {
	Rate int
	// Floor is who is loudest of those who talk, nil: nobody does.
	Floor *Member

	k      *kernel.Kernels
	sum    []int32
	mixed  []int32 // a sum of one listener's own, with its pairs
	scrap  []int16
	seed   uint32 // of the noise
	duck   kernel.Gain
	rival  *Member // louder than the floor, for as long as
	rising int     // ticks
	top    [MostLoudest]*Seat
}

// New makes a room that mixes at rate.
func New(rate int, k *kernel.Kernels) *Room {
	n := Frame(rate)
	return &Room{Rate: rate, k: k, sum: make([]int32, n), mixed: make([]int32, n), scrap: make([]int16, n),
		seed: 1, duck: kernel.Unity}
}

// Begin empties the sum.
func (r *Room) Begin() { clear(r.sum) }

// Add puts a frame at the room's rate into the sum: a prompt that all hear.
func (r *Room) Add(in []int16) { r.k.Accumulate(r.sum, in) }

// Mix fills each member's Out with the sum of what was added and all others' In. It
// takes no lock and allocates nothing. Clamping comes last, so the order of seats is
// moot. Members are quieter by duck, which is reached in a few frames.
func (r *Room) Mix(c *Cast, duck kernel.Gain) {
	r.ducked(duck)
	r.choose(c)
	for _, s := range c.Seats {
		r.take(s)
	}
	for _, s := range c.Leaving {
		s.leave()
		r.take(s)
	}
	if c.Noise {
		r.hiss()
	}
	for _, s := range c.Leaving {
		s.hear(r.k, r.sum)
	}
	if len(c.Pairs) == 0 {
		for _, s := range c.Seats {
			s.hear(r.k, r.sum)
		}
		return
	}
	r.hearPairs(c)
}

// hearPairs is what all hear where some hear some others their own way.
func (r *Room) hearPairs(c *Cast) {
	pairs := c.Pairs
	for _, s := range c.Seats {
		n := 0
		for n < len(pairs) && pairs[n].Listener == s {
			n++
		}
		if own := pairs[:n]; r.differ(own) {
			s.hear(r.k, r.apply(s, own))
		} else {
			s.hear(r.k, r.sum)
		}
		pairs = pairs[n:]
	}
	for _, p := range c.Pairs {
		p.settle()
	}
}

// take puts a seat's share into the sum.
func (r *Room) take(s *Seat) {
	if s.contribute(r.k, r.duck); s.shared != nil {
		r.k.Accumulate(r.sum, s.shared)
	}
}

// Total fills out with the whole mix, clamped: what a recording of the room gets.
func (r *Room) Total(out []int16) { r.k.Clamp(out, r.sum) }

// ducked moves a fifth of the whole way to the gain wanted.
func (r *Room) ducked(to kernel.Gain) {
	const step = kernel.Unity / 5
	switch {
	case to < r.duck:
		r.duck = max(to, r.duck-step)
	case to > r.duck:
		r.duck = min(to, r.duck+step/4) // back more slowly than down
	}
}

// hiss adds noise of about -66 dBov: a line that is alive (ITU-T G.711 Appendix II
// names the need). It is the same for all, so nobody's own is taken out.
func (r *Room) hiss() {
	x := r.seed
	for i := range r.sum {
		x = x*1664525 + 1013904223
		r.sum[i] += int32(x>>16)%57 - 28
	}
	r.seed = x
}
