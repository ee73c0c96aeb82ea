package cluster

import (
	"errors"
	"time"

	"github.com/hashicorp/raft"
)

const keeperRetry = time.Second

// keep is the keeper goroutine: it takes a snapshot when the log has grown enough,
// or at once when a batch is missing from the log.
func (s *Store) keep() {
	defer close(s.kept)
	for {
		select {
		case <-s.closing:
			return
		case <-s.keepWake:
		}
		if err := s.snapshot(); err != nil {
			s.log.Error("cluster: snapshot failed", "err", err)
			select { // the queue may be full because the disk is
			case <-s.closing:
				return
			case <-time.After(keeperRetry):
				s.wakeKeeper()
			}
		}
	}
}

// snapshot files the tree as it is now and lets raft drop the log before it.
func (s *Store) snapshot() error {
	logged := s.logged.Load()
	err := s.raft.Snapshot().Error()
	if err != nil && !errors.Is(err, raft.ErrNothingNewToSnapshot) {
		return err
	}
	s.logged.Add(-logged)
	s.snapshots.Add(1)
	s.mu.Lock()
	s.queue.healed = max(s.queue.healed, s.filed)
	s.mu.Unlock()
	return nil
}

func (s *Store) gap() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.queue.losses > s.queue.healed
}
