package flow

import (
	"slices"
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
