package mixer

import (
	"context"
	"time"
)

// calmTicks is how long all must be calm before the tick rests: longer than what a
// playout buffer and a talkspurt's end still hold.
const calmTicks = 50

// poke tells a tick that rests that there may be something to do.
func (t *ticker) poke() {
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// waiter is a trunk that can say when something is there.
type waiter interface{ Wait() error }

// watch pokes a tick that may rest when something is there for it, until the trunk is
// closed or ctx ends.
func (t *ticker) watch(ctx context.Context, w waiter) {
	for w.Wait() == nil {
		t.poke()
		select {
		case <-t.drained:
		case <-ctx.Done():
			return
		}
	}
}

// drain takes what has come.
func (t *ticker) drain() error {
	err := t.receive.drain()
	if t.rests {
		select {
		case t.drained <- struct{}{}:
		default:
		}
	}
	return err
}

// calm counts ticks in which nothing happened, and says when they are enough. What
// pokes begins the count anew, so no poke is lost between the last tick and the rest.
func (t *ticker) calm(s *scene) bool {
	select {
	case <-t.wake:
		t.calmFor = 0
	default:
	}
	if t.calmFor++; !s.idle() {
		t.calmFor = 0
	}
	return t.calmFor >= calmTicks
}

// idle: nobody speaks, nothing plays or records.
func (s *scene) idle() bool {
	for _, m := range s.members {
		if !m.mix.Silent || m.vad.Talking || m.busy() {
			return false
		}
	}
	for _, p := range s.places {
		if p.hall.busy() {
			return false
		}
	}
	return true
}

func (t *target) busy() bool {
	s := t.sounds.Load()
	return s != nil && len(s.plays)+len(s.records) > 0
}

// rest waits for a poke. Members' time has passed all the same.
func (t *ticker) rest(ctx context.Context, s *scene, c *clock) {
	select {
	case <-t.wake:
	case <-ctx.Done():
		return
	}
	t.calmFor = 0
	ticks := int(time.Since(c.due) / period)
	for _, m := range s.members {
		m.skip(ticks)
	}
	c.due = c.due.Add(time.Duration(ticks) * period)
}
