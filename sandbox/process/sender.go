package process

import (
	"io"
	"sync"
)

// sender writes frames to a connection. Many frames leave in one write when they come
// faster than the other side's kernel takes them.
type sender struct {
	w    io.Writer
	mu   sync.Mutex
	wake sync.Cond
	buf  []byte
	back []byte // the other buffer
	busy bool   // somebody is writing
	shut bool
}

func newSender(w io.Writer) *sender {
	s := &sender{w: w}
	s.wake.L = &s.mu
	return s
}

// put queues a frame and never waits. p is a pointer to the value.
func (s *sender) put(k kind, p any) {
	s.mu.Lock()
	if !s.shut {
		s.buf = appendFrame(s.buf, k, p)
	}
	s.mu.Unlock()
	s.wake.Signal()
}

// now queues a frame and writes what is queued on the caller's goroutine, which saves
// waking another; it may wait for the other side.
func (s *sender) now(k kind, p any) {
	s.mu.Lock()
	if !s.shut {
		s.buf = appendFrame(s.buf, k, p)
	}
	s.drain()
	s.mu.Unlock()
}

// run writes what put queues, until close.
func (s *sender) run() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.shut {
		if s.drain(); !s.shut {
			s.wake.Wait()
		}
	}
}

// drain writes until nothing is queued, unless somebody does already. It runs under mu
// and lets go of it while it writes.
func (s *sender) drain() {
	for !s.busy && !s.shut && len(s.buf) > 0 {
		out := s.buf
		s.buf, s.busy = s.back[:0], true
		s.mu.Unlock()
		_, err := s.w.Write(out)
		s.mu.Lock()
		if s.busy = false; err != nil {
			s.shut = true
		}
		if s.back = out; cap(out) > 1<<20 {
			s.back = nil
		}
	}
}

func (s *sender) close() {
	s.mu.Lock()
	s.shut, s.buf = true, nil
	s.mu.Unlock()
	s.wake.Broadcast()
}
