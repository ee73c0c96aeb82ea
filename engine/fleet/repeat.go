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
	return w != nil && w.Instance == h.Instance
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
