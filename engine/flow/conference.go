package flow

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// conference opens a room by its name, making it if nobody holds it.
type conference struct {
	Name string `json:"name"`
	profile
}

const defaultRate = 8000

// isRoomName says whether a conference may be called so.
func isRoomName(s string) bool {
	return s != "" && len(s) <= 128 && !strings.ContainsAny(s, "\x00\r\n") && !strings.HasPrefix(s, bridgePrefix)
}

func (v *conference) begin(o *operation) {
	if !isRoomName(v.Name) {
		o.fail(badOption(fmt.Sprintf("conference: %q is not a name for a conference", v.Name)))
		return
	}
	if e := o.ownName(v.Name); e != nil {
		o.fail(e)
		return
	}
	r := o.f.rooms[v.Name]
	if r == nil {
		r = newRoom(v.Name)
	}
	if !v.apply(o, r) {
		return
	}
	o.f.rooms[v.Name] = r
	o.f.hold(o.u, r)
	o.complete(handed{Handle: r.handle(), Fields: r.view()})
}

func newRoom(name string) *room {
	return &room{rev: 1, name: name, rate: defaultRate, rules: rules{PinTries: defaultTries, MusicWhen: "both"}}
}

// apply changes the room as the profile says; false: the operation has failed.
func (p *profile) apply(o *operation, r *room) bool {
	next, rate, err := p.change(o.u, r.rules)
	if err != nil {
		o.mistake(err)
		return false
	}
	if rate != 0 && rate != r.rate {
		if r.placed {
			o.fail(busyError(fmt.Sprintf("%s: %q runs at %d Hz, not at %d", o.name(), r.name, r.rate, rate)))
			return false
		}
		r.rate = rate
	}
	r.rules = next
	r.rev++
	set(&r.Locked, p.Locked)
	o.f.reviewed(r)
	return true
}

func (v *conference) step(*operation, event) {}

// setRoom is room.set(): the options of conference() for one that is there.
type setRoom struct{ profile }

func (v *setRoom) begin(o *operation) {
	if r := o.room(); r != nil && v.apply(o, r) {
		o.complete(struct{}{})
	}
}

func (v *setRoom) step(*operation, event) {}

// handed is a host object as a result.
type handed struct {
	Handle string `json:"$handle"`
	Class  string `json:"$class,omitempty"`
	Fields any    `json:"$fields,omitempty"`
}

// roomOf is the room that a verb was called on.
func roomOf(o *operation) *room {
	return o.f.rooms[strings.TrimPrefix(o.object, "room:")]
}

// room is the room a verb was called on; nil: it is gone, and the operation has failed.
func (o *operation) room() *room {
	r := roomOf(o)
	if r == nil {
		o.fail(plainError(o.name() + ": the conference is gone"))
	}
	return r
}

// members lists who is in the room.
type members struct {
	Filter json.RawMessage `json:"filter"`
}

func (v *members) begin(o *operation) {
	picked, r := v.pick(o)
	if r == nil {
		return
	}
	list := []seatFields{}
	for _, s := range picked {
		list = append(list, s.view(o.f.now))
	}
	o.complete(list)
}

// pick finds the members meant; without a room the operation has failed.
func (v *members) pick(o *operation) ([]*seat, *room) {
	r := o.room()
	if r == nil {
		return nil, nil
	}
	p, err := readFilter(v.Filter)
	if err != nil {
		o.mistake(err)
		return nil, nil
	}
	return r.pick(p), r
}

func (v *members) step(*operation, event) {}

// getMember is room.get(): one member, or null.
type getMember struct{ members }

func (v *getMember) begin(o *operation) {
	picked, r := v.pick(o)
	switch {
	case r == nil:
	case len(picked) == 0:
		o.complete(nil)
	default:
		o.complete(picked[0].view(o.f.now))
	}
}

type countResult struct {
	Count int `json:"count"`
}

// changeMembers are the verbs that change a flag of members: mute, unmute, deaf,
// undeaf, hold, unhold.
type changeMembers struct{ members }

func (v *changeMembers) begin(o *operation) {
	picked, r := v.pick(o)
	if r == nil {
		return
	}
	n := 0
	for _, s := range picked {
		if o.f.flag(s, o.method) {
			n++
		}
	}
	o.complete(countResult{n})
}

// flag does what a verb says to a member, and tells; false: it was so already.
func (f *Flows) flag(s *seat, verb string) bool {
	at, on := &s.Muted, true
	switch verb {
	case "unmute":
		on = false
	case "deaf", "undeaf":
		at, on = &s.Deaf, verb == "deaf"
	case "hold", "unhold":
		at, on = &s.Held, verb == "hold"
	}
	if *at == on {
		return false
	}
	*at = on
	s.rev++
	f.seatAgain(s.c)
	if on && verb == "mute" && s.talking {
		s.talking = false
		f.roomEvent(s.room, "talk-stop", seatEvent{seatFields: s.view(f.now)})
	}
	f.roomEvent(s.room, verb, seatEvent{seatFields: s.view(f.now)})
	switch verb {
	case "mute", "unmute":
		f.soundTo(s, verb+"d")
	case "hold", "unhold":
		f.holdMusic(s)
	}
	return true
}

// gainMembers is room.gain().
type gainMembers struct {
	members
	In  *float64 `json:"in"`
	Out *float64 `json:"out"`
}

func (v *gainMembers) begin(o *operation) {
	for _, g := range []*float64{v.In, v.Out} {
		if g != nil && !fairGain(*g) {
			o.fail(badOption(o.name() + ": gains must be from -60 to 30 dB"))
			return
		}
	}
	picked, r := v.pick(o)
	if r == nil {
		return
	}
	for _, s := range picked {
		set(&s.gainIn, v.In)
		set(&s.gainOut, v.Out)
		o.f.seatAgain(s.c)
	}
	o.complete(countResult{len(picked)})
}

// fairGain refuses what is no number too.
func fairGain(db float64) bool { return db >= -60 && db <= 30 }

// kick takes members out of the room; their calls go on.
type kick struct{ members }

func (v *kick) begin(o *operation) {
	picked, r := v.pick(o)
	if r == nil {
		return
	}
	for _, s := range picked {
		o.f.soundTo(s, "kicked")
		o.f.leaveRoom(s.c, "kicked")
	}
	o.complete(countResult{len(picked)})
}

// admit lets members in who wait in the lobby.
type admit struct{ members }

func (v *admit) begin(o *operation) {
	picked, r := v.pick(o)
	if r == nil {
		return
	}
	if absent(v.Filter) {
		picked = slices.Clone(r.lobby)
	}
	n := 0
	for _, s := range picked {
		if s.Lobby {
			o.f.enter(s)
			n++
		}
	}
	o.complete(countResult{n})
}

// lockRoom is lock and unlock: who may still come in.
type lockRoom struct{}

func (*lockRoom) begin(o *operation) {
	if r := o.room(); r != nil {
		o.f.lockRoom(r, o.method == "lock")
		o.complete(struct{}{})
	}
}

func (*lockRoom) step(*operation, event) {}

func (f *Flows) lockRoom(r *room, on bool) {
	if r.Locked == on {
		return
	}
	r.Locked = on
	r.rev++
	if on {
		f.soundIn(r, "locked", nil)
	}
	f.roomEvent(r, "lock", map[string]bool{"locked": on})
}

// giveFloor is room.floor(): a member has the floor until it is taken back by floor()
// of nobody; then who talks loudest has it again.
type giveFloor struct{ members }

func (v *giveFloor) begin(o *operation) {
	r := o.room()
	if r == nil {
		return
	}
	if absent(v.Filter) {
		r.floorHeld = false
		o.complete(nil)
		return
	}
	picked, _ := v.pick(o)
	if len(picked) != 1 {
		o.fail(badOption(fmt.Sprintf("%s: one member gets the floor, not %d", o.name(), len(picked))))
		return
	}
	r.floorHeld = true
	o.f.floor(r, picked[0].ID)
	o.complete(picked[0].view(o.f.now))
}

func (f *Flows) floor(r *room, id string) {
	if r.floorOf == id {
		return
	}
	r.floorOf = id
	r.rev++
	var who any
	for _, s := range r.seats {
		if s.ID == id {
			who = s.view(f.now)
		}
	}
	f.roomEvent(r, "floor", map[string]any{"member": who})
}

// endRoom is room.end(): everybody leaves.
type endRoom struct{}

func (*endRoom) begin(o *operation) {
	r := roomOf(o)
	if r == nil {
		o.complete(countResult{})
		return
	}
	n := len(r.seats)
	o.f.empty(r, "ended")
	o.complete(countResult{n})
}

func (*endRoom) step(*operation, event) {}
