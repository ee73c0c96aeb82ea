package flow

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// move takes members into another room, at once, without their hearing a gap.
type move struct {
	members
	To json.RawMessage `json:"to"`
}

func (v *move) begin(o *operation) {
	picked, r := v.pick(o)
	if r == nil {
		return
	}
	to, err := o.namedRoom(v.To)
	if err != nil {
		o.mistake(err)
		return
	}
	if to == r {
		o.complete(countResult{})
		return
	}
	n := 0
	for _, s := range picked {
		if to.rules.MaxMembers > 0 && len(to.seats) >= to.rules.MaxMembers {
			break
		}
		o.f.move(s, to)
		n++
	}
	o.complete(countResult{n})
}

// namedRoom finds a room by its name or object; one that is not there is made.
func (o *operation) namedRoom(raw json.RawMessage) (*room, error) {
	var name string
	var h struct {
		Handle string `json:"$handle"`
	}
	if json.Unmarshal(raw, &name) != nil {
		if json.Unmarshal(raw, &h) != nil || !strings.HasPrefix(h.Handle, "room:") {
			return nil, fmt.Errorf("%s is no conference", raw)
		}
		name = strings.TrimPrefix(h.Handle, "room:")
	}
	if !isRoomName(name) {
		return nil, fmt.Errorf("%q is not a name for a conference", name)
	}
	to := o.f.rooms[name]
	if to == nil {
		to = newRoom(name)
		if from := roomOf(o); from != nil {
			to.rate, to.rules = from.rate, from.rules
		}
		o.f.rooms[name] = to
	}
	return to, nil
}

// move changes a member's room. Its object stays, and so does what it is.
func (f *Flows) move(s *seat, to *room) {
	from := s.room
	if s.Lobby {
		f.leaveRoom(s.c, "moved")
		return
	}
	near := ""
	if from.placed {
		near = from.name
	}
	from.seats = slices.DeleteFunc(from.seats, func(x *seat) bool { return x == s })
	from.rev++
	if s.rules.TimeLimit > 0 {
		f.disarmRoom(from, "limit:"+s.ID)
	}
	s.room, s.typed = to, ""
	s.rev++
	s.c.rev++
	if len(to.seats) == 0 {
		f.open(to, s)
	}
	to.seats = append(to.seats, s)
	to.rev++
	if to.started.IsZero() && !to.waits() {
		f.startRoom(to, s)
	}
	f.place(to, near)
	f.emit(JoinRoom{Call: s.c.id, Room: to.name, Member: s.c.member()})
	f.hold(s.c.u, to)
	e := seatEvent{seatFields: s.view(f.now), From: from.name, To: to.name}
	f.roomEvent(from, "moved", e)
	f.roomEvent(to, "moved", e)
	if s.rules.TimeLimit > 0 {
		f.armRoom(to, "limit:"+s.ID, s.rules.TimeLimit)
	}
	f.reviewed(to)
	f.askRules(s)
	f.forgetPairs(from, s.ID)
	if from.floorOf == s.ID {
		from.floorHeld = false
		f.floor(from, "")
	}
	if len(from.seats) == 0 {
		f.lastLeft(from)
		return
	}
	f.reviewed(from)
}

// split takes members into a new room with the same rules, and gives it.
type split struct {
	members
	Name string `json:"name"`
}

func (v *split) begin(o *operation) {
	picked, r := v.pick(o)
	if r == nil {
		return
	}
	if o.f.rooms[v.Name] != nil {
		o.fail(busyError(fmt.Sprintf("%s: there is a conference %q already", o.name(), v.Name)))
		return
	}
	to, err := o.namedRoom(encode(v.Name))
	if err != nil {
		o.mistake(err)
		return
	}
	o.f.hold(o.u, to)
	for _, s := range picked {
		o.f.move(s, to)
	}
	o.complete(handed{Handle: to.handle(), Fields: to.view()})
}

// merge takes all members of another room into this one; that one ends.
type merge struct {
	Other json.RawMessage `json:"other"`
}

func (v *merge) begin(o *operation) {
	r := o.room()
	if r == nil {
		return
	}
	from, err := o.namedRoom(v.Other)
	if err != nil {
		o.mistake(err)
		return
	}
	n := 0
	if from != r {
		for _, s := range slices.Clone(from.seats) {
			o.f.move(s, r)
			n++
		}
		o.f.forgetRoom(from)
	}
	o.complete(countResult{n})
}

func (v *merge) step(*operation, event) {}
