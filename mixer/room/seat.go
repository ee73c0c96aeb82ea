package room

import (
	"fmt"

	"github.com/callwright/callwright/media/dsp"
	"github.com/callwright/callwright/media/kernel"
)

// Seat is a member's place in a room.
type Seat struct {
	m        *Member
	own      []int16 // what it says, at the room's rate; nil: nothing this tick
	shared   []int16 // what of it is in the sum; nil: nothing
	share    []int16 // memory of own where it is not In itself
	part     []int16 // memory of shared while its weight changes; made when first apart
	heard    []int16 // what it hears, at the room's rate; nil if it is Out itself
	up, down *dsp.Frames
	in, out  kernel.Gain // as of the last tick: changes are ramps, so they do not click
	rest     int         // frames of silence that up has taken

	weight, former kernel.Gain // of own in the sum: Unity, or 0 if apart; as of the last tick
	level          uint64      // energy, smoothed
	open           bool        // among the loudest
	leaving, left  bool        // it fades out; it has
}

// afterglow is how many silent frames a resampler must take until it holds none of
// the sound before.
const afterglow = 2

// NewSeat makes m's place in a room of rate. Resampling costs up to a microsecond or so a
// frame each way, and 2 ms of delay each. Of m it reads only what never changes, so the tick may
// be using it. apart is how it begins.
func NewSeat(m *Member, rate int, banks *dsp.Banks, k *kernel.Kernels, apart bool) (*Seat, error) {
	s := &Seat{m: m, share: make([]int16, Frame(rate)), part: make([]int16, Frame(rate)),
		weight: kernel.Unity, former: kernel.Unity}
	if apart {
		s.weight, s.former = 0, 0
	}
	if m.Rate == rate {
		return s, nil
	}
	up, err := banks.Filter(m.Rate, rate, dsp.Quick)
	if err != nil {
		return nil, fmt.Errorf("room: member of %d Hz: %w", m.Rate, err)
	}
	down, err := banks.Filter(rate, m.Rate, dsp.Quick)
	if err != nil {
		return nil, fmt.Errorf("room: member of %d Hz: %w", m.Rate, err)
	}
	s.up, s.down = dsp.NewFrames(up, k, Frame(m.Rate), Frame(rate)), dsp.NewFrames(down, k, Frame(rate), Frame(m.Rate))
	s.heard = make([]int16, Frame(rate))
	s.rest = afterglow
	return s, nil
}

// contribute sets own to what the room gets of the member this tick, and shared to
// what of it is for all. The first frame fades in.
func (s *Seat) contribute(k *kernel.Kernels, duck kernel.Gain) {
	m, from := s.m, s.in
	to := s.loudness(duck)
	s.in, s.own, s.shared = to, nil, nil
	s.former, s.weight = s.weight, kernel.Unity
	if m.Apart {
		s.weight = 0
	}
	silent := m.Silent || (from == 0 && to == 0)
	if silent && (s.up == nil || s.rest >= afterglow) {
		return
	}
	if s.up == nil && from == kernel.Unity && to == kernel.Unity {
		s.own = m.In
	} else {
		s.shape(k, silent, from, to)
	}
	s.divide(k)
}

// loudness is the gain of what the member says, as all that may lower it says.
func (s *Seat) loudness(duck kernel.Gain) kernel.Gain {
	if s.m.Muted || !s.open || s.leaving {
		return 0
	}
	if duck != kernel.Unity {
		return Times(s.m.GainIn, duck)
	}
	return s.m.GainIn
}

func (s *Seat) shape(k *kernel.Kernels, silent bool, from, to kernel.Gain) {
	s.own = s.share
	if s.up == nil {
		copy(s.own, s.m.In)
	} else if s.up.Resample(s.share, s.m.In); silent {
		s.rest++
	} else {
		s.rest = 0
	}
	k.Gain(s.own, from, to)
}

// divide finds what of own goes into the sum.
func (s *Seat) divide(k *kernel.Kernels) {
	switch {
	case s.weight == kernel.Unity && s.former == kernel.Unity:
		s.shared = s.own
	case s.weight == 0 && s.former == 0:
	default:
		copy(s.part, s.own)
		k.Gain(s.part, s.former, s.weight)
		s.shared = s.part
	}
}

// hear fills the member's Out with sum less its own share; of one that leaves, the
// tail that fades out.
func (s *Seat) hear(k *kernel.Kernels, sum []int32) {
	m := s.m
	from, to := s.turn()
	if s.leaving && (s.left || from == 0) {
		return
	}
	out := m.Out
	if s.leaving {
		out = m.tail
		m.tails, s.left = true, true
	}
	heard := s.heard
	if s.down == nil {
		heard = out
	}
	switch {
	case from == 0 && to == 0:
		clear(heard)
	case s.shared == nil:
		k.Clamp(heard, sum)
	default:
		k.SubtractClamp(heard, sum, s.shared)
	}
	k.Gain(heard, from, to)
	if s.down != nil {
		s.down.Resample(out, heard)
	}
}

// turn gives the gains of what is heard, before and after this tick.
func (s *Seat) turn() (from, to kernel.Gain) {
	from, to = s.out, s.m.GainOut
	if s.m.Deaf || s.leaving {
		to = 0
	}
	s.out = to
	return from, to
}

// heardBefore does the rest where Out holds the mix already.
func (s *Seat) heardBefore(k *kernel.Kernels) {
	from, to := s.turn()
	k.Gain(s.m.Out, from, to)
}

// leave lets the seat fade out. What it says fades in the same tick.
func (s *Seat) leave() { s.leaving = true }

// Member is who sits here.
func (s *Seat) Member() *Member { return s.m }
