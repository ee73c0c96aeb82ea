package engine

import (
	"container/heap"
	"time"
)

// timers is the shard's timer heap: one time.Timer serves all calls. Names are the
// cores' own (call.TimerID, flow.TimerID); arming an armed name moves it. Cost:
// O(log n) and one allocation an arming.
type timers struct {
	queue timerQueue
	named map[any]*timer
}

type timer struct {
	name  any
	at    time.Time
	order uint64 // of arming: timers of one instant fire in the order they were armed
	index int
}

func newTimers() *timers { return &timers{named: map[any]*timer{}} }

func (t *timers) arm(name any, at time.Time, order uint64) {
	if e := t.named[name]; e != nil {
		e.at, e.order = at, order
		heap.Fix(&t.queue, e.index)
		return
	}
	e := &timer{name: name, at: at, order: order}
	t.named[name] = e
	heap.Push(&t.queue, e)
}

func (t *timers) disarm(name any) {
	if e := t.named[name]; e != nil {
		heap.Remove(&t.queue, e.index)
		delete(t.named, name)
	}
}

// due takes the first timer that should have fired by now.
func (t *timers) due(now time.Time) (name any, ok bool) {
	if len(t.queue) == 0 || t.queue[0].at.After(now) {
		return nil, false
	}
	e := heap.Pop(&t.queue).(*timer)
	delete(t.named, e.name)
	return e.name, true
}

// next is the instant of the first timer.
func (t *timers) next() (time.Time, bool) {
	if len(t.queue) == 0 {
		return time.Time{}, false
	}
	return t.queue[0].at, true
}

type timerQueue []*timer

func (q timerQueue) Len() int { return len(q) }
func (q timerQueue) Less(i, j int) bool {
	if q[i].at.Equal(q[j].at) {
		return q[i].order < q[j].order
	}
	return q[i].at.Before(q[j].at)
}
func (q timerQueue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i, j
}
func (q *timerQueue) Push(x any) {
	e := x.(*timer)
	e.index = len(*q)
	*q = append(*q, e)
}
func (q *timerQueue) Pop() any {
	old := *q
	e := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	return e
}
