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
	at     *Scratch // from Begin to the end of the tick
	sum    []int32  // its
	added  bool     // something else than members is in the sum
	fused  bool     // all have heard by Three: there is no sum
	pairs  []*Pair  // of those who have not heard yet
	seed   uint32   // of the noise
	duck   kernel.Gain
	rival  *Member // louder than the floor, for as long as
	rising int     // ticks
	top    [MostLoudest]*Seat
}

// New makes a room that mixes at rate.
func New(rate int, k *kernel.Kernels) *Room {
	return &Room{Rate: rate, k: k, seed: 1, duck: kernel.Unity}
}

// Begin opens a tick, for which s is the room's.
func (r *Room) Begin(s *Scratch) {
	r.at, r.sum = s, s.sum[:Frame(r.Rate)]
	r.added, r.fused = false, false
	clear(r.sum)
}

// Add puts a frame at the room's rate into the sum: a prompt that all hear.
func (r *Room) Add(in []int16) {
	r.k.Accumulate(r.sum, in)
	r.added = true
}

// Mix fills each member's Out with the sum of what was added and all others' In. It
// takes no lock and allocates nothing. Clamping comes last, so the order of seats is
// moot. Members are quieter by duck, which is reached in a few frames.
func (r *Room) Mix(c *Cast, duck kernel.Gain) {
	r.Gather(c, duck, true)
	for _, s := range c.Seats {
		r.Hear(s)
	}
}

// Gather is the first half of Mix: all that is said. total is whether Total will be asked
// for; without it a plain room of three needs no sum. What leaves has heard its last.
func (r *Room) Gather(c *Cast, duck kernel.Gain, total bool) {
	r.ducked(duck)
	r.choose(c)
	for _, s := range c.Seats {
		s.contribute(r.k, r.duck)
	}
	r.pairs = c.Pairs
	if r.fused = !total && !r.added && r.three(c); r.fused {
		return
	}
	r.collect(c.Seats)
	for _, s := range c.Leaving {
		s.leave()
		s.contribute(r.k, r.duck)
	}
	r.collect(c.Leaving)
	if c.Noise {
		r.hiss()
	}
	for _, s := range c.Leaving {
		s.hear(r.k, r.sum)
	}
}

// Hear is the second half of Mix: what one hears. Each of the cast's seats comes once, in
// order. Out may be memory that many share, if it is used before the next Hear; a room of
// three wants three different ones.
func (r *Room) Hear(s *Seat) {
	if r.fused {
		s.heardBefore(r.k)
		return
	}
	own := r.pairs
	n := 0
	for n < len(own) && own[n].Listener == s {
		n++
	}
	own, r.pairs = own[:n], own[n:]
	if r.differ(own) {
		s.hear(r.k, r.apply(s, own))
	} else {
		s.hear(r.k, r.sum)
	}
	for _, p := range own {
		p.settle()
	}
}

// collect puts the seats' shares into the sum, some dozens at a time.
func (r *Room) collect(seats []*Seat) {
	voices := r.at.voices[:0]
	for _, s := range seats {
		if s.shared == nil {
			continue
		}
		if len(voices) == cap(voices) {
			r.k.Sum(r.sum, voices)
			voices = voices[:0]
		}
		voices = append(voices, s.shared)
	}
	r.k.Sum(r.sum, voices)
}

// three lets each of three hear the two others at once, if that is all there is to it.
func (r *Room) three(c *Cast) bool {
	if len(c.Seats) != 3 || len(c.Leaving)+len(c.Pairs) > 0 || c.Noise {
		return false
	}
	for i, s := range c.Seats {
		if s.shared == nil || s.down != nil {
			return false
		}
		r.at.said[i], r.at.heard[i] = s.shared, s.m.Out
	}
	r.k.Three(&r.at.heard, &r.at.said)
	return true
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
