package control

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// hubStream is the brain's end of a connection, by gRPC or in memory. When serve
// returns the connection is torn down, which ends Send and Recv.
type hubStream interface {
	Send(*ToWorker) error
	Recv() (*ToBrain, error)
}

// link is one connection of one worker.
type link struct {
	hub    *Hub
	known  bool // by certificate: needs no secret
	stream hubStream
	ready  chan struct{} // the outbox has something
	beat   chan struct{} // time for a heartbeat

	mu    sync.Mutex
	seat  *seat // nil until welcomed
	ended bool

	hello  *Hello // set before the seat
	heard  atomic.Bool
	missed int // of the detector alone

	once sync.Once
	done chan struct{}
	why  error // valid when done is closed
}

// serve carries one connection until it ends and says why.
func (h *Hub) serve(stream hubStream, known bool) error {
	l := &link{hub: h, known: known, stream: stream, ready: make(chan struct{}, 1), beat: make(chan struct{}, 1), done: make(chan struct{})}
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return ErrClosed
	}
	h.links[l] = struct{}{}
	h.wg.Go(l.read)
	h.mu.Unlock()
	hello := time.AfterFunc(helloTime, func() {
		if l.seated() == nil {
			l.fail(fmt.Errorf("%w: none within %v", ErrHello, helloTime))
		}
	})
	<-l.done
	hello.Stop()
	h.mu.Lock()
	delete(h.links, l)
	h.mu.Unlock()
	if s := l.end(); s != nil {
		s.lost(l, l.why, errors.Is(l.why, ErrSilent) || errors.Is(l.why, ErrSlowWorker))
	} else if !errors.Is(l.why, ErrClosed) {
		h.cfg.Log.Warn("worker refused", "why", l.why)
	}
	return l.why
}

// fail ends the link; the first reason stands.
func (l *link) fail(why error) {
	l.once.Do(func() {
		l.why = why
		close(l.done)
	})
}

// sit gives l its seat, unless it has ended already.
func (l *link) sit(s *seat) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.ended {
		l.seat = s
	}
	return !l.ended
}

func (l *link) seated() *seat {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seat
}

// end returns the seat to be left; from here on none can be taken.
func (l *link) end() *seat {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
	return l.seat
}

// tick is called by the detector, once a heartbeat.
func (l *link) tick(late bool) {
	if l.seated() == nil {
		return
	}
	if l.heard.Swap(false) || late {
		l.missed = 0
	} else if l.missed++; l.dead() {
		l.fail(fmt.Errorf("%w: %d missed", ErrSilent, l.missed))
	}
	select {
	case l.beat <- struct{}{}:
	default: // the last one is not sent yet
	}
}

// excused is how many times longer a worker that is known to run may be silent.
const excused = 10

func (l *link) dead() bool {
	limit, excuse := l.hub.cfg.Missed, l.hub.cfg.Excuse
	if l.missed < limit {
		return false
	}
	return l.missed >= excused*limit || excuse == nil || !excuse(l.hello)
}

func (l *link) read() {
	m, err := l.stream.Recv()
	if err == nil {
		err = l.hub.admit(l, m.GetHello())
	}
	if err != nil {
		l.fail(err)
		return
	}
	l.heard.Store(true)
	s := l.seated()
	if !l.hub.spawn(func() { l.write(s) }) {
		return
	}
	for {
		m, err := l.stream.Recv()
		if err != nil {
			l.fail(err)
			return
		}
		l.heard.Store(true)
		if !l.take(s, m) {
			return
		}
	}
}

func (l *link) take(s *seat, m *ToBrain) bool {
	switch b := m.GetBody().(type) {
	case *ToBrain_Heartbeat:
		return s.tell(l, HubEvent{Kind: Beaten, Beat: b.Heartbeat})
	case *ToBrain_Report:
		return s.tell(l, HubEvent{Kind: Reported, Report: b.Report})
	case *ToBrain_Offer:
		return s.tell(l, HubEvent{Kind: Offered, Offer: b.Offer})
	case *ToBrain_Stowed:
		return s.tell(l, HubEvent{Kind: Kept, Stowed: b.Stowed.GetNumber()})
	}
	return true // a newer worker's message, or Hello again: skipped
}

func (l *link) write(s *seat) {
	seq := uint64(0)
	for err := l.drain(s); err == nil; {
		select {
		case <-l.done:
			return
		case <-l.ready:
			err = l.drain(s)
		case <-l.beat:
			seq++
			err = l.stream.Send(l.hub.message(&ToWorker_Heartbeat{Heartbeat: &Heartbeat{Seq: seq}}))
		}
		if err != nil {
			l.fail(err)
		}
	}
}

// drain sends all that waits, the Welcome first.
func (l *link) drain(s *seat) error {
	for m := s.out.head(l); m != nil; m = s.out.head(l) {
		if err := l.stream.Send(m); err != nil {
			l.fail(err)
			return err
		}
		s.out.sent(l)
	}
	return nil
}
