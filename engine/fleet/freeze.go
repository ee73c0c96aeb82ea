package fleet

import (
	"fmt"

	"github.com/callwright/callwright/media/control"
)

// Freeze appends a call's place as text; false: it has none. It names secrets of the
// trunk: it must be sealed.
func (f *Fleet) Freeze(b []byte, call string) (text []byte, any bool) {
	p := f.places[call]
	if p == nil {
		return b, false
	}
	return f.scheme.Freeze(b, p), true
}

// Restore takes up a call's place again, without commanding it: Repeat does. A worker
// that is not up is known by its name, and is down (see Orphans).
func (f *Fleet) Restore(call string, text []byte) error {
	p := &Place{}
	if err := f.scheme.Thaw(text, p); err != nil {
		return err
	}
	if p.Call != call || f.places[call] != nil {
		return fmt.Errorf("%w: a place of %q for call %s", ErrUnknown, p.Call, call)
	}
	p.sbc, p.mixer = f.known(p.SBC, control.Kind_SBC), f.known(p.Mixer, control.Kind_MIXER)
	p.sbc.ports.claim(p.Local.Port())
	p.sbc.carried++
	p.mixer.carried++
	f.ssrcs[p.SSRC] = true
	f.places[call] = p
	p.retrunk() // a process of the name may be another by now
	return nil
}

// FreezeRoom and RestoreRoom are the same of a room.
func (f *Fleet) FreezeRoom(b []byte, room string) (text []byte, any bool) {
	r := f.rooms[room]
	if r == nil {
		return b, false
	}
	return f.scheme.Freeze(b, r), true
}

func (f *Fleet) RestoreRoom(room string, text []byte) error {
	r := &Room{}
	if err := f.scheme.Thaw(text, r); err != nil {
		return err
	}
	if r.ID != room || f.rooms[room] != nil {
		return fmt.Errorf("%w: a place of room %q for %s", ErrUnknown, r.ID, room)
	}
	r.mixer = f.known(r.Mixer, control.Kind_MIXER)
	f.rooms[room] = r
	return nil
}

func (f *Fleet) known(name string, kind control.Kind) *Worker {
	if w := f.workers[name]; w != nil && w.Kind == kind {
		return w
	}
	if f.lost[name] == nil {
		f.lost[name] = &Worker{Name: name, Kind: kind, dead: true}
	}
	return f.lost[name]
}

// Orphans are the workers that recovered places name and that are not up.
func (f *Fleet) Orphans() (names []string) {
	for name := range f.lost {
		names = append(names, name)
	}
	return names
}

// Instance is the running process of a worker; "": it is not up.
func (f *Fleet) Instance(name string) string {
	if w := f.workers[name]; w != nil {
		return w.Instance
	}
	return ""
}

// Any is a live worker, the same as long as it lives; "": none is up.
func (f *Fleet) Any() string {
	for _, kind := range []control.Kind{control.Kind_MIXER, control.Kind_SBC} {
		best := ""
		for _, w := range f.workers {
			if w.Kind == kind && (best == "" || w.Name < best) {
				best = w.Name
			}
		}
		if best != "" {
			return best
		}
	}
	return ""
}
