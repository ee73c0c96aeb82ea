package mixer

import (
	"sync/atomic"
	"time"
)

const (
	// fewMembers is how many never strain a machine: if ticks are late then, others are
	// to blame, and members go on being taken.
	fewMembers = 200
	// A tick may take so much of its period, on average over a second, until the mixer
	// is full; it is no longer full below the second figure.
	strained = 0.80
	eased    = 0.65
	// lateBudget is how many ticks of a window (5 s) may be late, skipped or doubled.
	window     = 250
	lateBudget = 25
)

// strain says when a mixer carries as much as its machine can bear: before members hear
// it, and by what ticks took, not by what somebody thought a machine could do.
type strain struct {
	full atomic.Bool // read by control

	share  float64 // of the period that ticks take, smoothed
	ticks  int     // in this window
	late   int     // of them
	excess bool    // the last window was over budget
}

// tick follows one tick that took so long.
func (s *strain) tick(took time.Duration, off lapse, members int) {
	s.share += (float64(took)/float64(period) - s.share) / (1e9 / float64(period))
	if off.late || off.doubled || off.skipped > 0 {
		s.late++
	}
	if s.late > lateBudget {
		s.excess = true
	}
	if s.ticks++; s.ticks == window {
		s.excess = s.late > lateBudget
		s.ticks, s.late = 0, 0
	}
	limit := strained
	if s.full.Load() {
		limit = eased
	}
	if full := members >= fewMembers && (s.excess || s.share > limit); full != s.full.Load() {
		s.full.Store(full)
	}
}
