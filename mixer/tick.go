package mixer

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/callwright/callwright/media/kernel"
	"github.com/callwright/callwright/media/trunk"
)

// talk is a change of a member's VAD on its way to the brain.
type talk struct {
	member  string
	talking bool
}

// ticker is the tick's own state.
type ticker struct {
	k     *kernel.Kernels
	conn  trunk.Conn
	count *counters
	scene atomic.Pointer[scene]
	wake  chan struct{} // there may be something to do again
	talks chan talk

	notices chan notice

	rests   bool          // see Config
	drained chan struct{} // what came has been taken
	phase   time.Duration
	timer   *time.Timer
	calmFor int // ticks

	receive *receiver
	strain  strain
	shown   *scene    // the one entered
	scenes  uint64    // so many have been
	single  []*member // in it
	hand    *hand
}

func newTicker(conn trunk.Conn, k *kernel.Kernels, c *counters) *ticker {
	t := &ticker{
		k: k, conn: conn, count: c,
		wake: make(chan struct{}, 1), talks: make(chan talk, 1024), notices: make(chan notice, 256),
		drained: make(chan struct{}, 1), phase: phase,
	}
	t.hand = newHand(t)
	t.shown = &scene{}
	t.scene.Store(t.shown)
	return t
}

// show hands over the next scene. Control only.
func (t *ticker) show(s *scene) {
	t.scene.Store(s)
	if s.busy {
		select {
		case t.wake <- struct{}{}:
		default:
		}
	}
}

// run ticks while there is something to tick for, until ctx ends or the trunk fails.
func (t *ticker) run(ctx context.Context) error {
	t.timer = time.NewTimer(0)
	defer t.timer.Stop()
	for {
		c := clock{due: time.Now()}
		for s := t.scene.Load(); s.busy && ctx.Err() == nil; s = t.scene.Load() {
			if s != t.shown {
				t.enter(s)
			}
			began := time.Now()
			if err := t.drain(); err != nil {
				return err
			}
			t.step(s)
			now := time.Now()
			wait, off := c.next(began, now)
			t.account(s, off)
			t.strain.tick(now.Sub(began), off, len(s.members))
			if t.rests && t.calm(s) {
				t.rest(ctx, s, &c)
				continue
			}
			if err := t.await(ctx, c.due, wait); err != nil {
				return err
			}
		}
		select {
		case <-t.wake:
		case <-ctx.Done():
			return nil
		}
	}
}

// await waits until due, for so long, and takes meanwhile what comes: a socket need not
// hold more than a phase of it.
func (t *ticker) await(ctx context.Context, due time.Time, wait time.Duration) error {
	phase := t.phase
	if len(t.shown.members) < fewMembers { // any socket holds their frames
		phase = period
	}
	for ; wait > 0; wait = time.Until(due) {
		t.timer.Reset(min(wait, phase))
		select {
		case <-t.timer.C:
		case <-ctx.Done():
			return nil
		}
		if wait > phase {
			if err := t.drain(); err != nil {
				return err
			}
		}
	}
	return nil
}

// step is one tick. Each room goes its whole way, from its members' packets to their
// records on the wire, before the next begins: with thousands of members memory is what a
// tick waits for.
func (t *ticker) step(s *scene) {
	t.count.ticks.Add(1)
	for _, m := range t.single {
		m.mix.Out = m.out
		clear(m.out)
		m.ingest(t.hand)
	}
	for i, p := range s.places {
		if i+1 < len(s.places) {
			s.places[i+1].prefetch(t.k)
		}
		p.mix(t.hand, s.wire)
	}
	for _, m := range t.single {
		m.emit(t.hand, s.wire)
	}
	if len(s.runs) > 0 && t.conn.SendRuns(s.runs) != nil {
		t.count.sendErrors.Add(1)
	}
}

// enter takes a scene up: where members' records lie, and who is single: sits in no room,
// or hears one fade out that it has left. What a single hears is whole only after all rooms.
func (t *ticker) enter(s *scene) {
	t.scenes++
	at := 0
	for i, m := range s.members {
		m.way, m.scene, m.at, m.single = *s.routes[i], t.scenes, at, true
		at += m.way.record()
	}
	for _, p := range s.places {
		for _, m := range p.members {
			m.single = false
		}
	}
	for _, p := range s.places {
		for _, m := range p.leaving {
			m.single = true
		}
	}
	t.single = s.room[:0]
	for _, m := range s.members {
		if m.single {
			t.single = append(t.single, m)
		}
	}
	for _, m := range t.shown.members {
		if m.scene != t.scenes {
			m.after = nil // who has left would hold all who left behind it
		}
	}
	t.shown = s
}

// account counts what was not on time; members pass over the ticks left out.
func (t *ticker) account(s *scene, off lapse) {
	switch {
	case off.skipped > 0:
		t.count.skipped.Add(uint64(off.skipped))
		for _, m := range s.members {
			m.skip(off.skipped)
		}
	case off.doubled:
		t.count.doubled.Add(1)
	case off.late:
		t.count.late.Add(1)
	}
}

// tell passes a change of talking on; a queue that is full loses it.
func (t *ticker) tell(member string, talking bool) {
	select {
	case t.talks <- talk{member, talking}:
	default:
		t.count.talksLost.Add(1)
	}
}
