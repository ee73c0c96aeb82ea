package flow

import (
	"cmp"
	"maps"
	"slices"
)

// What verbs do when their unit has been recovered. Those that are not here have nothing
// to do, or do what they do when a worker was replaced: ask it again by the same name.

// resumed asks again: the request bears the same key.
func (v *fetching) resumed(o *operation) { v.begin(o) }

func (v *commit) resumed(o *operation) { v.begin(o) }

// resumed waits for the disk; what was written is in the log, or was lost with it.
func (v *kvWrite) resumed(o *operation) {
	if o.method == "put" {
		v.begin(o) // the same value once more
		return
	}
	o.f.emit(Commit{Unit: o.u.id, Op: o.n})
}

// resumed asks the app again unless its own run has been recovered with the question.
func (v *useApp) resumed(o *operation) {
	for _, a := range o.f.apps {
		for _, who := range a.served {
			if who.unit == o.u.id && who.op == o.n {
				return
			}
		}
	}
	v.begin(o)
}

// resumed takes its place in the lock again. Of two that say they hold it the one who
// asked last does: the other's parcel is of before it gave it back.
func (v *lock) resumed(o *operation) {
	m := o.f.locks[v.Key]
	if m == nil {
		m = &mutex{}
		o.f.locks[v.Key] = m
	}
	m.asked = max(m.asked, v.place)
	switch {
	case !v.held:
		m.waiting = append(m.waiting, v.self(o))
	case m.holder.unit == "" || o.f.placeOf(m.holder) < v.place:
		m.holder, m.line = v.self(o), o.line
	}
}

// placeOf is the place that a lock's holder, or one who waits for it, came in.
func (f *Flows) placeOf(h holder) uint64 {
	if u := f.units[h.unit]; u != nil && u.ops[h.op] != nil {
		if v, ok := u.ops[h.op].verb.(*lock); ok {
			return v.place
		}
	}
	return 0
}

// regrant puts those that wait for a lock in the order they came, for their units are
// recovered in another, and gives locks on whose holder has not been recovered.
func (f *Flows) regrant() {
	for _, key := range slices.Sorted(maps.Keys(f.locks)) {
		m := f.locks[key]
		slices.SortStableFunc(m.waiting, func(a, b holder) int { return cmp.Compare(f.placeOf(a), f.placeOf(b)) })
		if m.holder.unit != "" || len(m.waiting) == 0 {
			continue
		}
		next := m.waiting[0]
		m.holder, m.waiting = next, m.waiting[1:]
		if u := f.units[next.unit]; u != nil && u.ops[next.op] != nil {
			m.line = u.ops[next.op].line
			f.toOp(next.unit, next.op, granted{})
			continue
		}
		delete(f.locks, key)
	}
}

func (v *watchState) resumed(o *operation) { v.begin(o) }

func (v *every) resumed(o *operation) { v.schedule.resumed(o) }

func (v *once) resumed(o *operation) { v.schedule.resumed(o) }

// resumed waits for the disk again if the function had not been asked yet.
func (s *schedule) resumed(o *operation) {
	if !s.running {
		return
	}
	for _, n := range o.u.asked {
		if n == o.n {
			return
		}
	}
	s.run(o)
}

// resumed reads the prompts anew, and asks the mixer for the one that plays.
func (v *gather) resumed(o *operation) {
	if err := v.check(o.u); err != nil {
		o.fail(badOption("call.gather: " + err.Error()))
		return
	}
	v.again(o)
}

func (v *join) resumed(o *operation) {
	if o.c != nil && o.c.seat != nil && v.seat != nil && o.c.seat.handle == v.seat.handle {
		v.seat = o.c.seat
	}
	if o.c != nil && o.c.audio {
		v.step(o, mediaUp{})
	}
}

// resumed asks for the digits again: the SBC knows them by their name. One that does not
// is another process, and gets what the lost one cannot have begun.
func (v *sendDigits) resumed(o *operation) {
	if v.Part == "" {
		return
	}
	if left := v.unsent(o.f.now.UnixMilli() - v.Asked); left != "" {
		v.ask(o, left)
		return
	}
	o.arm("last word", lastWord)
}

// resumed asks for what plays again, by the same names.
func (v *roomPlay) resumed(o *operation) {
	if v.room == nil || o.f.rooms[v.room.name] != v.room || !v.room.placed {
		o.complete(playResult{Reason: "ended"})
		return
	}
	if p, err := v.command(o); err == nil && v.Reason == "" {
		v.send(o, p)
	}
}
