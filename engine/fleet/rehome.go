package fleet

import (
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/callwright/callwright/media/control"
)

// Errors of Drain.
var (
	ErrNotUp   = errors.New("fleet: no worker of that name is up")
	ErrNoOther = errors.New("fleet: no other worker of its kind is up that could carry what this one does")
)

// Rehomed is what has moved from a worker to another, or to a new process of its name.
type Rehomed struct {
	Calls     []string    // whose members are on another mixer
	Rooms     []string    // that are on another mixer
	Streams   []string    // calls whose streams are on another SBC
	Addressed []string    // those of them whose peers must be told a new address
	Apart     [][2]string // pairs that are on different SBCs now
	Lost      []string    // calls for which no other has room: they stay where they are
	Alive     bool        // the old worker lives, and tells the end of what it did
	Waiting   bool        // something waits for a process of the old one's name
	Since     time.Time   // the old one's last sign of life; zero: not known
}

// Drain lets a worker carry nothing more and moves all it carries elsewhere. Of a mixer
// that is rooms whole, then the members that are in none: made on the new mixer first, then
// the SBC is told, then the old one drops it, so that at no instant a member is nowhere. An
// SBC's streams are made at others, and stay at the old one too until the peer has taken
// the new address (Settle) or refused it (Unmove).
func (f *Fleet) Drain(name string, out Out) (Rehomed, error) {
	w := f.workers[name]
	if w == nil {
		return Rehomed{}, ErrNotUp
	}
	if f.leastBusy(w.Kind, func(o *Worker) bool { return o != w && !o.draining }) == nil {
		return Rehomed{}, ErrNoOther
	}
	w.draining = true
	if w.Kind == control.Kind_SBC {
		r := f.restreamAll(w, out)
		r.Alive = true
		return r, nil
	}
	return f.Rehome(w, out), nil
}

// Rehome moves what a mixer carries, alive or dead, to others. Members keep their
// state; what plays to them and records them must be asked for again.
func (f *Fleet) Rehome(w *Worker, out Out) Rehomed {
	r := Rehomed{Alive: !w.dead}
	w.draining = true
	for _, id := range slices.Sorted(maps.Keys(f.rooms)) {
		if room := f.rooms[id]; room.mixer == w {
			f.rehomeRoom(room, out, &r)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(f.places)) {
		if p := f.places[id]; p.mixer == w {
			f.rehomeCall(p, nil, out, &r)
		}
	}
	return r
}

// rehomeRoom moves a room with all who are in it, if one mixer has room for all.
func (f *Fleet) rehomeRoom(room *Room, out Out, r *Rehomed) {
	old := room.mixer
	var in []*Place
	for _, id := range slices.Sorted(maps.Keys(f.places)) {
		if p := f.places[id]; p.mixer == old && p.Member != nil && p.Member.Room == room.ID {
			in = append(in, p)
		}
	}
	to := f.leastBusy(control.Kind_MIXER, func(w *Worker) bool {
		return !w.draining && (w.Capacity == 0 || w.carried+len(in) <= w.Capacity)
	})
	if to == nil {
		for _, p := range in {
			r.Lost = append(r.Lost, p.Call)
		}
		return
	}
	room.mixer, room.Mixer = to, to.Name
	f.sayRoom(room, out)
	for _, p := range in {
		f.rehomeCall(p, to, out, r)
	}
	f.put(out, old, &control.Command{Body: &control.Command_DropRoom{DropRoom: &control.DropRoom{Id: room.ID}}})
	r.Rooms = append(r.Rooms, room.ID)
}

// rehomeCall moves a call's member; to is nil where any mixer will do.
func (f *Fleet) rehomeCall(p *Place, to *Worker, out Out, r *Rehomed) {
	if to == nil {
		if p.Member != nil && p.Member.Room != "" {
			return // its room could not move: it is lost with it, and counted
		}
		if to = f.leastBusy(control.Kind_MIXER, couldCarry); to == nil {
			r.Lost = append(r.Lost, p.Call)
			return
		}
	}
	old := p.mixer
	to.carried++
	old.carried--
	p.mixer, p.Mixer = to, to.Name
	if p.Member != nil {
		f.sayMember(p, out)
	}
	if p.Stream != nil {
		p.Stream.Trunk = p.trunkTo(to)
		f.sayStream(p, out)
	}
	f.put(out, old, &control.Command{Body: &control.Command_DropMember{DropMember: &control.DropMember{Id: p.Call}}})
	r.Calls = append(r.Calls, p.Call)
}
