package fleet

import (
	"maps"
	"net/netip"
	"slices"

	"github.com/callwright/callwright/media/control"
)

// Bury notes a worker's death. What it carried moves to others of its kind that have
// room for it. What finds none keeps its place and waits for a process of the same name,
// which Return gives it; Down ends the wait.
func (f *Fleet) Bury(name string, out Out) Rehomed {
	w := f.workers[name]
	if w == nil {
		w = f.lost[name]
	}
	if w == nil {
		return Rehomed{}
	}
	w.dead = true
	f.lost[name] = w
	delete(f.workers, name)
	var r Rehomed
	if w.Kind == control.Kind_MIXER {
		r = f.Rehome(w, out)
	} else {
		r = f.restreamAll(w, out)
	}
	r.Since = w.beaten
	if r.Waiting = f.carriedBy(w); !r.Waiting {
		delete(f.lost, name)
	}
	return r
}

// carriedBy says whether anything has its place on w.
func (f *Fleet) carriedBy(w *Worker) bool {
	for _, p := range f.places {
		if p.sbc == w || p.mixer == w {
			return true
		}
	}
	for _, r := range f.rooms {
		if r.mixer == w {
			return true
		}
	}
	return false
}

// Return gives a worker that is up what waited for it, or for the process before it.
func (f *Fleet) Return(name string, out Out) Rehomed {
	w, old := f.workers[name], f.lost[name]
	if w == nil || old == nil || w.Kind != old.Kind {
		return Rehomed{}
	}
	delete(f.lost, name)
	r := Rehomed{Since: old.beaten}
	for _, id := range slices.Sorted(maps.Keys(f.rooms)) {
		if room := f.rooms[id]; room.mixer == old {
			room.mixer = w
			f.sayRoom(room, out)
			r.Rooms = append(r.Rooms, id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(f.places)) {
		p := f.places[id]
		switch {
		case p.mixer == old:
			w.carried++
			p.mixer = w
			f.sayBoth(p, out)
			r.Calls = append(r.Calls, id)
		case p.sbc == old:
			f.restream(p, w, out, &r)
		}
	}
	f.partApart(out, &r)
	return r
}

// restreamAll moves an SBC's streams to others.
func (f *Fleet) restreamAll(w *Worker, out Out) Rehomed {
	var r Rehomed
	for _, id := range slices.Sorted(maps.Keys(f.places)) {
		p := f.places[id]
		if p.sbc != w {
			continue
		}
		to, _ := f.beside(p.joined) // a pair stays together
		if to == nil {
			to = f.leastBusy(control.Kind_SBC, hasPort)
		}
		if to == nil {
			r.Lost = append(r.Lost, id)
			continue
		}
		f.restream(p, to, out, &r)
	}
	f.partApart(out, &r)
	return r
}

// restream gives a call's stream another SBC: the same port if it
// can be had there, else another, of which the peer must be told.
func (f *Fleet) restream(p *Place, to *Worker, out Out, r *Rehomed) {
	old := left{p.sbc, p.Local.Port()}
	local, ok := p.Local, to.Media == p.Local.Addr() && to.ports.claim(p.Local.Port())
	if !ok {
		var port uint16
		if port, ok = to.ports.take(); !ok {
			r.Lost = append(r.Lost, p.Call)
			return
		}
		local = netip.AddrPortFrom(to.Media, port)
		r.Addressed = append(r.Addressed, p.Call)
	}
	to.carried++
	if !p.sbc.dead {
		p.left = old
	}
	f.locate(p, to, local, out)
	r.Streams = append(r.Streams, p.Call)
}

// locate puts a call's stream at an SBC and port.
func (f *Fleet) locate(p *Place, to *Worker, local netip.AddrPort, out Out) {
	p.sbc, p.SBC, p.Local = to, to.Name, local
	if p.Stream != nil {
		p.Stream.Port = uint32(local.Port())
	}
	f.sayBoth(p, out)
}

// left is where a stream was that has moved, while packets may still come there.
type left struct {
	sbc  *Worker
	port uint16
}

// Settle lets go of the SBC that a call's stream has left.
func (f *Fleet) Settle(call string, out Out) {
	if p := f.places[call]; p != nil && p.left.sbc != nil {
		f.vacate(p, p.left, out)
		p.left = left{}
	}
}

// Unmove puts a call's stream back where it was; false: it can no longer be there.
func (f *Fleet) Unmove(call string, out Out) bool {
	p := f.places[call]
	if p == nil || p.left.sbc == nil || p.left.sbc.dead {
		return false
	}
	f.vacate(p, left{p.sbc, p.Local.Port()}, out)
	f.locate(p, p.left.sbc, netip.AddrPortFrom(p.left.sbc.Media, p.left.port), out)
	p.left = left{}
	f.partFrom(p, out)
	return true
}

// Left is the SBC that a call's stream has left while its peer still sends there; "": none.
func (f *Fleet) Left(call string) string {
	if p := f.places[call]; p != nil && p.left.sbc != nil && !p.left.sbc.dead {
		return p.left.sbc.Name
	}
	return ""
}

// Leaving are the calls that have left an SBC so.
func (f *Fleet) Leaving(sbc string) (calls []string) {
	for id := range f.places {
		if f.Left(id) == sbc {
			calls = append(calls, id)
		}
	}
	return calls
}

// vacate drops a call's stream at an SBC that it is no longer at.
func (f *Fleet) vacate(p *Place, at left, out Out) {
	if at.sbc.dead {
		return
	}
	at.sbc.carried--
	at.sbc.ports.give(at.port)
	if p.Stream != nil {
		f.put(out, at.sbc, &control.Command{Body: &control.Command_DropStream{DropStream: &control.DropStream{Id: p.Call, Moved: true}}})
	}
}

// partFrom parts a call from one that is at another SBC.
func (f *Fleet) partFrom(p *Place, out Out) bool {
	q := f.places[p.joined]
	if q == nil || q.sbc == p.sbc || q.sbc.dead {
		return false
	}
	f.Part(p.Call, out)
	return true
}

// sayBoth commands a call's member and stream with the trunk between them as it is now.
func (f *Fleet) sayBoth(p *Place, out Out) {
	p.retrunk()
	if p.Member != nil {
		f.sayMember(p, out)
	}
	if p.Stream != nil {
		f.sayStream(p, out)
	}
}

// retrunk points stream and member at each other.
func (p *Place) retrunk() {
	if p.Stream != nil && p.mixer.Trunk != "" {
		p.Stream.Trunk = p.trunkTo(p.mixer)
	}
	if p.Member != nil && p.sbc.Trunk != "" {
		p.Member.Trunk = p.trunkTo(p.sbc)
	}
}

// partApart parts pairs that are no longer on one SBC.
func (f *Fleet) partApart(out Out, r *Rehomed) {
	for _, id := range r.Streams {
		p := f.places[id]
		pair := [2]string{id, p.joined}
		if f.partFrom(p, out) {
			r.Apart = append(r.Apart, pair)
		}
	}
}
