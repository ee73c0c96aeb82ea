package relay

import (
	"time"

	"github.com/callwright/callwright/media/control"
)

// finishedKept operations are remembered, so that asking for one again answers with
// its result instead of doing it twice.
const finishedKept = 1024

type finished struct {
	by   map[string]*control.Done
	ring []string
	at   int
}

func newFinished() finished {
	return finished{by: map[string]*control.Done{}, ring: make([]string, finishedKept)}
}

func (f *finished) add(d *control.Done) {
	delete(f.by, f.ring[f.at])
	f.ring[f.at] = d.Op
	f.at = (f.at + 1) % len(f.ring)
	f.by[d.Op] = d
}

// known says whether op runs already, or ran: then its result is told again.
func (r *Relay) known(op string, s *stream) bool {
	if d := r.finished.by[op]; d != nil {
		r.report(&control.Event{Body: &control.Event_Done{Done: d}})
		return true
	}
	if s.in.gone {
		r.done(&control.Done{Op: op, Reason: "gone"})
		return true
	}
	for _, d := range s.in.digits {
		if d.op == op {
			return true
		}
	}
	return s.in.echo != nil && s.in.echo.op == op
}

func (r *Relay) done(d *control.Done) {
	r.finished.add(d)
	r.report(&control.Event{Body: &control.Event_Done{Done: d}})
}

// Stop ends a Digits or an Echo; a digit under way is ended properly first. Unknown or
// ended: nothing happens.
func (r *Relay) Stop(op string) {
	r.ask(func(now time.Time) {
		for i := range r.table.ports {
			if s := r.table.ports[i].Load(); s != nil && r.stop(s, op, now) {
				return
			}
		}
	})
}

func (r *Relay) stop(s *stream, op string, now time.Time) bool {
	if s.in.echo != nil && s.in.echo.op == op {
		r.echoDone(s, "stopped", now)
		return true
	}
	for i, d := range s.in.digits {
		if d.op != op {
			continue
		}
		d.stopped, d.wait = true, 0
		switch {
		case d.sending:
			d.event.Cut()
		case i == 0:
			r.digitsDone(s, d, now)
		}
		return true
	}
	return false
}

// finish ends what runs on a stream that has been dropped, and says goodbye with bye.
func (r *Relay) finish(s *stream, bye bool, now time.Time) {
	if s.in.gone {
		return
	}
	s.in.gone = true
	set := s.set.Load()
	if s.in.events.Open() {
		r.endOfEvent(&s.in)
	}
	if s.in.echo != nil {
		r.echoDone(s, "gone", now)
	}
	for _, d := range s.in.digits {
		r.done(&control.Done{Op: d.op, Reason: "gone", Ms: uint64(now.Sub(d.began) / time.Millisecond)})
	}
	s.in.digits = nil
	r.quality(s, set, now)
	if bye {
		r.sendRTCP(s, set, now, true)
	}
	r.live--
}
