package mixer

import (
	"context"
	"math"
	"time"

	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/mixer/room"
)

// reportTalks takes what ticks have to tell to the brain.
func (m *Mixer) reportTalks(ctx context.Context) {
	for {
		select {
		case t := <-m.tick.talks:
			m.cfg.Report.Report(&control.Event{Body: &control.Event_Talk{
				Talk: &control.Talk{Member: t.member, Talking: t.talking}}})
		case n := <-m.tick.notices:
			if e := m.desk.notice(n); e != nil {
				m.cfg.Report.Report(e)
			}
		case <-ctx.Done():
			return
		}
	}
}

// notice names what a tick has told of a room; nil: it is gone meanwhile.
func (d *desk) notice(n notice) *control.Event {
	d.mu.Lock()
	defer d.mu.Unlock()
	h := d.rooms[n.hall.id]
	if h == nil || h.hall != n.hall {
		return nil
	}
	if n.levels {
		return &control.Event{Body: &control.Event_Levels{Levels: h.levels()}}
	}
	f := &control.Floor{Room: n.hall.id}
	for _, p := range h.crowd {
		if &p.m.mix == n.floor {
			f.Member = p.m.id
		}
	}
	if n.floor != nil && f.Member == "" {
		return nil // it has left: the next tick tells who has the floor now
	}
	return &control.Event{Body: &control.Event_Floor{Floor: f}}
}

// lowest is the level below which a member is left out of Levels.
const lowest = -60

func (h *hallKeep) levels() *control.Levels {
	l := &control.Levels{Room: h.hall.id}
	for _, p := range h.crowd {
		ms := math.Float64frombits(p.m.loud.Load())
		if db := 10 * math.Log10(ms/(1<<30)); ms > 0 && db > lowest {
			l.Members = append(l.Members, p.m.id)
			l.Dbov = append(l.Dbov, math.Round(db*10)/10)
		}
	}
	return l
}

// recallLimit is how long a playback waits for the tick to copy the past.
const recallLimit = 200 * time.Millisecond

// recall gives the last ms of a room's mix and its rate, or nothing. It is called on a
// playback's goroutine.
func (d *desk) recall(id string, ms uint32) ([]int16, int) {
	d.mu.Lock()
	h := d.rooms[id]
	if h == nil || h.past == nil {
		d.mu.Unlock()
		return nil, 0
	}
	p := h.past
	w := &recall{out: make([]int16, len(p.buf)), done: make(chan struct{})}
	d.mu.Unlock()
	limit := time.NewTimer(recallLimit)
	defer limit.Stop()
	again := time.NewTicker(room.FrameMS * time.Millisecond)
	defer again.Stop()
	for asked := false; ; {
		asked = asked || p.asked.CompareAndSwap(nil, w) // another may ask: it takes a tick
		select {
		case <-w.done:
			n := min(len(w.out), int(ms)*p.rate/1000)
			return w.out[len(w.out)-n:], p.rate
		case <-again.C:
		case <-limit.C:
			p.asked.CompareAndSwap(w, nil)
			return nil, 0
		}
	}
}
