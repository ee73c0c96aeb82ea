package cluster

import (
	"fmt"
	"time"
)

const (
	groupBatches = 100
	groupBytes   = 1 << 20
	maxEntry     = 32 << 20 // half of what the write-ahead log takes, so that a segment's count cannot overflow
	retryEvery   = 100 * time.Millisecond
)

// write is the writer goroutine. One entry is under way at a time: its successor
// gathers what arrives meanwhile, and a failed entry is tried again before any
// later one, so the log has no gap.
func (s *Store) write() {
	defer close(s.written)
	for {
		s.mu.Lock()
		work := s.queue.take()
		closed := s.queue.closed
		s.mu.Unlock()
		for len(work) > 0 {
			n := groupLen(work)
			if err := s.replicate(work[:n]); err != nil {
				s.endWriter(err)
				return
			}
			work = work[n:]
		}
		s.answer()
		if closed {
			s.endWriter(nil)
			return
		}
		<-s.wake
	}
}

// groupLen says how many of the first batches share an entry: at least one.
func groupLen(work []Batch) int {
	size := batchSize(work[0])
	for n := 1; n < len(work); n++ {
		size += batchSize(work[n])
		if n == groupBatches || size > groupBytes {
			return n
		}
	}
	return len(work)
}

// replicate returns when the group is on disk, or with an error when the store is
// closed and the disk does not take it.
func (s *Store) replicate(group []Batch) error {
	entry, err := s.encode(group)
	if err != nil && len(group) > 1 { // one bad batch shall not cost the others
		for i := range group {
			if err := s.replicate(group[i : i+1]); err != nil {
				return err
			}
		}
		return nil
	}
	if err != nil {
		s.skip(group[0], err)
		return nil
	}
	if s.raft != nil {
		if err := s.apply(entry); err != nil {
			return err
		}
	}
	s.mu.Lock()
	s.queue.stored(group)
	s.mu.Unlock()
	s.entries.Add(1)
	if s.logged.Add(int64(len(entry))) > s.cfg.SnapshotEvery {
		s.wakeKeeper()
	}
	s.answer()
	return nil
}

func (s *Store) encode(group []Batch) ([]byte, error) {
	if s.raft == nil {
		return nil, nil
	}
	if size := batchSize(group[0]); size > maxEntry {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, size, maxEntry)
	}
	s.mu.Lock()
	first := s.queue.durable + 1 // what came before is on disk, or given up
	s.mu.Unlock()
	return entry{run: s.run, first: first, batches: group}.encode()
}

// apply puts one entry into the log, again and again until it is there: a second copy
// is known by its number.
func (s *Store) apply(entry []byte) error {
	for {
		err := s.commit(entry)
		if err == nil {
			return nil
		}
		s.fail(err)
		if s.shared() { // whether a majority has it is for its next leader to find out
			s.lose(err)
			return err
		}
		select {
		case <-s.closing:
			return err
		case <-time.After(retryEvery):
		}
	}
}

// stalled is how long a majority may take for an entry before this brain makes way.
const stalled = 5 * time.Second

func (s *Store) commit(entry []byte) error {
	if s.shared() {
		slow := time.AfterFunc(stalled, func() { s.lose(fmt.Errorf("%w: an entry takes more than %v", ErrDisk, stalled)) })
		defer slow.Stop()
	}
	return s.raft.Apply(entry, 0).Error()
}

// skip gives up a batch that the log cannot hold; a snapshot will. Those who wait
// for it, or for a later one, learn why.
func (s *Store) skip(b Batch, why error) {
	s.log.Error("cluster: batch not logged", "unit", b.Unit, "turn", b.Turn, "err", why)
	s.mu.Lock()
	q := &s.queue
	q.stored([]Batch{b})
	q.lose(why)
	for i := range q.waiters {
		if q.waiters[i].ticket >= q.durable {
			q.waiters[i].losses = q.losses
		}
	}
	s.mu.Unlock()
	s.wakeKeeper()
	s.answer()
}

// answer tells all whose batches are on disk, on the caller's goroutine.
func (s *Store) answer() {
	s.mu.Lock()
	ready := s.queue.ready()
	healed, lossErr := s.queue.healed, s.queue.lossErr
	s.mu.Unlock()
	for _, w := range ready {
		if w.losses > healed {
			w.done(lossErr)
			continue
		}
		w.done(nil)
	}
}

// fail tells all who wait that the disk refuses; their batches stay queued.
func (s *Store) fail(err error) {
	s.mu.Lock()
	waiting := s.queue.waiters
	s.queue.waiters = nil
	s.mu.Unlock()
	s.failures.Add(1)
	for _, w := range waiting {
		w.done(fmt.Errorf("%w: %w", ErrDisk, err))
	}
}

// endWriter answers what is left and refuses what comes later. err is why the
// queue could not be emptied.
func (s *Store) endWriter(err error) {
	s.mu.Lock()
	q := &s.queue
	q.ended = true
	lost := q.accepted - q.durable
	s.mu.Unlock()
	s.answer()
	if err == nil {
		return
	}
	s.endErr = fmt.Errorf("%d batches not stored: %w", lost, err)
	s.fail(s.endErr)
}

// wakeWriter and wakeKeeper never block: one pending wake-up is enough.
func (s *Store) wakeWriter() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *Store) wakeKeeper() {
	select {
	case s.keepWake <- struct{}{}:
	default:
	}
}
