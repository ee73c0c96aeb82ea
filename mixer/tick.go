package mixer

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/callwright/callwright/media/kernel"
	"github.com/callwright/callwright/media/trunk"
	"github.com/callwright/callwright/mixer/room"
)

// scene is what the tick plays: made by control, never changed but for what frames
// and the tick's own parts of members and seats hold.
type scene struct {
	members []*member // by peer and size of frame, so that sends are few
	places  []*place
	frames  []trunk.Frame // as many as members; their memory goes from scene to scene
	busy    bool          // there is something to tick for
}

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

	rests   bool // see Config
	calmFor int  // ticks

	packet  []byte  // a payload on its way from a ring
	samples []int16 // it decoded
	prompt  []int16 // a frame of a prompt, or of a room's mix
}

func newTicker(conn trunk.Conn, k *kernel.Kernels, c *counters) *ticker {
	t := &ticker{
		k: k, conn: conn, count: c,
		wake: make(chan struct{}, 1), talks: make(chan talk, 1024), notices: make(chan notice, 256),
		packet: make([]byte, trunk.MaxPayload), samples: make([]int16, trunk.MaxPayload),
		prompt: make([]int16, room.Frame(48000)),
	}
	t.scene.Store(&scene{})
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

// run ticks while there is something to tick for, until ctx ends.
func (t *ticker) run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		c := clock{due: time.Now()}
		for s := t.scene.Load(); s.busy && ctx.Err() == nil; s = t.scene.Load() {
			began := time.Now()
			t.step(s)
			wait, off := c.next(began, time.Now())
			t.account(s, off)
			if t.rests && t.calm(s) {
				t.rest(ctx, s, &c)
				continue
			}
			if wait == 0 {
				continue
			}
			timer.Reset(wait)
			select {
			case <-timer.C:
			case <-ctx.Done():
				return
			}
		}
		select {
		case <-t.wake:
		case <-ctx.Done():
			return
		}
	}
}

// step is one tick.
func (t *ticker) step(s *scene) {
	t.count.ticks.Add(1)
	for _, m := range s.members {
		m.ingest(t)
	}
	for _, p := range s.places {
		p.mix(t)
	}
	for i, m := range s.members {
		m.emit(t, &s.frames[i])
	}
	if len(s.members) > 0 && t.conn.Send(s.frames[:len(s.members)]) != nil {
		t.count.sendErrors.Add(1)
	}
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
