package flow

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/callwright/callwright/engine/parcel"
)

// Parts of a unit's parcel that are this package's; others lie beside them.
const (
	partUnit = "unit"
	partOps  = "ops"
	partCall = "call "
	partRoom = "room"
)

// roomUnit is how timers name a room.
const roomUnit = "room:"

// soil notes that a unit is no more what was frozen of it, nor the rooms it is in.
func (f *Flows) soil(u *unit) { f.soiled[u.id] = true }

// noteChange looks at what leaves for whom it concerns, and keeps the times of timers.
func (f *Flows) noteChange(a Action) {
	switch a := a.(type) {
	case Arm:
		f.timersOf(a.Timer.Unit, func(m *map[TimerID]time.Time) {
			if *m == nil {
				*m = map[TimerID]time.Time{}
			}
			(*m)[a.Timer] = f.now.Add(a.After)
		})
	case Disarm:
		f.timersOf(a.Timer.Unit, func(m *map[TimerID]time.Time) { delete(*m, a.Timer) })
	case PlaceRoom:
		f.soiledRooms[a.Room] = true
	case FreeRoom:
		f.soiledRooms[a.Room] = true
	case JoinRoom:
		f.soilCall(a.Call)
		f.soiledRooms[a.Room] = true
	case LeaveRoom:
		f.soilCall(a.Call)
	case ToMixer:
		f.soilCall(a.Call)
	case Over:
		f.soiled[a.Unit] = true
	}
}

func (f *Flows) noteFired(t TimerID) {
	f.timersOf(t.Unit, func(m *map[TimerID]time.Time) { delete(*m, t) })
}

func (f *Flows) soilCall(id string) {
	if c := f.calls[id]; c != nil {
		f.soil(c.u)
	}
}

// timersOf finds the timers of a unit or a room.
func (f *Flows) timersOf(id string, do func(*map[TimerID]time.Time)) {
	if u := f.units[id]; u != nil {
		f.soil(u)
		do(&u.armed)
		return
	}
	if r := f.rooms[strings.TrimPrefix(id, roomUnit)]; r != nil && strings.HasPrefix(id, roomUnit) {
		f.soiledRooms[r.name] = true
		do(&r.armed)
	}
}

// Changed names the units and conferences that may differ from what was frozen of them
// last, or are gone, since it was asked last.
func (f *Flows) Changed() (units, rooms []string) {
	for id := range f.soiled {
		if u := f.units[id]; u != nil {
			for _, s := range u.shown {
				if r, ok := s.of.(*room); ok {
					f.soiledRooms[r.name] = true
				}
			}
		}
	}
	units, rooms = slices.Sorted(maps.Keys(f.soiled)), slices.Sorted(maps.Keys(f.soiledRooms))
	clear(f.soiled)
	clear(f.soiledRooms)
	return units, rooms
}

// UnitOf names the unit that has a call; "": none has.
func (f *Flows) UnitOf(call string) string {
	if c := f.calls[call]; c != nil {
		return c.u.id
	}
	return ""
}

// Legs names the calls of a unit, sorted.
func (f *Flows) Legs(unit string) (legs []string) {
	u := f.units[unit]
	if u == nil {
		return nil
	}
	if u.call != nil && f.calls[u.call.id] == u.call {
		legs = append(legs, u.call.id)
	}
	for _, s := range u.shown {
		if c, ok := s.of.(*callState); ok && c.u == u && c != u.call && f.calls[c.id] == c {
			legs = append(legs, c.id)
		}
	}
	for _, o := range u.pending() {
		if d, ok := o.verb.(*dial); ok {
			legs = append(legs, d.ringing(f, u)...)
		}
	}
	slices.Sort(legs)
	return slices.Compact(legs)
}

// ringing are the calls of a dial that the flow has not been shown.
func (v *dial) ringing(f *Flows, u *unit) (legs []string) {
	for _, a := range v.Attempts {
		if c := f.calls[a.Leg]; c != nil && c.u == u {
			legs = append(legs, a.Leg)
		}
	}
	return legs
}

// Freeze adds a unit's parts to its parcel, and returns its journal's inputs from the
// given one on; false: there is no such unit. It may hold masked digits: it must be sealed.
func (f *Flows) Freeze(p *parcel.Parts, unit string, from int) (inputs [][]byte, ok bool) {
	u := f.units[unit]
	if u == nil {
		return nil, false
	}
	p.Add(partUnit, f.scheme.Freeze(p.Buffer(), u))
	p.Add(partOps, f.freezeOps(p.Buffer(), u))
	for _, leg := range f.Legs(unit) {
		p.Add(partCall+leg, f.scheme.Freeze(p.Buffer(), f.calls[leg]))
	}
	for _, in := range u.history.Inputs[min(from, len(u.history.Inputs)):] {
		b, err := json.Marshal(in)
		if err != nil {
			panic(fmt.Sprintf("flow: an input does not marshal: %v", err))
		}
		inputs = append(inputs, b)
	}
	return inputs, true
}

// Inputs is the length of a unit's journal, and how often it was begun anew; false: there
// is no such unit.
func (f *Flows) Inputs(unit string) (length int, cuts uint32, ok bool) {
	if u := f.units[unit]; u != nil {
		return len(u.history.Inputs), u.history.Cuts, true
	}
	return 0, 0, false
}

func (f *Flows) freezeOps(b []byte, u *unit) []byte {
	b = append(b, '[')
	for i, o := range u.pending() {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '[')
		b = f.scheme.Freeze(b, o)
		b = append(b, ',')
		b = f.scheme.Freeze(b, o.verb)
		b = append(b, ']')
	}
	return append(b, ']')
}

// FreezeRoom adds a conference's part to its parcel; false: there is none.
func (f *Flows) FreezeRoom(p *parcel.Parts, name string) bool {
	r := f.rooms[name]
	if r != nil {
		p.Add(partRoom, f.scheme.Freeze(p.Buffer(), r))
	}
	return r != nil
}

// FirstSeat is a call that is in a conference, or may soon be; "": none is.
func (f *Flows) FirstSeat(name string) string {
	r := f.rooms[name]
	if r == nil {
		return ""
	}
	if len(r.seats) > 0 {
		return r.seats[0].c.id
	}
	for _, u := range r.units {
		if u.call != nil {
			return u.call.id
		}
	}
	return ""
}

// newScheme says what is written by name.
func (f *Flows) newScheme() *parcel.Scheme {
	ref := func(t reflect.Type) parcel.Ref {
		return parcel.Ref{Type: t, Name: nameOf, Find: func(name string) any { return f.thawing.find(name, t) }}
	}
	return parcel.NewScheme(ref(reflect.TypeFor[*unit]()), ref(reflect.TypeFor[*room]()), ref(reflect.TypeFor[*seat]()),
		ref(reflect.TypeFor[*callState]()), ref(reflect.TypeFor[*operation]()), ref(reflect.TypeFor[*tape]()), ref(reflect.TypeFor[snapshot]()))
}

func nameOf(v any) string {
	switch v := v.(type) {
	case *unit:
		return "u" + v.id
	case *room:
		return "r" + v.name
	case *seat:
		return "s" + v.handle
	case *callState:
		return "c" + v.id
	case *operation:
		return fmt.Sprintf("o%d/%s", v.n, v.u.id)
	case *tape:
		return "t" + v.Base
	}
	panic(fmt.Sprintf("flow: a %T has no name", v))
}
