package flow

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/callwright/callwright/engine/keep"
)

// maxWaiting is how many may wait for one lock.
const maxWaiting = 1_000

// holder is an operation that has a lock, or waits for it.
type holder struct {
	unit string
	op   uint32
}

// mutex is one lock: its holder and those that wait, in the order they came. Locks are
// the memory of the brain that runs the units: who held one when a brain ends takes it
// anew when its unit is recovered, and those that waited stand in the order they came.
type mutex struct {
	holder  holder
	line    string
	waiting []holder
	asked   uint64 // how many have, since the lock was free
}

// next is the place of one who asks now.
func (m *mutex) next() uint64 {
	m.asked++
	return m.asked
}

// lock is lock(key, fn): fn runs while no other fn of that key does. The lock is given
// back at the end of fn, of its unit, or of its time.
type lock struct {
	Key  string          `json:"key"`
	Fn   json.RawMessage `json:"fn"`
	Wait millis          `json:"wait"`
	TTL  millis          `json:"ttl"`

	held  bool
	place uint64 // in the order of those that asked: a recovery sorts by it
}

type granted struct{}

func (v *lock) begin(o *operation) {
	if v.Key == "" || len(v.Key) > keep.MaxKey {
		o.fail(badOption(fmt.Sprintf("lock: a key has 1 to %d bytes", keep.MaxKey)))
		return
	}
	if e := o.ownName(v.Key); e != nil {
		o.fail(e)
		return
	}
	m := o.f.locks[v.Key]
	switch {
	case m == nil:
		m = &mutex{holder: v.self(o), line: o.line}
		o.f.locks[v.Key], v.place = m, m.next()
		v.hold(o)
	case v.Wait == 0:
		o.fail(busyError(v.taken(m)))
	case len(m.waiting) >= maxWaiting:
		o.fail(busyError(fmt.Sprintf("lock %q: %d wait for it already", v.Key, maxWaiting)))
	default:
		m.waiting = append(m.waiting, v.self(o))
		v.place = m.next()
		o.arm("wait", v.Wait.duration())
	}
}

func (v *lock) self(o *operation) holder { return holder{o.u.id, o.n} }

func (v *lock) taken(m *mutex) string {
	return fmt.Sprintf("lock %q is held by %s since %s", v.Key, m.holder.unit, m.line)
}

func (v *lock) hold(o *operation) {
	v.held = true
	o.disarm("wait")
	o.arm("ttl", v.TTL.duration())
	fn, _ := function(v.Fn)
	o.ask(fn)
}

func (v *lock) step(o *operation, e event) {
	switch e := e.(type) {
	case granted:
		v.hold(o)
	case answered:
		v.release(o)
		if e.Error != nil {
			o.fail(e.Error)
			return
		}
		o.complete(e.Value)
	case timer:
		if e.name == "ttl" {
			v.release(o)
			o.fail(coded("Timeout", "ttl", fmt.Sprintf("lock %q: its function had not ended after %v; the lock is given to the next", v.Key, v.TTL.duration())))
			return
		}
		text := v.taken(o.f.locks[v.Key])
		v.release(o)
		o.fail(coded("Timeout", "wait", text+fmt.Sprintf("; waited %v", v.Wait.duration())))
	}
}

func (v *lock) abandon(o *operation) { v.release(o) }

// release gives the lock to who waits longest, or the place in the queue up.
func (v *lock) release(o *operation) {
	m := o.f.locks[v.Key]
	if m == nil {
		return
	}
	if m.holder != v.self(o) {
		m.waiting = slices.DeleteFunc(m.waiting, func(h holder) bool { return h == v.self(o) })
		return
	}
	for len(m.waiting) > 0 {
		m.holder, m.waiting = m.waiting[0], m.waiting[1:]
		if u := o.f.units[m.holder.unit]; u != nil && u.ops[m.holder.op] != nil {
			m.line = u.ops[m.holder.op].line
			o.f.toOp(m.holder.unit, m.holder.op, granted{})
			return
		}
	}
	delete(o.f.locks, v.Key)
}
