package cluster

import (
	"context"
	"fmt"
)

const (
	maxQueued      = 64 << 10  // batches
	maxQueuedBytes = 128 << 20 // of paths and values
)

// waiter is told when all batches up to a ticket are on disk.
type waiter struct {
	ticket uint64
	losses uint64 // batches refused before it asked
	done   func(error)
}

// queue is what lies between the scripts and the writer, under Store.mu.
type queue struct {
	batches  []Batch
	bytes    int    // of all that is not on disk yet
	accepted uint64 // batches taken since Open: the ticket of the last
	durable  uint64 // of those, on disk
	losses   uint64 // batches refused since Open
	healed   uint64 // of those, held by a snapshot
	lossErr  error  // why the last was refused
	waiters  []waiter
	closed   bool
	ended    bool // the writer is gone
}

// Submit queues a batch and returns at once; it keeps b's slices. It may be called
// from any goroutine, also under the tree's lock, which is what makes the order of
// the log that of the tree. When the queue is full or the store closed the batch is
// refused and counted, and commits fail with ErrBehind until a snapshot holds it.
func (s *Store) Submit(b Batch) {
	size := batchSize(b)
	s.mu.Lock()
	defer s.mu.Unlock()
	q := &s.queue
	switch {
	case q.closed:
		q.lose(ErrClosed)
		return
	case q.accepted-q.durable >= maxQueued, q.bytes+size > maxQueuedBytes && q.bytes > 0:
		q.lose(fmt.Errorf("%w: %d batches, %d bytes waiting", ErrBehind, q.accepted-q.durable, q.bytes))
		s.wakeKeeper()
		return
	}
	q.batches = append(q.batches, b)
	q.bytes += size
	q.accepted++
	s.wakeWriter()
}

// CommitAsync calls done once, with nil when everything submitted before this call
// is on disk on a majority. An error says that this is not known: the batches remain
// queued while the store is open. done runs on a goroutine of the store, never
// inside CommitAsync, and must not block.
func (s *Store) CommitAsync(done func(error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := &s.queue
	if q.ended {
		go done(ErrClosed)
		return
	}
	q.waiters = append(q.waiters, waiter{ticket: q.accepted, losses: q.losses, done: done})
	s.wakeWriter()
}

// settled waits until all that is queued now is on disk; refused batches are not its
// concern.
func (s *Store) settled() error {
	answer := make(chan error, 1)
	s.mu.Lock()
	q := &s.queue
	switch {
	case q.ended && q.durable == q.accepted:
		answer <- nil
	case q.ended:
		answer <- ErrClosed
	default:
		q.waiters = append(q.waiters, waiter{ticket: q.accepted, done: func(err error) { answer <- err }})
		s.wakeWriter()
	}
	s.mu.Unlock()
	return <-answer
}

// Commit waits for CommitAsync's answer or for ctx.
func (s *Store) Commit(ctx context.Context) error {
	answer := make(chan error, 1)
	s.CommitAsync(func(err error) { answer <- err })
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (q *queue) lose(why error) {
	q.losses++
	q.lossErr = why
}

// take hands all queued batches to the writer.
func (q *queue) take() []Batch {
	b := q.batches
	q.batches = nil
	return b
}

// stored counts a group as being on disk, or given up.
func (q *queue) stored(group []Batch) {
	q.durable += uint64(len(group))
	for _, b := range group {
		q.bytes -= batchSize(b)
	}
}

// ready removes the waiters whose batches are on disk and returns them.
func (q *queue) ready() []waiter {
	n := 0
	for n < len(q.waiters) && q.waiters[n].ticket <= q.durable {
		n++
	}
	ready := q.waiters[:n:n]
	q.waiters = q.waiters[n:]
	return ready
}

func batchSize(b Batch) int {
	n := len(b.Kind) + len(b.Unit) + 16
	for _, w := range b.Writes {
		n += len(w.Value) + 8
		for _, p := range w.Path {
			n += len(p) + 3
		}
	}
	return n
}
