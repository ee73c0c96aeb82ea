package flow

import "github.com/callwright/callwright/media/control"

// mute is call.mute and call.unmute: 'in' is what the caller says, 'out' what the
// caller hears of others (prompts to the caller are heard still).
type mute struct {
	Which string `json:"which"`
}

func (v *mute) begin(o *operation) {
	c := o.c
	on := o.method == "mute"
	if v.Which != "out" {
		c.mutedIn = on
	}
	if v.Which != "in" {
		c.mutedOut = on
	}
	o.f.recarry(c)
	if c.audio {
		o.f.seatAgain(c)
	}
	o.complete(struct{}{})
}

func (v *mute) step(*operation, event) {}

// seatAgain tells the mixer how the call's member now stands, in a room or out.
func (f *Flows) seatAgain(c *callState) {
	if s := c.seat; s != nil && !s.Lobby {
		f.emit(JoinRoom{Call: c.id, Room: s.room.name, Member: c.member()})
		return
	}
	f.emit(ToMixer{Call: c.id, Command: &control.Command{Body: &control.Command_Member{Member: c.member()}}})
}

// member is the call's state at the mixer as far as the flow decides it; whoever
// knows the place fills in trunk, codec and room.
func (c *callState) member() *control.Member {
	m := &control.Member{Id: c.id, Muted: c.mutedIn, Deaf: c.mutedOut}
	if c.seat != nil {
		c.seat.member(m)
	}
	return m
}
