package engine

import (
	"sync"
	"time"
)

// inbox is the one way into the shard: any goroutine puts values in, the shard
// takes all that is there. It is not bounded by itself: each source is (listeners
// by admission, links by their windows, isolates by one activation a unit), and
// oldest tells how far behind the shard is, which is what overload is judged by.
type inbox struct {
	mu     sync.Mutex
	values []any
	oldest time.Time     // when values[0] came
	wake   chan struct{} // holds one token while values wait
	closed bool
}

func newInbox() *inbox { return &inbox{wake: make(chan struct{}, 1)} }

// put never blocks. After close it drops the value: the shard is gone.
func (b *inbox) put(v any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return
	}
	if len(b.values) == 0 {
		b.oldest = time.Now()
	}
	b.values = append(b.values, v)
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// take swaps out everything that waits; spare becomes the next buffer. It also says
// how long the first of them has waited.
func (b *inbox) take(spare []any) ([]any, time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	vs := b.values
	b.values = spare[:0]
	if len(vs) == 0 {
		return vs, 0
	}
	return vs, time.Since(b.oldest)
}

func (b *inbox) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed, b.values = true, nil
}
