package supervise

import "time"

const (
	firstPause = 100 * time.Millisecond
	longPause  = 5 * time.Second
	healthy    = 10 * time.Second
)

// backoff is how long to wait before a child is started again: twice as long each
// time, from the beginning after a healthy life.
type backoff struct{ pause time.Duration }

func (b *backoff) next(lived time.Duration) time.Duration {
	if b.pause == 0 || lived >= healthy {
		b.pause = firstPause
		return b.pause
	}
	b.pause = min(2*b.pause, longPause)
	return b.pause
}
