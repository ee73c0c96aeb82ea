package events

import (
	"sync"
	"time"
)

// Item is a value with its number.
type Item[T any] struct {
	Seq   uint64
	Value T
}

// Ring keeps the last values put into it. Make it with NewRing; its methods may be
// called from any goroutine.
type Ring[T any] struct {
	mu    sync.Mutex
	items []Item[T] // a circle once it is full; the oldest is at next
	next  int
	seq   uint64
	more  chan struct{} // closed by the next Put; nil: nobody waits
}

// NewRing makes a ring of the last n values.
func NewRing[T any](n int) *Ring[T] {
	return &Ring[T]{items: make([]Item[T], 0, n), seq: uint64(time.Now().UnixMicro())}
}

// Put adds a value and returns its number. The ring keeps what v refers to.
func (r *Ring[T]) Put(v T) uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seq++
	item := Item[T]{r.seq, v}
	if len(r.items) < cap(r.items) {
		r.items = append(r.items, item)
	} else {
		r.items[r.next] = item
		r.next = (r.next + 1) % len(r.items)
	}
	if r.more != nil {
		close(r.more)
		r.more = nil
	}
	return r.seq
}

// After returns, oldest first, at most limit values with numbers above seq that want
// says yes to (nil: all), the number up to which it has looked, and a channel that is
// closed when there is more. With a limit of 0 there is none. want runs under the lock.
func (r *Ring[T]) After(seq uint64, limit int, want func(*T) bool) (list []Item[T], looked uint64, more <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	looked = max(seq, r.seq)
	for i := range r.items {
		item := &r.items[(r.next+i)%len(r.items)]
		if item.Seq <= seq || want != nil && !want(&item.Value) {
			continue
		}
		if limit > 0 && len(list) == limit {
			looked = list[limit-1].Seq
			break
		}
		list = append(list, *item)
	}
	if r.more == nil {
		r.more = make(chan struct{})
	}
	return list, looked, r.more
}

// Last returns, oldest first, the last n values that want says yes to.
func (r *Ring[T]) Last(n int, want func(*T) bool) []Item[T] {
	list, _, _ := r.After(0, 0, want)
	return list[max(0, len(list)-n):]
}

// Oldest is the number of the oldest value that is kept, 0 while there is none.
func (r *Ring[T]) Oldest() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.items) == 0 {
		return 0
	}
	return r.items[r.next%len(r.items)].Seq
}

// Cap is how many values are kept.
func (r *Ring[T]) Cap() int { return cap(r.items) }
