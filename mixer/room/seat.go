package room

import (
	"fmt"

	"github.com/callwright/callwright/media/dsp"
	"github.com/callwright/callwright/media/kernel"
)

// FrameMS is the length of a frame.
const FrameMS = 20

// Frame is the samples of a frame at rate.
func Frame(rate int) int { return rate * FrameMS / 1000 }

// Member is one party, as the mix sees it in a tick.
type Member struct {
	Rate int
	In   []int16 // one frame of what it says, filled before Mix
	Out  []int16 // one frame of what it hears, filled by Mix

	Silent  bool        // In is all zero: need not be looked at
	Muted   bool        // it is not heard
	Deaf    bool        // it hears nothing of the room
	GainIn  kernel.Gain // of what it says
	GainOut kernel.Gain // of what it hears
}

// NewMember makes a party at a rate, heard and hearing at unity.
func NewMember(rate int) *Member {
	return &Member{
		Rate: rate, GainIn: kernel.Unity, GainOut: kernel.Unity,
		In: make([]int16, Frame(rate)), Out: make([]int16, Frame(rate)),
	}
}

// Seat is a member's place in a room.
type Seat struct {
	m        *Member
	own      []int16 // its share of the sum, at the room's rate; nil: none this tick
	share    []int16 // memory of own where it is not In itself
	heard    []int16 // what it hears, at the room's rate; Out itself if the rates are equal
	up, down *dsp.Resampler
	in, out  kernel.Gain // as of the last tick: changes are ramps, so they do not click
	taken    bool        // there was a last tick
	narrow   []int16     // what down gives, before Out
	rest     int         // frames of silence that up has taken
}

// afterglow is how many silent frames a resampler must take until it holds none of
// the sound before.
const afterglow = 2

// NewSeat makes m's place in a room of rate. Resampling costs some 8 µs a frame each
// way, and 2 ms of delay each. Of m it reads only what never changes, so the tick may
// be using it.
func NewSeat(m *Member, rate int, banks *dsp.Banks) (*Seat, error) {
	s := &Seat{m: m, share: make([]int16, Frame(rate)), heard: m.Out}
	if m.Rate == rate {
		return s, nil
	}
	up, err := banks.Get(m.Rate, rate, dsp.Quick)
	if err != nil {
		return nil, fmt.Errorf("room: member of %d Hz: %w", m.Rate, err)
	}
	down, err := banks.Get(rate, m.Rate, dsp.Quick)
	if err != nil {
		return nil, fmt.Errorf("room: member of %d Hz: %w", m.Rate, err)
	}
	s.up, s.down = dsp.NewResampler(up), dsp.NewResampler(down)
	s.share = make([]int16, up.MaxOut(Frame(m.Rate)))
	s.heard = make([]int16, Frame(rate))
	s.narrow = make([]int16, down.MaxOut(Frame(rate)))
	s.rest = afterglow
	return s, nil
}

// contribute sets own to what the room gets of the member this tick.
func (s *Seat) contribute(k *kernel.Kernels) {
	m, from, to := s.m, s.in, s.m.GainIn
	if m.Muted {
		to = 0
	}
	if !s.taken {
		from = to
	}
	s.in, s.own = to, nil
	silent := m.Silent || (from == 0 && to == 0)
	if silent && (s.up == nil || s.rest >= afterglow) {
		return
	}
	if s.up == nil && from == kernel.Unity && to == kernel.Unity {
		s.own = m.In
		return
	}
	s.own = s.share[:len(s.heard)]
	if s.up == nil {
		copy(s.own, m.In)
	} else if s.up.Resample(s.share, m.In); silent {
		s.rest++
	} else {
		s.rest = 0
	}
	k.Gain(s.own, from, to)
}

// hear fills the member's Out with sum less its own share.
func (s *Seat) hear(k *kernel.Kernels, sum []int32) {
	m, from, to := s.m, s.out, s.m.GainOut
	if m.Deaf {
		to = 0
	}
	if !s.taken {
		from = to
	}
	s.out, s.taken = to, true
	switch {
	case from == 0 && to == 0:
		clear(s.heard)
	case s.own == nil:
		k.Clamp(s.heard, sum)
	default:
		k.SubtractClamp(s.heard, sum, s.own)
	}
	k.Gain(s.heard, from, to)
	if s.down != nil {
		copy(m.Out, s.narrow[:s.down.Resample(s.narrow, s.heard)])
	}
}
