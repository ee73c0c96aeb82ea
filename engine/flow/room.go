package flow

import (
	"slices"
	"strings"
	"time"

	"github.com/callwright/callwright/media/control"
)

// room is a conference as the flows of a shard share it. The mixer knows it by the
// same name. It has a mixer only while somebody is in it or something plays in it.
type room struct {
	rev       uint64
	name      string
	rate      int
	rules     rules
	Locked    bool
	placed    bool
	sent      *control.Room // as the mixer knows it
	opened    time.Time     // zero: nobody is in it
	started   time.Time     // zero: nobody is in it, or those who are wait
	seats     []*seat       // in the order they joined
	lobby     []*seat       // who waits to be admitted
	units     []*unit       // whose scripts hold it
	floorOf   string        // who has the floor: a call's id
	floorHeld bool          // a script gave it
	parts     int           // things asked of the mixer for the room itself so far
	music     string        // the part that is music, "": none
	matrix    *matrixOf     // nil: none
	pairs     map[pairID]float64
	tape      *tape   // its own recording, nil: none
	tapes     []*tape `freeze:"own"`
	leaveAll  bool    // it is being emptied

	armed map[TimerID]time.Time // its timers

	sawModerator bool // one is in, or was until now
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
	rules           seatRules
	apart           bool // in no sum: heard through pairs alone
	toldApart       bool // as the mixer knows it
	nameSource      []*control.Source
	typed           string // keys of a control begun
	music           string // the part that plays while it is held or in the lobby
}

// seatRules are what join() said of a member and scripts do not see.
type seatRules struct {
	CanHear, CanSpeak bool
	Hears, HeardBy    []string // tags; nil: all
	HearsFn, HeardFn  uint32   // functions of its unit
	Coach             string   // tag of whom it coaches
	AGC               bool
	MuteDetect        bool
	StartConference   bool
	EndConference     bool
	Mandatory         bool
	NoMusic           bool
	DistributeDTMF    bool
	Record            bool
	TimeLimit         millis
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
	Held    bool     `json:"held"`
	Hidden  bool     `json:"hidden"`
	Lobby   bool     `json:"lobby"`
	Joined  int64    `json:"joined"` // Unix ms
}

// seatEvent is what room events tell: the member, and what happened to it.
type seatEvent struct {
	seatFields
	Reason string `json:"reason,omitempty"`
	Ms     int64  `json:"ms,omitempty"`
	Digit  string `json:"digit,omitempty"`
	From   string `json:"from,omitempty"`
	To     string `json:"to,omitempty"`
	Tries  int    `json:"tries,omitempty"`
}

type roomFields struct {
	Name    string `json:"name"`
	Rate    int    `json:"rate"`
	State   string `json:"state"` // idle waiting running
	Size    int    `json:"size"`
	Started int64  `json:"started,omitempty"` // Unix ms
	Locked  bool   `json:"locked"`
	Floor   string `json:"speaker,omitempty"`
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
	v := roomFields{Name: r.name, Rate: r.rate, State: "idle", Size: r.size(), Locked: r.Locked, Floor: r.floorOf}
	switch {
	case !r.started.IsZero():
		v.State, v.Started = "running", r.started.UnixMilli()
	case len(r.seats) > 0:
		v.State = "waiting"
	}
	return v
}

// size counts who is in and not hidden.
func (r *room) size() int {
	n := 0
	for _, s := range r.seats {
		if !s.Hidden {
			n++
		}
	}
	return n
}

func (r *room) moderated() bool {
	return slices.ContainsFunc(r.seats, func(s *seat) bool { return s.Role == "moderator" || s.rules.StartConference })
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
		f.forgetRoom(r)
	}
}

// forgetRoom drops a room that nobody holds or is in, unless it waits for somebody to
// come again.
func (f *Flows) forgetRoom(r *room) {
	if len(r.units) > 0 || len(r.seats) > 0 || len(r.lobby) > 0 || len(r.tapes) > 0 || !r.opened.IsZero() || f.rooms[r.name] != r {
		return
	}
	f.free(r)
	delete(f.rooms, r.name)
}

// state is what the mixer is to know of the room.
func (r *room) state() *control.Room {
	c := &control.Room{Id: r.name, Rate: uint32(r.rate), Loudest: uint32(r.rules.Loudest), ComfortNoise: r.rules.ComfortNoise,
		HistoryMs: r.rules.History.ms()}
	if r.rules.EnergyLevel != nil {
		c.LevelsMs = energyEvery
	}
	return c
}

// energyEvery is how often energy events come, in ms.
const energyEvery = 500

// place gives the room a mixer, or tells its own how the room is now.
func (f *Flows) place(r *room, near string) {
	next := r.state()
	next.Pairs = f.mixPairs(r)
	if r.placed && sameRoom(r.sent, next) {
		return
	}
	r.placed, r.sent = true, next
	f.emit(PlaceRoom{Room: r.name, Rate: r.rate, Near: near, State: next})
}

func (f *Flows) free(r *room) {
	if r.placed {
		r.placed, r.sent = false, nil
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
		told := map[string]any{"what": event, "name": r.name, "size": r.size()}
		if s, ok := value.(seatEvent); ok {
			told["id"] = s.ID
		}
		for _, u := range f.apps {
			if f.hears(u, "") {
				f.occur(u, "app", "conference", told)
			}
		}
	}
}

// timer names one of the room's own.
func (r *room) timer(name string) TimerID { return TimerID{Unit: "room:" + r.name, Name: name} }

func (f *Flows) armRoom(r *room, name string, after millis) {
	f.emit(Arm{Timer: r.timer(name), After: after.duration()})
}

func (f *Flows) disarmRoom(r *room, name string) { f.emit(Disarm{r.timer(name)}) }

func (f *Flows) toRoom(r *room, c *control.Command) {
	f.emit(ToMixer{Room: r.name, Command: c})
}

// sit puts a call into a room, or into its lobby.
func (f *Flows) sit(s *seat) {
	r := s.room
	s.c.seat = s
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
