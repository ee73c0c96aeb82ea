package fleet

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/callwright/callwright/media/control"
)

// PlaceRoom finds a mixer for a room and commands it there. A room that has a
// place keeps it.
func (f *Fleet) PlaceRoom(room string, rate int, out Out) (*Room, error) {
	if r := f.rooms[room]; r != nil {
		return r, nil
	}
	return f.SetRoom(&control.Room{Id: room, Rate: uint32(rate)}, "", out)
}

// SetRoom brings a room to a state, finding a mixer for it if it has none: that of the
// room near, if there is such a room. A room that has a place keeps it.
func (f *Fleet) SetRoom(state *control.Room, near string, out Out) (*Room, error) {
	r := f.rooms[state.Id]
	if r == nil {
		r = &Room{ID: state.Id}
		if n := f.rooms[near]; n != nil && !n.mixer.dead {
			r.mixer = n.mixer
		} else if r.mixer = f.leastBusy(control.Kind_MIXER, hasRoom); r.mixer == nil {
			return nil, ErrNoMixer
		}
		r.Mixer = r.mixer.Name
		f.rooms[r.ID] = r
	}
	r.Rate, r.State = int(state.Rate), state
	f.sayRoom(r, out)
	return r, nil
}

func (f *Fleet) sayRoom(r *Room, out Out) {
	f.put(out, r.mixer, &control.Command{Body: &control.Command_Room{Room: clone(r.State)}})
}

// Room is where a room is mixed, or nil.
func (f *Fleet) Room(room string) *Room { return f.rooms[room] }

// FreeRoom drops a room. Its members stay members without one.
func (f *Fleet) FreeRoom(room string, out Out) {
	r := f.rooms[room]
	if r == nil {
		return
	}
	delete(f.rooms, room)
	f.put(out, r.mixer, &control.Command{Body: &control.Command_DropRoom{DropRoom: &control.DropRoom{Id: room}}})
}

// Join puts a call's member into a room, on the room's mixer. A member that lives
// on another mixer moves: made there first, then the SBC is told, then the old one
// is dropped, so that at no instant it is nowhere. Playbacks to it do not move;
// they end with the old member.
func (f *Fleet) Join(call, room string, m *control.Member, out Out) error {
	p, r := f.places[call], f.rooms[room]
	if p == nil || r == nil {
		return fmt.Errorf("%w: call %s or room %s has no place", ErrUnknown, call, room)
	}
	f.setMember(p, m)
	p.Member.Room = room
	if p.mixer == r.mixer {
		f.sayMember(p, out)
		return nil
	}
	old := p.mixer
	if !hasRoom(r.mixer) {
		return ErrNoMixer
	}
	r.mixer.carried++
	old.carried--
	p.Mixer, p.mixer = r.Mixer, r.mixer
	f.sayMember(p, out)
	if p.Stream != nil {
		p.Stream.Trunk = p.trunkTo(p.mixer)
		f.sayStream(p, out)
	}
	f.put(out, old, &control.Command{Body: &control.Command_DropMember{DropMember: &control.DropMember{Id: call}}})
	return nil
}

// Leave takes a call's member out of its room; it stays on that mixer.
func (f *Fleet) Leave(call string, out Out) error {
	p := f.places[call]
	if p == nil || p.Member == nil {
		return fmt.Errorf("%w: call %s has no member", ErrUnknown, call)
	}
	p.Member.Room = ""
	p.Member.Muted, p.Member.Deaf = false, false
	p.Member.GainInDb, p.Member.GainOutDb = 0, 0
	p.Member.Agc, p.Member.Apart = false, false
	f.sayMember(p, out)
	return nil
}

// ToRoom sends a command to the mixer of a room.
func (f *Fleet) ToRoom(room string, c *control.Command, out Out) error {
	r := f.rooms[room]
	if r == nil {
		return fmt.Errorf("%w: room %s has no place", ErrUnknown, room)
	}
	f.put(out, r.mixer, c)
	return nil
}

// ToAnyMixer sends a command to the least busy mixer: what any can do that has the
// shared directories.
func (f *Fleet) ToAnyMixer(c *control.Command, out Out) error {
	w := f.leastBusy(control.Kind_MIXER, func(*Worker) bool { return true })
	if w == nil {
		return ErrNoMixer
	}
	f.put(out, w, c)
	return nil
}

// clone copies a target state, so that a later change of ours does not alter a
// message that a link still holds.
func clone[M proto.Message](m M) M { return proto.Clone(m).(M) }
