package supervise

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// ErrStart tells that a child could not begin its work before the engine was ready.
var ErrStart = errors.New("supervise: start failed")

// startFailed is the exit code with which our programs refuse to start.
const startFailed = 2

// Config says what is run.
type Config struct {
	Program string // path of the executable
	Secret  string // of this start
	// Brain is told of workers that exited, reports readiness, and is stopped first.
	Brain Spec
	// Workers are stopped after the brain, in order.
	Workers []Spec
	// Line takes each line that a child writes or the supervisor says about it; it
	// is called from many goroutines.
	Line func(name, line string)
	// Ready is called each time a brain takes calls; again is true after the first.
	Ready func(r Ready, again bool)
	// Lease is told until when the brain may act, on the clock of Monotonic; NoLease when
	// it has said so or its process has ended. Nil: nobody asks. It must not block.
	Lease func(until int64)
}

// Supervisor runs the processes of one engine. Use Run.
type Supervisor struct {
	cfg      Config
	brain    *child
	workers  []*child
	failed   chan error // holds the first start that cannot come to anything
	mu       sync.Mutex
	wasReady bool
	stoodBy  bool // a brain has come up as a standby
}

// Run starts all children and keeps them until ctx ends, then stops the brain (it
// hangs up its calls) and after it the workers. It returns nil then, or ErrStart
// with the child's own words if one refused to start before the engine was ready.
func Run(ctx context.Context, cfg Config) error {
	s := &Supervisor{cfg: cfg, failed: make(chan error, 1)}
	s.brain = newChild(s, cfg.Brain)
	for _, spec := range cfg.Workers {
		s.workers = append(s.workers, newChild(s, spec))
	}
	go s.brain.keep()
	for _, w := range s.workers {
		go w.keep()
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-s.failed:
	}
	s.stop()
	return err
}

// stop ends the children one after another, whatever they are doing.
func (s *Supervisor) stop() {
	close(s.brain.stop)
	<-s.brain.stopped
	for _, w := range s.workers {
		close(w.stop)
		<-w.stopped
	}
}

// over is called on a child's goroutine after each end of its process.
func (s *Supervisor) over(c *child) {
	if c == s.brain && s.cfg.Lease != nil {
		s.cfg.Lease(NoLease)
	}
}

// ended is called on a child's goroutine after each unwanted end.
func (s *Supervisor) ended(c *child, end ending, again time.Duration) {
	why := end.last
	if why == "" {
		why = "exit code 0"
		if end.err != nil {
			why = end.err.Error()
		}
	}
	s.mu.Lock()
	ready := s.wasReady || s.stoodBy
	s.mu.Unlock()
	if !ready && (end.code == startFailed || !end.lived) {
		select {
		case s.failed <- fmt.Errorf("%w: %s: %s", ErrStart, c.spec.Name, why):
		default: // the first one is told
		}
		return
	}
	if c != s.brain {
		s.brain.tell(Notice{Exited: c.spec.Name})
	}
	when := "at once"
	if again > 0 {
		when = fmt.Sprintf("in %v", again)
	}
	s.log(c.spec.Name, fmt.Sprintf("ended (%s), starting again %s", why, when))
}

func (s *Supervisor) reported(c *child, r Report) {
	if c != s.brain {
		return // workers have nothing to report here
	}
	if r.Kill != "" {
		for _, w := range s.workers {
			if w.spec.Name == r.Kill {
				s.log(r.Kill, "does not answer, killed")
				select {
				case w.kill <- struct{}{}:
				default:
				}
			}
		}
	}
	if r.Lease != 0 && s.cfg.Lease != nil {
		s.cfg.Lease(r.Lease)
	}
	if r.Standby {
		s.mu.Lock()
		s.stoodBy = true
		s.mu.Unlock()
	}
	if r.Ready != nil {
		s.mu.Lock()
		again := s.wasReady
		s.wasReady = true
		s.mu.Unlock()
		s.cfg.Ready(*r.Ready, again)
	}
}

func (s *Supervisor) log(name, line string) { s.cfg.Line(name, line) }
