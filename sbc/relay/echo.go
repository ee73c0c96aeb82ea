package relay

import (
	"fmt"
	"time"

	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/media/rtp"
)

const (
	maxEcho = 10 * time.Second
	// maxHeld bounds the frames of a delayed echo: 10 s of 10 ms packets.
	maxHeld = 1000
)

// echo is an Echo operation under way. Held frames are a ring, made by Echo, so that
// the packet path allocates nothing.
type echo struct {
	op    string
	delay time.Duration
	began time.Time
	heard uint64 // samples returned

	held []heldFrame
	head int
	n    int
}

type heldFrame struct {
	due       time.Time
	timestamp uint32
	marker    bool
	size      int
	data      [MaxPtime * perMs]byte
}

// Echo returns the remote's own audio after delay (at most 10 s) until Stop or Drop.
// One echo a stream: a second one ends the first. Its end is reported as Done.
func (r *Relay) Echo(op, id string, delay time.Duration) error {
	s := r.streams[id]
	if s == nil {
		return fmt.Errorf("%w: %q", ErrStream, id)
	}
	if delay < 0 || delay > maxEcho {
		return fmt.Errorf("%w: echo delayed by %v, at most %v", ErrFormat, delay, maxEcho)
	}
	e := &echo{op: op, delay: delay}
	if delay > 0 {
		e.held = make([]heldFrame, min(int(delay/(10*time.Millisecond))+10, maxHeld))
	}
	r.ask(func(now time.Time) {
		if r.known(op, s) {
			return
		}
		if s.in.echo != nil {
			r.echoDone(s, "stopped", now)
		}
		e.began = now
		s.in.echo = e
		s.echoing.Store(true)
	})
	return nil
}

// echoed takes an audio packet, already on the trunk's numbers.
func (r *Relay) echoed(s *stream, set *Settings, p *rtp.Packet, now time.Time) {
	e := s.in.echo
	if e.delay == 0 {
		e.play(r, s, set, p, now)
		return
	}
	r.echoDue(s, set, now)
	if e.n == len(e.held) || len(p.Payload) > len(e.held[0].data) {
		return // more than real time: a flood of its own audio
	}
	h := &e.held[(e.head+e.n)%len(e.held)]
	e.n++
	h.due, h.timestamp, h.marker = now.Add(e.delay), p.Timestamp, p.Marker
	h.size = copy(h.data[:], p.Payload)
}

// echoDue returns the frames whose time has come.
func (r *Relay) echoDue(s *stream, set *Settings, now time.Time) {
	for e := s.in.echo; e.n > 0 && !e.held[e.head].due.After(now); e.n-- {
		h := &e.held[e.head]
		e.head = (e.head + 1) % len(e.held)
		p := rtp.Packet{Timestamp: h.timestamp, Marker: h.marker, Payload: h.data[:h.size]}
		e.play(r, s, set, &p, now)
	}
}

func (e *echo) play(r *Relay, s *stream, set *Settings, p *rtp.Packet, now time.Time) {
	if s.out.audio(&r.incoming, s, set, fromEcho, p, now) {
		e.heard += uint64(len(p.Payload))
	}
}

func (r *Relay) echoDone(s *stream, why string, now time.Time) {
	e := s.in.echo
	s.in.echo = nil
	s.echoing.Store(false)
	r.done(&control.Done{Op: e.op, Reason: why, Ms: uint64(now.Sub(e.began) / time.Millisecond), HeardMs: e.heard / perMs})
}
