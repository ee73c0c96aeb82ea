package mixer

import (
	"math"
	"sync/atomic"

	"github.com/callwright/callwright/media/kernel"
	"github.com/callwright/callwright/mixer/room"
)

// place is a room and who sits in it. Immutable.
type place struct {
	hall    *hall
	cast    *room.Cast
	members []*member // of the cast's seats
	leaving []*member // of those who leave
	past    *past     // nil: nothing is kept
	levels  int       // ticks between reports of levels, 0: none
}

// hall is a room over the time of its life.
type hall struct {
	id  string
	mix *room.Room
	target

	floor  *room.Member // as told; the tick's
	passed int          // ticks since levels were told; the tick's
}

// notice is what a tick has to tell of a room. The desk finds out the rest.
type notice struct {
	hall   *hall
	floor  *room.Member // with levels false
	levels bool
}

// prefetch asks for what a room's members say. A large room's would push itself out.
func (p *place) prefetch(k *kernel.Kernels) {
	const most = 16
	for _, m := range p.members[:min(most, len(p.members))] {
		k.Prefetch(m.playout.Due())
	}
}

// mix is a room's tick.
func (p *place) mix(h *hand, wire []byte) {
	s := p.hall.sounds.Load()
	if s == nil && len(p.cast.Seats) == 0 && len(p.cast.Leaving) == 0 {
		return
	}
	for i, m := range p.members {
		if !m.single {
			m.mix.Out = h.heard[i%len(h.heard)][:len(m.out)]
			m.ingest(h)
		}
	}
	r := p.hall.mix
	frame := h.prompt[:room.Frame(r.Rate)]
	r.Begin(h.scratch)
	recorded := s != nil && len(s.records) > 0
	r.Gather(p.cast, p.play(s, frame), recorded || p.past != nil)
	if p.past != nil {
		r.Total(frame)
		p.past.put(frame)
	}
	if recorded {
		r.Total(frame)
		for _, rec := range s.records {
			rec.Push(frame, nil)
		}
	}
	for i, m := range p.members {
		if r.Hear(p.cast.Seats[i]); !m.single {
			m.emit(h, wire)
		}
	}
	p.tell(h.t)
}

// play puts what plays to the room into its sum and says how much quieter members are
// meanwhile.
func (p *place) play(s *sounds, frame []int16) kernel.Gain {
	duck := kernel.Unity
	if s == nil {
		return duck
	}
	for _, play := range s.plays {
		if play.Pull(frame) {
			p.hall.mix.Add(frame)
			duck = min(duck, play.Duck())
		}
	}
	return duck
}

func (p *place) tell(t *ticker) {
	h := p.hall
	if h.mix.Floor != h.floor {
		h.floor = h.mix.Floor
		t.notify(notice{hall: h, floor: h.floor})
	}
	if h.passed++; p.levels > 0 && h.passed >= p.levels {
		h.passed = 0
		for _, m := range p.members {
			m.loud.Store(math.Float64bits(m.mean))
		}
		t.notify(notice{hall: h, levels: true})
	}
}

// notify passes a notice on; a queue that is full loses it.
func (t *ticker) notify(n notice) {
	select {
	case t.notices <- n:
	default:
		t.count.noticesLost.Add(1)
	}
}

// past is the last part of a room's mix. The tick writes it, and copies it out for who
// asks: nobody else looks at buf.
type past struct {
	rate   int
	buf    []int16
	at     int
	filled bool
	asked  atomic.Pointer[recall]
}

// recall is a wish for the past; out is what there was when done is closed.
type recall struct {
	out  []int16 // as long as buf; cut to what is there
	done chan struct{}
}

func newPast(rate int, ms uint32) *past {
	return &past{rate: rate, buf: make([]int16, int(ms)*rate/1000/room.Frame(rate)*room.Frame(rate))}
}

// put keeps a frame. To answer a wish costs one copy of what is kept, for 30 s at
// 8 kHz some 20 µs.
func (p *past) put(frame []int16) {
	if len(p.buf) == 0 {
		return
	}
	copy(p.buf[p.at:], frame)
	if p.at += len(frame); p.at >= len(p.buf) {
		p.at, p.filled = 0, true
	}
	if w := p.asked.Swap(nil); w != nil {
		n := 0
		if p.filled {
			n = copy(w.out, p.buf[p.at:])
		}
		n += copy(w.out[n:], p.buf[:p.at])
		w.out = w.out[:n]
		close(w.done)
	}
}
