package control

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// maxFormer instances of one name are remembered as given up.
const maxFormer = 16

// seat is one worker's name at the hub: who sits there, and its link if it has one.
// mu is held while Sink runs, which keeps one worker's events in order.
type seat struct {
	hub  *Hub
	name string
	out  outbox

	sits atomic.Pointer[string] // instance, for who may not wait for mu

	mu       sync.Mutex
	up       bool
	instance string
	link     *link       // nil: down, or lost and suspected
	suspect  *time.Timer // runs while up and without a link
	former   []string
}

func newSeat(h *Hub, name string) *seat {
	return &seat{hub: h, name: name, out: outbox{limit: h.cfg.Queue}}
}

// take seats l. The same instance coming back keeps its queue; another one replaces
// the old, which is Down first.
func (s *seat) take(l *link, hello *Hello) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.Contains(s.former, hello.Instance) {
		return fmt.Errorf("%w: worker %q", ErrReplaced, s.name)
	}
	if !l.sit(s) {
		return ErrClosed
	}
	if old := s.link; old != nil {
		old.fail(ErrReplaced)
	}
	if s.suspect != nil {
		s.suspect.Stop()
		s.suspect = nil
	}
	if s.up && s.instance != hello.Instance {
		s.down(ErrReplaced)
	}
	s.up, s.instance, s.link = true, hello.Instance, l
	s.sits.Store(&hello.Instance)
	s.out.open(l, s.hub.message(&ToWorker_Welcome{Welcome: &Welcome{
		HeartbeatMs: uint32(s.hub.cfg.Heartbeat / time.Millisecond)}}))
	s.sink(HubEvent{Kind: Up, Hello: hello})
	return nil
}

// tell hands an event of l to the brain if l still has the seat.
func (s *seat) tell(l *link, e HubEvent) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.link != l {
		return false
	}
	s.sink(e)
	return true
}

// lost is called when l has ended. A closed connection is a suspicion only: the
// worker may be back in a moment, and what is queued for it waits.
func (s *seat) lost(l *link, why error, certain bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.link != l {
		return
	}
	s.link = nil
	if certain {
		s.down(why)
		return
	}
	wait := s.hub.cfg.Heartbeat * time.Duration(s.hub.cfg.Missed)
	var t *time.Timer
	t = time.AfterFunc(wait, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.suspect == t {
			s.down(fmt.Errorf("connection closed (%w) and not back within %v", why, wait))
		}
	})
	s.suspect = t
}

// end declares an instance of the worker down from outside of its link, but not a
// successor that has taken the seat meanwhile.
func (s *seat) end(instance string, why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.instance != instance {
		return
	}
	if l := s.link; l != nil {
		s.link = nil
		l.fail(why)
	}
	if s.up {
		s.down(why)
	}
}

// down is called with mu held and the link already let go.
func (s *seat) down(why error) {
	if s.suspect != nil {
		s.suspect.Stop()
		s.suspect = nil
	}
	s.up, s.link = false, nil
	s.out.shut()
	s.former = append(s.former, s.instance)
	if len(s.former) > maxFormer {
		s.former = s.former[1:]
	}
	s.sink(HubEvent{Kind: Down, Why: why.Error()})
}

func (s *seat) sink(e HubEvent) {
	e.Worker = s.name
	select {
	case <-s.hub.stop:
	default:
		s.hub.cfg.Sink(e)
	}
}
