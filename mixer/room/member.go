package room

import "github.com/callwright/callwright/media/kernel"

// FrameMS is the length of a frame.
const FrameMS = 20

// Frame is the samples of a frame at rate.
func Frame(rate int) int { return rate * FrameMS / 1000 }

// Member is one party, as the mix sees it in a tick.
type Member struct {
	Rate int
	In   []int16 // one frame of what it says, set before Mix; only read
	Out  []int16 // memory for one frame of what it hears, filled by Mix

	Silent  bool        // In is all zero: need not be looked at
	Talking bool        // a person speaks
	Energy  uint64      // sum of squares of In
	Muted   bool        // it is not heard
	Deaf    bool        // it hears nothing of the room
	Apart   bool        // it is in no sum: only a Pair lets it be heard
	GainIn  kernel.Gain // of what it says
	GainOut kernel.Gain // of what it hears

	tail  []int16 // the last, fading frame of a room it has left
	tails bool
}

// NewMember makes a party at a rate, heard and hearing at unity.
func NewMember(rate int) *Member {
	return &Member{
		Rate: rate, GainIn: kernel.Unity, GainOut: kernel.Unity,
		In: make([]int16, Frame(rate)), Out: make([]int16, Frame(rate)), tail: make([]int16, Frame(rate)),
	}
}

// Finish adds to Out what fades out of a room left since the last tick. It comes after
// all rooms of a tick are mixed.
func (m *Member) Finish(k *kernel.Kernels) {
	if m.tails {
		k.Add(m.Out, m.tail)
		m.tails = false
	}
}

// Leveller brings what a member says to one loudness: an automatic gain that moves
// slowly, and only while somebody speaks, so that it does not raise the noise.
type Leveller struct{ gain float64 }

const (
	wanted    = 1073741824.0 / 100 / 3 // mean square of -25 dBov or so
	mostGain  = 8.0
	leastGain = 0.25
)

// Step follows a frame of n samples and gives the gain for it.
func (l *Leveller) Step(energy uint64, n int, talking bool) kernel.Gain {
	if l.gain == 0 {
		l.gain = 1
	}
	if talking && energy > 0 {
		ms := float64(energy) / float64(n) * l.gain * l.gain
		switch {
		case ms > 2*wanted:
			l.gain = max(leastGain, l.gain*0.96) // 18 dB a second
		case ms < wanted/2:
			l.gain = min(mostGain, l.gain*1.01) // 4 dB a second
		}
	}
	return kernel.Gain(l.gain * float64(kernel.Unity))
}

// Times is one gain after another.
func Times(a, b kernel.Gain) kernel.Gain {
	return kernel.Gain(min(int64(kernel.MaxGain), int64(a)*int64(b)/int64(kernel.Unity)))
}
