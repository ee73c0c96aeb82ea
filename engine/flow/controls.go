package flow

import (
	"fmt"
	"strings"

	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/sandbox"
)

// controlVerbs are what keys may do without a function.
var controlVerbs = []string{"mute", "unmute", "toggle-mute", "deaf", "undeaf", "toggle-deaf", "hold", "unhold", "toggle-hold",
	"louder", "quieter", "listen-louder", "listen-quieter", "lock", "unlock", "toggle-lock", "count", "leave", "end"}

const (
	controlTime = 2000 // ms between the keys of a control
	gainStep    = 3.0  // dB
)

// control takes a key a member pressed; true: it belongs to a control, and goes no
// further. One that is the beginning of a longer one waits for what follows.
func (f *Flows) control(s *seat, key string) bool {
	if len(s.room.rules.Controls) == 0 || s.Lobby {
		return false
	}
	keys := s.typed + key
	c, whole, more := s.room.controlOf(keys)
	if !whole && !more && s.typed != "" {
		keys = key // what began something else begins anew
		c, whole, more = s.room.controlOf(keys)
	}
	f.disarmRoom(s.room, "keys:"+s.ID)
	switch {
	case more:
		s.typed = keys
		f.armRoom(s.room, "keys:"+s.ID, controlTime)
	case whole:
		s.typed = ""
		f.obey(s, c)
	default:
		s.typed = ""
		return false
	}
	return true
}

// controlOf finds what keys do, and whether they begin something longer too.
func (r *room) controlOf(keys string) (c control1, whole, more bool) {
	c, whole = r.rules.Controls[keys]
	for other := range r.rules.Controls {
		more = more || len(other) > len(keys) && strings.HasPrefix(other, keys)
	}
	return c, whole, more
}

// controlDue ends the wait for further keys.
func (f *Flows) controlDue(s *seat) {
	c, whole, _ := s.room.controlOf(s.typed)
	s.typed = ""
	if whole {
		f.obey(s, c)
	}
}

// obey does what a control says.
func (f *Flows) obey(s *seat, c control1) {
	if c.Unit != "" {
		if u := f.units[c.Unit]; u != nil && !u.closed && !f.overflows(u, "dtmf") {
			u.asks++ // nobody waits for what it gives
			f.deliver(u, sandbox.Input{Kind: sandbox.Called, Callback: c.Fn, Ask: u.asks, Value: encode([]any{s.view(f.now)})})
		}
		return
	}
	verb := c.Verb
	switch verb {
	case "toggle-mute":
		verb = either(s.Muted, "unmute", "mute")
	case "toggle-deaf":
		verb = either(s.Deaf, "undeaf", "deaf")
	case "toggle-hold":
		verb = either(s.Held, "unhold", "hold")
	case "toggle-lock":
		verb = either(s.room.Locked, "unlock", "lock")
	}
	switch verb {
	case "lock", "unlock", "end":
		if s.Role != "moderator" {
			f.note(s.c.u, "info", fmt.Sprintf("conference %s: %q is for moderators", s.room.name, verb), "")
			return
		}
	}
	f.obeyVerb(s, verb)
}

func (f *Flows) obeyVerb(s *seat, verb string) {
	switch verb {
	case "louder", "quieter", "listen-louder", "listen-quieter":
		f.turn(s, verb)
	case "lock", "unlock":
		f.lockRoom(s.room, verb == "lock")
	case "count":
		f.playTo(s, []*control.Source{speechOf(itoa(s.room.size()), "")})
	case "leave":
		f.leaveRoom(s.c, "key")
	case "end":
		f.empty(s.room, "ended")
	default:
		f.flag(s, verb)
	}
}

func (f *Flows) turn(s *seat, verb string) {
	at, by := &s.gainIn, gainStep
	if strings.HasPrefix(verb, "listen") {
		at = &s.gainOut
	}
	if strings.HasSuffix(verb, "quieter") {
		by = -gainStep
	}
	*at = max(-60, min(30, *at+by))
	f.seatAgain(s.c)
}

func either(yes bool, a, b string) string {
	if yes {
		return a
	}
	return b
}

// passDigit sends a digit on to the other members' phones, where the room or the member
// wants that.
func (f *Flows) passDigit(from *seat, key string) {
	r := from.room
	if !r.rules.Pass && !from.rules.DistributeDTMF || from.Lobby {
		return
	}
	for _, s := range r.seats {
		if s == from || s.c.ended {
			continue
		}
		f.emit(ToSBC{Call: s.c.id, Command: &control.Command{Body: &control.Command_Digits{Digits: &control.Digits{
			Op: r.nextPart(), Stream: s.c.id, Digits: key}}}})
	}
}

// floorTold is the mixer's word on who is loudest.
func (f *Flows) floorTold(e *control.Floor) {
	r := f.rooms[e.GetRoom()]
	if r == nil || r.floorHeld || e.GetMember() != "" && r.seatOf(e.GetMember()) == nil {
		return
	}
	f.floor(r, e.GetMember())
}

// energyOf is how loud a member is, in dBov.
type energyOf struct {
	ID   string  `json:"id"`
	DBov float64 `json:"dbov"`
}

// levelsTold tells scripts of those who are above the room's energyLevel.
func (f *Flows) levelsTold(e *control.Levels) {
	r := f.rooms[e.GetRoom()]
	if r == nil || r.rules.EnergyLevel == nil {
		return
	}
	list := []energyOf{}
	for i, id := range e.GetMembers() {
		if i < len(e.GetDbov()) && e.GetDbov()[i] >= *r.rules.EnergyLevel && r.seatOf(id) != nil {
			list = append(list, energyOf{id, e.GetDbov()[i]})
		}
	}
	if len(list) > 0 {
		f.roomEvent(r, "energy", map[string]any{"members": list})
	}
}

// roomPart reads "room:NAME/0.k".
func roomPart(op string) (name string, ok bool) {
	rest, ok := strings.CutPrefix(op, "room:")
	slash := strings.LastIndexByte(rest, '/')
	if !ok || slash < 0 {
		return "", false
	}
	return rest[:slash], true
}

// roomDone is the end of something asked for a room itself.
func (f *Flows) roomDone(name string, d *control.Done) {
	r := f.rooms[name]
	if r == nil {
		return
	}
	if d.GetReason() == "error" {
		f.emit(Note{Level: "warn", Text: "conference " + name + ": " + d.GetError()})
	}
	if d.GetOp() == r.music && r.music != "" {
		r.music = ""
	}
	f.tapeDone(r, d)
}
