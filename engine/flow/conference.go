package flow

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/callwright/callwright/media/control"
)

// conference opens a room by its name, making it if nobody holds it.
type conference struct {
	Name       string `json:"name"`
	Rate       *int   `json:"rate"`
	MaxMembers *int   `json:"maxMembers"`
}

const defaultRate = 8000

func (v *conference) begin(o *operation) {
	if err := v.check(); err != nil {
		o.fail(badOption("conference: " + err.Error()))
		return
	}
	r := o.f.rooms[v.Name]
	if r == nil {
		r = &room{rev: 1, name: v.Name, rate: defaultRate}
		o.f.rooms[v.Name] = r
	}
	if v.Rate != nil && *v.Rate != r.rate {
		if r.placed {
			o.fail(busyError(fmt.Sprintf("conference: %q runs at %d Hz, not at %d", v.Name, r.rate, *v.Rate)))
			return
		}
		r.rate = *v.Rate
		r.rev++
	}
	if v.MaxMembers != nil {
		r.maxMembers = *v.MaxMembers
	}
	o.f.hold(o.u, r)
	o.complete(handed{Handle: r.handle(), Fields: r.view()})
}

// handed is a host object as a result.
type handed struct {
	Handle string `json:"$handle"`
	Fields any    `json:"$fields"`
}

func (v *conference) check() error {
	switch {
	case v.Name == "" || len(v.Name) > 128 || strings.ContainsAny(v.Name, "\x00\r\n"):
		return fmt.Errorf("%q is not a name for a conference", v.Name)
	case v.Rate != nil && *v.Rate != 8000 && *v.Rate != 16000:
		return fmt.Errorf("a rate of %d Hz is not built yet; 8000 and 16000 are", *v.Rate)
	case v.MaxMembers != nil && *v.MaxMembers < 0:
		return fmt.Errorf("maxMembers is %d", *v.MaxMembers)
	}
	return nil
}

func (v *conference) step(*operation, event) {}

// roomOf is the room that a verb was called on.
func roomOf(o *operation) *room {
	return o.f.rooms[strings.TrimPrefix(o.object, "room:")]
}

// join puts the script's own call into the room.
type join struct {
	Call    json.RawMessage `json:"call"`
	Label   string          `json:"label"`
	Tags    []string        `json:"tags"`
	Role    string          `json:"role"`
	Muted   bool            `json:"muted"`
	Deaf    bool            `json:"deaf"`
	GainIn  float64         `json:"gainIn"`
	GainOut float64         `json:"gainOut"`
}

// subject is the call that is to join.
func (v *join) subject(u *unit) *callState { return u.callOf(handleOf(v.Call)) }

func (v *join) begin(o *operation) {
	r, c := roomOf(o), o.c
	if v.GainIn < -60 || v.GainIn > 30 || v.GainOut < -60 || v.GainOut > 30 {
		o.fail(badOption("conference.join: gains must be from -60 to 30 dB"))
		return
	}
	if r == nil {
		o.fail(plainError("conference.join: the conference is gone"))
		return
	}
	if r.maxMembers > 0 && len(r.seats) >= r.maxMembers && (c.seat == nil || c.seat.room != r) {
		o.fail(busyError(fmt.Sprintf("conference.join: %q is full (%d members)", r.name, r.maxMembers)))
		return
	}
	o.f.leaveRoom(c, "moved")
	o.f.rooms[r.name] = r // leaving may have ended it
	s := &seat{rev: 1, handle: fmt.Sprintf("member:%s/%d", o.u.id, o.n), c: c, room: r,
		gainIn: v.GainIn, gainOut: v.GainOut, since: o.f.now,
		seatFields: seatFields{ID: c.id, Label: v.Label, Tags: append([]string{}, v.Tags...), Role: v.Role,
			Number: c.from.Number, Name: c.from.Name, Muted: v.Muted || v.Role == "listener", Deaf: v.Deaf,
			Joined: o.f.now.UnixMilli()}}
	o.f.sit(s)
	o.complete(handed{Handle: s.handle, Fields: s.view(o.f.now)})
}

func (v *join) step(*operation, event) {}

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
	r := roomOf(o)
	if r == nil {
		o.fail(plainError(o.name() + ": the conference is gone"))
		return nil, nil
	}
	p, err := readFilter(v.Filter)
	if err != nil {
		o.fail(badOption(o.name() + ": " + err.Error()))
		return nil, nil
	}
	return r.pick(p), r
}

func (v *members) step(*operation, event) {}

type countResult struct {
	Count int `json:"count"`
}

// muteMembers is mute and unmute of a room: whether members are heard.
type muteMembers struct{ members }

func (v *muteMembers) begin(o *operation) {
	picked, r := v.pick(o)
	if r == nil {
		return
	}
	on, n := o.method == "mute", 0
	for _, s := range picked {
		if s.Muted == on {
			continue
		}
		n++
		s.Muted = on
		s.rev++
		o.f.seatAgain(s.c)
		o.f.roomEvent(r, o.method, seatEvent{seatFields: s.view(o.f.now)})
	}
	o.complete(countResult{n})
}

// kick takes members out of the room; their calls go on.
type kick struct{ members }

func (v *kick) begin(o *operation) {
	picked, r := v.pick(o)
	if r == nil {
		return
	}
	for _, s := range picked {
		o.f.leaveRoom(s.c, "kicked")
	}
	o.complete(countResult{len(picked)})
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

// roomPlay is room.play: heard by all in the room.
type roomPlay struct {
	Source json.RawMessage `json:"source"`
	Loop   json.RawMessage `json:"loop"`

	Part   string `json:"part"`
	Paused bool   `json:"paused"`
	room   *room
}

func (v *roomPlay) begin(o *operation) {
	v.room = roomOf(o)
	if v.room == nil {
		o.fail(plainError("conference.play: the conference is gone"))
		return
	}
	list, err := o.u.sources(v.Source)
	n, bad := loops(v.Loop)
	if err == nil {
		err = bad
	}
	if err != nil {
		o.fail(badOption("conference.play: " + err.Error()))
		return
	}
	if len(v.room.seats) == 0 {
		o.complete(playResult{Reason: "ended"}) // nobody is there to hear it
		return
	}
	v.Part = o.nextPart()
	o.f.toRoom(v.room, &control.Command{Body: &control.Command_Play{Play: &control.Play{Op: v.Part,
		Target: &control.Play_Room{Room: v.room.name}, Sources: list, Loops: n}}})
}

// step: what plays in a room goes on when the call that began it ends, as long as
// its flow has something to do.
func (v *roomPlay) step(o *operation, e event) {
	switch e := e.(type) {
	case done:
		if e.GetOp() != v.Part {
			return
		}
		r := playResult{Reason: e.GetReason(), Played: int64(e.GetMs()), Error: e.GetError()}
		if r.Reason == "gone" {
			r.Reason = "ended"
		}
		if r.Reason == "error" {
			o.note("warn", r.Error)
		}
		v.tell(o, r)
	case steer:
		v.steer(o, e.method)
	}
}

func (v *roomPlay) steer(o *operation, method string) {
	c := &control.Command{Body: &control.Command_Stop{Stop: &control.Stop{Op: v.Part}}}
	if method != "stop" {
		v.Paused = method == "pause"
		c = &control.Command{Body: &control.Command_Pause{Pause: &control.Pause{Op: v.Part, Paused: v.Paused}}}
	}
	o.f.toRoom(v.room, c)
}

func (v *roomPlay) tell(o *operation, r playResult) {
	o.f.roomEvent(v.room, "play-done", r)
	o.complete(r)
}

// over ends it with its room; the mixer drops it by itself.
func (v *roomPlay) over(o *operation, reason string) {
	v.tell(o, playResult{Reason: reason, Played: o.since()})
}

func (v *roomPlay) abandon(o *operation) {
	if v.Part != "" && v.room.placed {
		o.f.toRoom(v.room, &control.Command{Body: &control.Command_Stop{Stop: &control.Stop{Op: v.Part}}})
	}
}
