package control

import (
	"fmt"
	"slices"
	"sync"
)

// outbox is what waits for a worker. It outlives a link, not an instance: what a
// broken connection left unsent goes out behind the Welcome of the next.
type outbox struct {
	limit int

	mu     sync.Mutex
	queue  []*ToWorker
	owner  *link // sends what is here
	isOpen bool
}

// open gives the queue to l, with welcome at its head.
func (o *outbox) open(l *link, welcome *ToWorker) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.queue) > 0 && o.queue[0].GetWelcome() != nil {
		o.queue = o.queue[1:]
	}
	o.queue = slices.Insert(o.queue, 0, welcome)
	o.isOpen, o.owner = true, l
}

func (o *outbox) shut() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.isOpen, o.owner, o.queue = false, nil, nil
}

func (o *outbox) put(m *ToWorker) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.isOpen {
		return ErrNoWorker
	}
	if len(o.queue) >= o.limit {
		o.owner.fail(ErrSlowWorker)
		return fmt.Errorf("%w: %d turns wait", ErrSlowWorker, len(o.queue))
	}
	o.queue = append(o.queue, m)
	select {
	case o.owner.ready <- struct{}{}:
	default:
	}
	return nil
}

// head is the oldest message, nil if l has none to send. It stays until sent.
func (o *outbox) head(l *link) *ToWorker {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.owner != l || len(o.queue) == 0 {
		return nil
	}
	return o.queue[0]
}

// sent removes the head, unless the queue has passed to another link meanwhile: then
// the message goes twice, which is harmless.
func (o *outbox) sent(l *link) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.owner == l && len(o.queue) > 0 {
		o.queue[0] = nil
		o.queue = o.queue[1:]
	}
}
