package control

import "sync"

// defaultEvents is a second of digits and completions of some thousand streams.
const defaultEvents = 8192

// eventQueue holds what a worker has to tell, from any goroutine to the link's.
type eventQueue struct {
	ready chan struct{}
	limit int

	mu    sync.Mutex
	queue []*Event
	drops uint64
}

func newEventQueue(limit int) eventQueue {
	return eventQueue{ready: make(chan struct{}, 1), limit: limit}
}

func (q *eventQueue) put(e *Event) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.queue) >= q.limit {
		q.drops++
		return
	}
	q.queue = append(q.queue, e)
	q.signal()
}

func (q *eventQueue) take() []*Event {
	q.mu.Lock()
	defer q.mu.Unlock()
	es := q.queue
	q.queue = nil
	return es
}

// begin is called when a brain is there: one of a new epoch knows nothing of what
// happened under the last.
func (q *eventQueue) begin(anew bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if anew {
		q.drops += uint64(len(q.queue))
		q.queue = nil
	}
	if len(q.queue) > 0 {
		q.signal()
	}
}

func (q *eventQueue) dropped() uint64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.drops
}

func (q *eventQueue) signal() {
	select {
	case q.ready <- struct{}{}:
	default:
	}
}
