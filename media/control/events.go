package control

import "sync"

// defaultEvents is some seconds of digits and completions of some thousand streams.
const defaultEvents = 8192

// eventQueue holds what a worker has to tell, from any goroutine to the link's, until
// the brain has it in safety. Events are numbered for the life of the worker, so a
// brain knows those that it has had.
type eventQueue struct {
	ready chan struct{}
	limit int

	mu    sync.Mutex
	queue []*Event // the oldest first
	sent  int      // so many of them went over this connection
	seq   uint64
	drops uint64
}

func newEventQueue(limit int) eventQueue {
	return eventQueue{ready: make(chan struct{}, 1), limit: limit}
}

// put drops the oldest event when too many wait: a brain that is there has had it.
func (q *eventQueue) put(e *Event) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.queue) >= q.limit {
		if q.forget(1) == 0 {
			q.drops++
		}
	}
	q.seq++
	e.Seq = q.seq
	q.queue = append(q.queue, e)
	q.signal()
}

// take returns what this connection has not sent yet.
func (q *eventQueue) take() []*Event {
	q.mu.Lock()
	defer q.mu.Unlock()
	es := append([]*Event(nil), q.queue[q.sent:]...)
	q.sent = len(q.queue)
	return es
}

// heard forgets the events up to seq.
func (q *eventQueue) heard(seq uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := 0
	for n < q.sent && q.queue[n].Seq <= seq {
		n++
	}
	q.forget(n)
}

// forget drops the n oldest and says how many of them had been sent.
func (q *eventQueue) forget(n int) (sent int) {
	sent = min(n, q.sent)
	q.sent -= sent
	clear(q.queue[:n])
	q.queue = q.queue[n:]
	return sent
}

// begin is called when a brain is there: all that is kept is told again.
func (q *eventQueue) begin() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.sent = 0
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
