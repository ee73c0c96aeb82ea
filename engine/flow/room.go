package flow

import (
	"slices"
	"time"

	"github.com/callwright/callwright/media/control"
)

// room is a conference as the flows of a shard share it. The mixer knows it by the
// same name. It has a mixer only while somebody is in it or something plays in it.
type room struct {
	rev        uint64
	name       string
	rate       int
	maxMembers int // 0: no limit
	placed     bool
	started    time.Time // zero: nobody is in it
	seats      []*seat   // in the order they joined
	units      []*unit   // whose scripts hold it
}

// seat is one call's place in a conference.
type seat struct {
	seatFields
	rev             uint64
	handle          string // "member:UNIT/N"
	c               *callState
	room            *room
	talking         bool
	gainIn, gainOut float64
	since           time.Time
}

// seatFields are a member as scripts and the control API see it.
type seatFields struct {
	ID      string   `json:"id"` // the call's
	Label   string   `json:"label,omitempty"`
	Tags    []string `json:"tags"`
	Role    string   `json:"role"`
	Number  string   `json:"number"`
	Name    string   `json:"name"`
	Muted   bool     `json:"muted"`
	Deaf    bool     `json:"deaf"`
	Talking bool     `json:"talking"`
	Joined  int64    `json:"joined"` // Unix ms
}

// seatEvent is what room events tell: the member, and what happened to it.
type seatEvent struct {
	seatFields
	Reason string `json:"reason,omitempty"`
	Ms     int64  `json:"ms,omitempty"`
	Digit  string `json:"digit,omitempty"`
}

type roomFields struct {
	Name    string `json:"name"`
	Rate    int    `json:"rate"`
	State   string `json:"state"` // idle running
	Size    int    `json:"size"`
	Started int64  `json:"started,omitempty"` // Unix ms
}

func (s *seat) revision() uint64         { return s.rev }
func (s *seat) fields(now time.Time) any { return s.view(now) }

func (s *seat) view(time.Time) seatFields {
	v := s.seatFields
	v.Talking = s.talking
	return v
}

func (r *room) revision() uint64 { return r.rev }
func (r *room) handle() string   { return "room:" + r.name }

func (r *room) fields(time.Time) any { return r.view() }

func (r *room) view() roomFields {
	v := roomFields{Name: r.name, Rate: r.rate, State: "idle", Size: len(r.seats)}
	if !r.started.IsZero() {
		v.State, v.Started = "running", r.started.UnixMilli()
	}
	return v
}

// hold lets a unit's script have the room.
func (f *Flows) hold(u *unit, r *room) {
	if !slices.Contains(r.units, u) {
		r.units = append(r.units, u)
	}
	u.show(r.handle(), r)
}

// letGoOfRooms forgets what a unit held; a room nobody holds or is in is gone.
func (f *Flows) letGoOfRooms(u *unit) {
	for _, s := range u.shown {
		r, ok := s.of.(*room)
		if !ok {
			continue
		}
		r.units = slices.DeleteFunc(r.units, func(x *unit) bool { return x == u })
		if len(r.units) == 0 && len(r.seats) == 0 {
			f.free(r)
			delete(f.rooms, r.name)
		}
	}
}

func (f *Flows) place(r *room) {
	if !r.placed {
		r.placed = true
		f.emit(PlaceRoom{Room: r.name, Rate: r.rate})
	}
}

func (f *Flows) free(r *room) {
	if r.placed {
		r.placed = false
		f.emit(FreeRoom{Room: r.name})
	}
}

// roomEvent tells all scripts that hold the room and listen.
func (f *Flows) roomEvent(r *room, event string, value any) {
	for _, u := range r.units {
		f.occur(u, r.handle(), event, value)
	}
	switch event {
	case "start", "end", "join", "leave":
		told := map[string]any{"what": event, "name": r.name, "size": len(r.seats)}
		if s, ok := value.(seatEvent); ok {
			told["id"] = s.ID
		}
		f.tellApps("conference", told)
	}
}

// sit puts a call into a room.
func (f *Flows) sit(s *seat) {
	r := s.room
	if len(r.seats) == 0 {
		r.started = f.now
		f.roomEvent(r, "start", r.view())
	}
	r.seats = append(r.seats, s)
	r.rev++
	s.c.seat = s
	s.c.u.show(s.handle, s)
	f.place(r)
	f.emit(JoinRoom{Call: s.c.id, Room: r.name, Member: s.c.member()})
	f.roomEvent(r, "join", seatEvent{seatFields: s.view(f.now)})
}

// leaveRoom takes a call out of its room, if it is in one. A room that is left empty
// ends.
func (f *Flows) leaveRoom(c *callState, reason string) {
	if c.seat == nil {
		return
	}
	s := c.seat
	r := s.room
	c.seat = nil
	r.seats = slices.DeleteFunc(r.seats, func(x *seat) bool { return x == s })
	r.rev++
	if s.talking {
		s.talking = false
		f.roomEvent(r, "talk-stop", seatEvent{seatFields: s.view(f.now)})
	}
	s.rev++
	if !c.ended {
		f.emit(LeaveRoom{Call: c.id})
		if c.mutedIn || c.mutedOut {
			f.seatAgain(c)
		}
	}
	ms := f.now.Sub(s.since).Milliseconds()
	f.comeTrue(c.u, s.handle, "left", leftResult{Reason: reason, Ms: ms})
	f.roomEvent(r, "leave", seatEvent{seatFields: s.view(f.now), Reason: reason, Ms: ms})
	if len(r.seats) == 0 {
		f.roomOver(r)
	}
}

type leftResult struct {
	Reason string `json:"reason"`
	Ms     int64  `json:"ms"`
}

// roomOver ends a room that nobody is in any more. It may start again.
func (f *Flows) roomOver(r *room) {
	lasted := f.now.Sub(r.started).Milliseconds()
	r.started = time.Time{}
	r.rev++
	for _, u := range r.units {
		for _, o := range u.pending() {
			if p, ok := o.verb.(*roomPlay); ok && p.room == r && u.ops[o.n] == o {
				p.over(o, "ended")
			}
		}
	}
	f.roomEvent(r, "end", endEvent{Ms: lasted})
	f.free(r)
	if len(r.units) == 0 {
		delete(f.rooms, r.name)
	}
}

type endEvent struct {
	Ms int64 `json:"ms"`
}

// roomFailed empties a room whose mixer is gone.
func (f *Flows) roomFailed(in RoomFailed) {
	r := f.rooms[in.Room]
	if r == nil {
		return
	}
	f.emit(Note{Level: "error", Text: "conference " + r.name + ": " + in.Why})
	f.empty(r, "failed")
}

func (f *Flows) empty(r *room, reason string) {
	for _, s := range slices.Clone(r.seats) {
		if s.c.seat == s {
			f.leaveRoom(s.c, reason)
		}
	}
	f.free(r)
}

func (f *Flows) toRoom(r *room, c *control.Command) {
	f.emit(ToMixer{Room: r.name, Command: c})
}
