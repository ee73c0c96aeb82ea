package cluster

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/raft"
)

// Lead is the take-over of a brain, as the log has it.
type Lead struct {
	Epoch uint64    `json:"epoch"`
	Brain string    `json:"brain"`
	HTTP  string    `json:"http,omitempty"` // of its control API
	VIP   string    `json:"vip,omitempty"`
	At    time.Time `json:"at"` // by its own wall clock; for the eye only
}

// Lead waits until this member leads, has all of the log in its tree and the new epoch
// is in the log of a majority. From then on the tree may be written, as long as Lost
// is open. It is called once. Errors: of ctx, ErrDisk, ErrCorrupt, ErrClosed.
func (s *Store) Lead(ctx context.Context) error {
	if s.raft == nil {
		return nil // nothing is kept, and nobody else is there
	}
	for {
		if err := s.awaitElection(ctx); err != nil {
			return err
		}
		err := s.takeOver()
		if err == nil {
			break
		}
		if cause := s.machine.trouble(); cause != nil {
			return cause
		}
		// Another was elected meanwhile: nothing of ours is in the log.
		s.log.Debug("cluster: election won in vain", "err", err)
	}
	s.acting.Store(true)
	s.log.Info("cluster: active", "name", s.cfg.Name, "epoch", s.Epoch())
	go s.write()
	if s.shared() {
		go s.renew()
	}
	return nil
}

func (s *Store) awaitElection(ctx context.Context) error {
	for s.raft.State() != raft.Leader {
		select {
		case <-s.raft.LeaderCh():
		case <-s.lost:
			return s.lostErr
		case <-s.closing:
			return ErrClosed
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(retryEvery): // LeaderCh drops what is not read in time
		}
	}
	return nil
}

// takeOver brings the log into the tree and writes the new epoch. Epochs that were
// never committed may come again, but nobody has acted under them.
func (s *Store) takeOver() error {
	asked := time.Now()
	// AppliedIndex runs ahead of the machine; a barrier does not.
	if err := s.raft.Barrier(0).Error(); err != nil {
		return s.because(err)
	}
	if err := s.machine.trouble(); err != nil {
		return err
	}
	before := s.machine.led()
	lead := Lead{Epoch: max(before.Epoch+1, s.raft.CurrentTerm()), Brain: s.cfg.Name, At: time.Now()}
	if g := s.cfg.Group; g != nil {
		lead.HTTP, lead.VIP = g.HTTP, g.VIP
	}
	text, err := entry{run: s.run, first: 1, lead: &lead}.encode()
	if err != nil {
		return err
	}
	if err := s.raft.Apply(text, 0).Error(); err != nil {
		return s.because(err)
	}
	s.extend(asked)
	s.before = before
	s.epoch.Store(lead.Epoch)
	return nil
}

// Before is the take-over before this brain's own. It may be asked once Lead has returned.
func (s *Store) Before() Lead { return s.before }

// lose ends this store's leadership for good; the first reason stands. The tree may
// hold what the log never will: the process must end, and another one join anew.
func (s *Store) lose(why error) {
	s.loseOnce.Do(func() {
		s.held.Store(0)
		s.lostErr = fmt.Errorf("%w: %w", ErrLost, why)
		close(s.lost)
	})
}

// Lost is closed when this brain must not act any more: it has lost its lease, or its
// disk. Why says Reason.
func (s *Store) Lost() <-chan struct{} { return s.lost }

// Reason is why Lost was closed; nil while it is open.
func (s *Store) Reason() error {
	select {
	case <-s.lost:
		return s.lostErr
	default:
		return nil
	}
}

// pass is the life of a witness: what it wins it hands to the brain that takes it.
func (s *Store) pass() {
	for s.awaitElection(context.Background()) == nil {
		if err := s.transfer(""); err != nil {
			s.log.Debug("cluster: a witness leads, and nobody takes over", "err", err)
		}
		select {
		case <-s.closing:
			return
		case <-time.After(s.timeout() / 4):
		}
	}
}
