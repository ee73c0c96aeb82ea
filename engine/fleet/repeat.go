package fleet

import (
	"maps"
	"slices"

	"github.com/callwright/callwright/media/control"
)

// Again says whether a Hello is of a process that is already here: its connection
// broke and came back before anyone thought it dead.
func (f *Fleet) Again(h *control.Hello) bool {
	w := f.workers[h.Name]
	again := w != nil && w.Instance == h.Instance
	if again {
		w.linked = f.now
	}
	return again
}

// Sweep has a worker drop what this brain has not commanded: the remains of one before.
func (f *Fleet) Sweep(name string, out Out) {
	if w := f.workers[name]; w != nil {
		f.put(out, w, &control.Command{Body: &control.Command_Sweep{Sweep: &control.Sweep{}}})
	}
}

// Hear brings back the events of a worker that are new: after a broken connection it
// tells again what it does not know to be heard.
func (f *Fleet) Hear(name string, events []*control.Event) []*control.Event {
	w := f.workers[name]
	if w == nil {
		return events
	}
	n := 0
	for n < len(events) && events[n].Seq <= w.heard {
		n++
	}
	if events = events[n:]; len(events) > 0 {
		w.heard = events[len(events)-1].Seq
	}
	return events
}

// Repeat commands everything a worker carries once more: a turn may have been lost
// with its connection, and a target state that is known already changes nothing.
func (f *Fleet) Repeat(name string, out Out) {
	w := f.workers[name]
	if w == nil {
		return
	}
	for _, id := range slices.Sorted(maps.Keys(f.rooms)) {
		if r := f.rooms[id]; r.mixer == w {
			f.sayRoom(r, out)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(f.places)) {
		p := f.places[id]
		if p.mixer == w && p.Member != nil {
			f.sayMember(p, out)
		}
		if p.sbc == w && p.Stream != nil {
			f.sayStream(p, out)
		}
	}
}
