package room

import "github.com/callwright/callwright/media/kernel"

// Room is what a room needs between Begin and Total.
type Room struct {
	Rate int
	k    *kernel.Kernels
	sum  []int32
}

// New makes a room that mixes at rate.
func New(rate int, k *kernel.Kernels) *Room {
	return &Room{Rate: rate, k: k, sum: make([]int32, Frame(rate))}
}

// Begin empties the sum.
func (r *Room) Begin() { clear(r.sum) }

// Add puts a frame at the room's rate into the sum: a prompt that all hear.
func (r *Room) Add(in []int16) { r.k.Accumulate(r.sum, in) }

// Mix fills each member's Out with the sum of what was added and all others' In. It
// takes no lock and allocates nothing. Clamping comes last, so the order of seats is
// moot.
func (r *Room) Mix(seats []*Seat) {
	for _, s := range seats {
		if s.contribute(r.k); s.own != nil {
			r.k.Accumulate(r.sum, s.own)
		}
	}
	for _, s := range seats {
		s.hear(r.k, r.sum)
	}
}

// Total fills out with the whole mix, clamped: what a recording of the room gets.
func (r *Room) Total(out []int16) { r.k.Clamp(out, r.sum) }
