package mixer

import "sync/atomic"

// table finds members by SSRC. Control changes it under the desk's lock; the receiver
// looks up without one: slots are atomic, and a table that grows is a new one.
type table struct {
	slots atomic.Pointer[[]atomic.Pointer[entry]]
	live  int // control's
	used  int // with the graves
}

// entry is immutable; without a member it is a grave, which lookups pass over.
type entry struct {
	ssrc uint32
	m    *member
}

func newTable() *table {
	t := new(table)
	slots := make([]atomic.Pointer[entry], 64)
	t.slots.Store(&slots)
	return t
}

// spread makes neighbouring SSRCs land apart (Fibonacci hashing).
func spread(ssrc uint32, size int) int {
	return int(uint64(ssrc*2654435769) * uint64(size) >> 32)
}

// find gives the member of ssrc, or nil. Any goroutine.
func (t *table) find(ssrc uint32) *member {
	slots := *t.slots.Load()
	for i := spread(ssrc, len(slots)); ; i = (i + 1) & (len(slots) - 1) {
		e := slots[i].Load()
		switch {
		case e == nil:
			return nil
		case e.ssrc == ssrc && e.m != nil:
			return e.m
		}
	}
}

// add enters m, which find must not know. Control only.
func (t *table) add(ssrc uint32, m *member) {
	if size := len(*t.slots.Load()); 2*(t.used+1) > size {
		t.rebuild(4 * (t.live + 1))
	}
	t.place(*t.slots.Load(), &entry{ssrc, m})
}

func (t *table) place(slots []atomic.Pointer[entry], e *entry) {
	i := spread(e.ssrc, len(slots))
	for slots[i].Load() != nil {
		i = (i + 1) & (len(slots) - 1)
	}
	slots[i].Store(e)
	t.live++
	t.used++
}

func (t *table) rebuild(least int) {
	size := 64
	for size < least {
		size *= 2
	}
	old, slots := *t.slots.Load(), make([]atomic.Pointer[entry], size)
	t.live, t.used = 0, 0
	for i := range old {
		if e := old[i].Load(); e != nil && e.m != nil {
			t.place(slots, e)
		}
	}
	t.slots.Store(&slots)
}

// remove forgets ssrc. Control only.
func (t *table) remove(ssrc uint32) {
	slots := *t.slots.Load()
	for i := spread(ssrc, len(slots)); ; i = (i + 1) & (len(slots) - 1) {
		e := slots[i].Load()
		if e == nil {
			return
		}
		if e.ssrc == ssrc && e.m != nil {
			slots[i].Store(&entry{ssrc: ssrc})
			t.live--
			return
		}
	}
}
