package mixer

import "time"

const (
	period = 20 * time.Millisecond
	// phase is how often the trunk is emptied.
	phase = 5 * time.Millisecond
	// tolerated is how late a tick may begin before it is counted.
	tolerated = 5 * time.Millisecond
	// madeUp is how far behind ticks are run at once; beyond it they are left out.
	madeUp = 100 * time.Millisecond
)

// clock says when the next tick is due, by the monotonic clock: lateness does not add
// up.
type clock struct {
	due time.Time // of the tick that runs
}

// lapse is how a tick was off its time.
type lapse struct {
	late    bool // it began late
	doubled bool // the next is due already
	skipped int  // ticks left out
}

// next gives the time to wait for the next tick, 0 if it is due, after one that began
// and has ended now.
func (c *clock) next(began, now time.Time) (time.Duration, lapse) {
	var off lapse
	off.late = began.Sub(c.due) > tolerated
	c.due = c.due.Add(period)
	behind := now.Sub(c.due)
	if behind > madeUp {
		off.skipped = int(behind / period)
		c.due = c.due.Add(time.Duration(off.skipped) * period)
		behind = now.Sub(c.due)
	}
	if behind >= 0 {
		off.doubled = true
		return 0, off
	}
	return -behind, off
}
