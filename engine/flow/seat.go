package flow

import (
	"slices"
	"strings"
	"time"
)

// sit puts a call into a room, or into its lobby.
func (f *Flows) sit(s *seat) {
	r := s.room
	s.c.seat = s
	s.c.rev++
	s.c.u.show(s.handle, s)
	if r.rules.Lobby && s.Role != "moderator" {
		s.Lobby = true
		r.lobby = append(r.lobby, s)
		f.roomEvent(r, "lobby", seatEvent{seatFields: s.view(f.now)})
		f.holdMusic(s)
		return
	}
	f.enter(s)
}

// enter lets a member in whom nothing keeps out.
func (f *Flows) enter(s *seat) {
	r := s.room
	if s.Lobby {
		s.Lobby = false
		s.c.rev++
		r.lobby = slices.DeleteFunc(r.lobby, func(x *seat) bool { return x == s })
		f.holdMusic(s)
	}
	s.rev++
	s.since = f.now
	if len(r.seats) == 0 {
		f.open(r, s)
	}
	late := !r.started.IsZero()
	r.seats = append(r.seats, s)
	r.rev++
	f.place(r, "")
	if !late && !r.waits() {
		f.startRoom(r, s)
	}
	f.emit(JoinRoom{Call: s.c.id, Room: r.name, Member: s.c.member()})
	if s.rules.TimeLimit > 0 {
		f.armRoom(r, "limit:"+s.ID, s.rules.TimeLimit)
	}
	f.roomEvent(r, "join", seatEvent{seatFields: s.view(f.now)})
	f.announceJoin(s, late)
	f.reviewed(r)
	f.askRules(s)
}

// open begins a room with its first member.
func (f *Flows) open(r *room, first *seat) {
	if r.opened.IsZero() {
		r.opened = f.now
		if r.rules.MaxDuration > 0 {
			f.armRoom(r, "max", r.rules.MaxDuration)
		}
	} else {
		f.disarmRoom(r, "empty")
	}
	if r.rules.Auto && !r.placed {
		r.rate = max(defaultRate, first.c.media.Rate)
	}
}

// leaveRoom takes a call out of its room, if it is in one. A room that is left empty
// ends.
func (f *Flows) leaveRoom(c *callState, reason string) {
	if c.seat == nil {
		return
	}
	s := c.seat
	r := s.room
	f.unseat(s)
	ms := f.now.Sub(s.since).Milliseconds()
	f.comeTrue(c.u, s.handle, "left", leftResult{Reason: reason, Ms: ms})
	f.roomEvent(r, "leave", seatEvent{seatFields: s.view(f.now), Reason: reason, Ms: ms})
	f.emptier(r, s, reason)
}

// unseat takes a member out of the lists and off the mixer's room.
func (f *Flows) unseat(s *seat) {
	r, c := s.room, s.c
	if s.music != "" {
		s.Held, s.Lobby = false, false
		f.holdMusic(s)
	}
	c.seat = nil
	c.rev++
	was := slices.Contains(r.seats, s)
	r.seats = slices.DeleteFunc(r.seats, func(x *seat) bool { return x == s })
	r.lobby = slices.DeleteFunc(r.lobby, func(x *seat) bool { return x == s })
	r.rev++
	if s.talking {
		s.talking = false
		f.roomEvent(r, "talk-stop", seatEvent{seatFields: s.view(f.now)})
	}
	s.rev++
	if s.rules.TimeLimit > 0 {
		f.disarmRoom(r, "limit:"+s.ID)
	}
	if was && !c.ended {
		f.emit(LeaveRoom{Call: c.id})
		if c.mutedIn || c.mutedOut {
			f.seatAgain(c)
		}
	}
}

// emptier is what a member's leaving means to the room.
func (f *Flows) emptier(r *room, s *seat, reason string) {
	if r.floorOf == s.ID {
		r.floorHeld = false
		f.floor(r, "")
	}
	f.forgetPairs(r, s.ID)
	switch {
	case len(r.seats) == 0:
		f.lastLeft(r)
		return
	case r.leaveAll:
		return
	case s.rules.EndConference:
		f.empty(r, "ended")
		return
	case s.rules.Mandatory:
		f.armRoom(r, "grace", r.rules.EndGrace)
	}
	if !s.Hidden {
		f.announceLeave(s, reason)
	}
	f.reviewed(r)
}

type leftResult struct {
	Reason string `json:"reason"`
	Ms     int64  `json:"ms"`
}

// lastLeft ends a room that nobody is in any more, at once or after a while.
func (f *Flows) lastLeft(r *room) {
	if r.rules.EndWhenEmpty > 0 && !r.opened.IsZero() && !r.leaveAll {
		f.armRoom(r, "empty", r.rules.EndWhenEmpty)
		f.reviewed(r)
		return
	}
	f.roomOver(r)
}

// roomOver ends a room. It may start again.
func (f *Flows) roomOver(r *room) {
	since := r.started
	if since.IsZero() {
		since = r.opened
	}
	began := !r.opened.IsZero()
	lasted := f.now.Sub(since).Milliseconds()
	for _, name := range []string{"max", "empty", "grace", "quiet"} {
		f.disarmRoom(r, name)
	}
	r.opened, r.started, r.Locked, r.floorOf, r.floorHeld, r.music = time.Time{}, time.Time{}, false, "", false, ""
	r.rev++
	f.endTapes(r)
	for _, u := range r.units {
		for _, o := range u.pending() {
			if p, ok := o.verb.(interface{ over(*operation, *room) }); ok && u.ops[o.n] == o {
				p.over(o, r)
			}
		}
	}
	if began {
		f.roomEvent(r, "end", endEvent{Ms: lasted})
	}
	f.free(r)
	f.forgetRoom(r)
}

type endEvent struct {
	Ms int64 `json:"ms"`
}

// roomFailed empties a room whose mixer is gone.
func (f *Flows) roomFailed(in RoomFailed) {
	if id, ok := strings.CutPrefix(in.Room, bridgePrefix); ok {
		f.withCall(id, func(c *callState) { f.unbridge(c, "failed") })
		return
	}
	r := f.rooms[in.Room]
	if r == nil {
		return
	}
	f.emit(Note{Level: "error", Text: "conference " + r.name + ": " + in.Why})
	f.empty(r, "failed")
}

// empty takes everybody out, the lobby too.
func (f *Flows) empty(r *room, reason string) {
	r.leaveAll = true
	for _, s := range slices.Concat(r.lobby, r.seats) {
		if s.c.seat == s {
			f.leaveRoom(s.c, reason)
		}
	}
	r.leaveAll = false
	if !r.opened.IsZero() {
		f.roomOver(r)
	}
	f.free(r)
}
