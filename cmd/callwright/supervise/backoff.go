package supervise

import "time"

const (
	secondPause = 100 * time.Millisecond
	longPause   = 5 * time.Second
	healthy     = 10 * time.Second
)

// backoff is how long to wait before a child is started again: not at all the first time,
// for callers wait with it, then twice as long each time; from the beginning after a healthy
// life.
type backoff struct {
	pause time.Duration
	ended bool
}

func (b *backoff) next(lived time.Duration) time.Duration {
	switch {
	case !b.ended || lived >= healthy:
		b.pause = 0
	case b.pause == 0:
		b.pause = secondPause
	default:
		b.pause = min(2*b.pause, longPause)
	}
	b.ended = true
	return b.pause
}
