package flow

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/callwright/callwright/media/control"
)

// join puts the script's own call into the room: by its PIN if it has one, past the
// name if names are announced, through the lobby if there is one.
type join struct {
	Call            json.RawMessage `json:"call"`
	Label           string          `json:"label"`
	Tags            []string        `json:"tags"`
	Role            string          `json:"role"`
	Muted           bool            `json:"muted"`
	Deaf            bool            `json:"deaf"`
	Hidden          bool            `json:"hidden"`
	CanHear         bool            `json:"canHear"`
	CanSpeak        bool            `json:"canSpeak"`
	Hears           json.RawMessage `json:"hears"`
	HeardBy         json.RawMessage `json:"heardBy"`
	Coach           string          `json:"coach"`
	GainIn          float64         `json:"gainIn"`
	GainOut         float64         `json:"gainOut"`
	AGC             *bool           `json:"agc"`
	MuteDetect      bool            `json:"muteDetect"`
	EndConference   bool            `json:"endConference"`
	Mandatory       bool            `json:"mandatory"`
	StartConference bool            `json:"startConference"`
	NoMusic         bool            `json:"noMusic"`
	DistributeDTMF  bool            `json:"distributeDtmf"`
	Record          bool            `json:"record"`
	TimeLimit       millis          `json:"timeLimit"`
	Announce        json.RawMessage `json:"announce"`

	room  *room
	seat  *seat  `freeze:"own"`
	Part  string `json:"part"` // the prompt, or the recording of the name
	State string `json:"state"`
	Typed string `json:"typed"`
	Try   int    `json:"try"`
	Path  string `json:"path"` // of the name
}

// States of a join.
const (
	asksPin  = "pin"
	beeps    = "beep" // before the name
	hearsOwn = "name"
)

const (
	pinTime   = 10_000 // ms until the first digit, and between digits less
	digitTime = 4_000
	nameTime  = 3_000
)

// subject is the call that is to join.
func (v *join) subject(u *unit) *callState { return u.callOf(handleOf(v.Call)) }

func (v *join) begin(o *operation) {
	r := o.room()
	if r == nil {
		return
	}
	v.room = r
	var err error
	if v.seat, err = v.made(o, r); err != nil {
		o.mistake(err)
		return
	}
	if !v.mayEnter(o) {
		return
	}
	if (r.rules.Pin != "" || r.rules.ModeratorPin != "") && !(v.Role == "moderator" && r.rules.ModeratorPin == "") {
		v.askPin(o)
		return
	}
	v.named(o)
}

// made is the seat that the options describe.
func (v *join) made(o *operation, r *room) (*seat, error) {
	c := o.c
	if !fairGain(v.GainIn) || !fairGain(v.GainOut) {
		return nil, fmt.Errorf("gains must be from -60 to 30 dB")
	}
	s := &seat{rev: 1, handle: fmt.Sprintf("member:%s/%d", o.u.id, o.n), c: c, room: r,
		gainIn: v.GainIn, gainOut: v.GainOut, since: o.f.now,
		rules: seatRules{CanHear: v.CanHear, CanSpeak: v.CanSpeak && v.Role != "listener", Coach: v.Coach, AGC: r.rules.AGC, MuteDetect: v.MuteDetect,
			StartConference: v.StartConference, EndConference: v.EndConference, Mandatory: v.Mandatory, NoMusic: v.NoMusic,
			DistributeDTMF: v.DistributeDTMF, Record: v.Record, TimeLimit: v.TimeLimit},
		seatFields: seatFields{ID: c.id, Label: v.Label, Tags: append([]string{}, v.Tags...), Role: v.Role, Hidden: v.Hidden,
			Number: c.from.Number, Name: c.from.Name, Muted: v.Muted || v.Role == "listener", Deaf: v.Deaf,
			Joined: o.f.now.UnixMilli()}}
	set(&s.rules.AGC, v.AGC)
	var err error
	if s.rules.Hears, s.rules.HearsFn, err = tagsOrFunction("hears", v.Hears); err != nil {
		return nil, err
	}
	if s.rules.HeardBy, s.rules.HeardFn, err = tagsOrFunction("heardBy", v.HeardBy); err != nil {
		return nil, err
	}
	if !absent(v.Announce) {
		if s.nameSource, err = o.u.sources(v.Announce); err != nil {
			return nil, fmt.Errorf("announce: %w", err)
		}
	}
	return s, nil
}

func tagsOrFunction(name string, raw json.RawMessage) ([]string, uint32, error) {
	if string(raw) == "[]" {
		return []string{}, 0, nil // nobody
	}
	if absent(raw) {
		return nil, 0, nil
	}
	if fn, ok := function(raw); ok {
		return nil, fn, nil
	}
	var tags []string
	if json.Unmarshal(raw, &tags) != nil {
		return nil, 0, fmt.Errorf("%s must be a list of tags or a function", name)
	}
	return tags, 0, nil
}

// mayEnter looks at what keeps anybody out: a lock, and the number of members.
func (v *join) mayEnter(o *operation) bool {
	r, c := v.room, o.c
	inside := c.seat != nil && c.seat.room == r
	switch {
	case r.Locked && v.Role != "moderator" && !inside:
		o.f.playTo(v.seat, r.rules.Sounds["locked"])
		o.fail(busyError(fmt.Sprintf("%s: %q is locked", o.name(), r.name)))
		return false
	case r.rules.MaxMembers > 0 && len(r.seats) >= r.rules.MaxMembers && !inside:
		o.f.playTo(v.seat, r.rules.Sounds["full"])
		o.f.roomEvent(r, "full", seatEvent{seatFields: v.seat.view(o.f.now)})
		o.fail(busyError(fmt.Sprintf("%s: %q is full (%d members)", o.name(), r.name, r.rules.MaxMembers)))
		return false
	}
	return true
}

// askPin asks for the PIN, once more if it has been wrong.
func (v *join) askPin(o *operation) {
	v.State, v.Typed = asksPin, ""
	v.Try++
	o.c.gather, o.masked = o.n, true
	v.Part = ""
	if list := v.room.rules.Sounds["pin"]; len(list) > 0 {
		v.play(o, list)
	}
	ahead := o.c.take()
	for i, key := range ahead {
		if v.State != asksPin || o.u.ops[o.n] != o {
			o.c.typed = append(o.c.typed, ahead[i:]...)
			return
		}
		v.key(o, key)
	}
	if v.State == asksPin && v.Typed == "" && o.u.ops[o.n] == o {
		o.arm("pin", millis(pinTime).duration())
	}
}

func (v *join) play(o *operation, list []*control.Source) {
	v.Part = o.nextPart()
	o.toMixer(&control.Command{Body: &control.Command_Play{Play: &control.Play{Op: v.Part, Sources: list,
		Target: &control.Play_Member{Member: o.c.id}}}})
}

func (v *join) key(o *operation, key string) {
	if v.Part != "" {
		stopPart(o, v.Part)
		v.Part = ""
	}
	if key != "#" {
		v.Typed += key
	}
	rules := &v.room.rules
	if key == "#" || len(v.Typed) >= max(len(rules.Pin), len(rules.ModeratorPin)) {
		v.judge(o)
		return
	}
	o.arm("pin", millis(digitTime).duration())
}

// judge compares what was typed with both PINs.
func (v *join) judge(o *operation) {
	o.disarm("pin")
	rules := &v.room.rules
	if v.Typed != "" && len(o.u.secrets) < 64 {
		o.u.secrets = append(o.u.secrets, v.Typed)
	}
	switch {
	case v.Typed != "" && v.Typed == rules.ModeratorPin:
		v.seat.Role = "moderator"
	case v.Typed == rules.Pin && (rules.Pin != "" && v.Role != "moderator"):
	default:
		v.refused(o)
		return
	}
	o.c.gather = 0
	v.named(o)
}

func (v *join) refused(o *operation) {
	s := v.seat
	o.f.roomEvent(v.room, "pin-failed", seatEvent{seatFields: s.view(o.f.now), Tries: v.Try})
	o.f.playTo(s, v.room.rules.Sounds["badPin"])
	if v.Try < v.room.rules.PinTries {
		v.askPin(o)
		return
	}
	v.giveUp(o, "pin-failed")
}

// giveUp gives a member that has left already.
func (v *join) giveUp(o *operation, reason string) {
	s := v.seat
	o.u.show(s.handle, s)
	o.f.comeTrue(o.u, s.handle, "left", leftResult{Reason: reason})
	o.complete(handed{Handle: s.handle, Fields: s.view(o.f.now)})
}

// named has the caller say a name, if it is to be announced.
func (v *join) named(o *operation) {
	if v.room.rules.Announce != "name" || v.seat.nameSource != nil || v.Hidden {
		v.sit(o)
		return
	}
	v.State = beeps
	v.play(o, concat(v.room.rules.Sounds["sayName"], beepOf(1000, 200)))
}

func (v *join) recordName(o *operation) {
	v.State = hearsOwn
	v.Path = "names/" + strings.Map(fileRune, o.u.id) + "-" + itoa(int(o.n)) + ".wav"
	v.Part = o.nextPart()
	o.toMixer(&control.Command{Body: &control.Command_Record{Record: &control.Record{Op: v.Part, Path: v.Path, MaxMs: nameTime,
		MaxSilenceMs: 1500, Trim: true, Target: &control.Record_Member{Member: o.c.id}}}})
}

func (v *join) step(o *operation, e event) {
	switch e := e.(type) {
	case digit:
		v.digit(o, e.key)
	case timer:
		v.judge(o)
	case done:
		v.done(o, e.Done)
	case moved: // what it heard or said is cut short
		v.done(o, &control.Done{Op: v.Part, Reason: "gone"})
	case hungUp:
		v.giveUp(o, "hangup")
	case replaced:
		v.giveUp(o, "replaced")
	}
}

func (v *join) digit(o *operation, key string) {
	switch v.State {
	case asksPin:
		v.key(o, key)
	case hearsOwn:
		if key == "#" {
			o.c.used = true
			stopPart(o, v.Part)
		}
	}
}

func (v *join) done(o *operation, d *control.Done) {
	if v.Part == "" || d.GetOp() != v.Part {
		return
	}
	v.Part = ""
	switch v.State {
	case asksPin:
		o.arm("pin", millis(pinTime).duration())
	case beeps:
		v.recordName(o)
	case hearsOwn:
		if d.GetReason() != "error" && d.GetMs() > 0 {
			v.seat.nameSource = []*control.Source{fileSource(control.File_RECORDINGS, v.Path)}
		}
		v.sit(o)
	}
}

// sit is the end of what keeps a caller before the door.
func (v *join) sit(o *operation) {
	r, s := v.room, v.seat
	if v.Try > 0 && !v.mayEnter(o) { // it took time: who came meanwhile?
		return
	}
	o.f.unbridge(o.c, "moved")
	o.f.leaveRoom(o.c, "moved")
	if other := o.f.rooms[r.name]; other != nil && other != r {
		r = other // it ended and was made anew
		s.room = r
	}
	o.f.rooms[r.name] = r // leaving may have ended it
	s.Joined, s.since = o.f.now.UnixMilli(), o.f.now
	o.f.hold(o.u, r)
	o.f.sit(s)
	o.complete(handed{Handle: s.handle, Fields: s.view(o.f.now)})
}

func (v *join) abandon(o *operation) {
	if v.Part != "" {
		stopPart(o, v.Part)
	}
}
