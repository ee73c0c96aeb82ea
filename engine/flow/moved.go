package flow

// roomMoved and seatMoved tell verbs that are on a room.
type (
	roomMoved struct{ of *room }
	seatMoved struct{ of *seat }
)

// moved lets all that a call heard and all that was recorded of it go on, on the mixer
// its member is on now.
func (f *Flows) moved(c *callState, alive bool) {
	if c.ended {
		return
	}
	for _, o := range c.pending() {
		if c.u.ops[o.n] == o && !o.waits {
			o.verb.step(o, moved{alive})
		}
	}
	s := c.seat
	if s == nil {
		return
	}
	if s.music != "" { // begun anew: nobody counts where hold music was
		s.music = ""
		f.holdMusic(s)
	}
	f.tapesMoved(s.room, s.ID, alive)
	f.tellRoomVerbs(seatMoved{s})
}

// restreamed lets what the SBC did for a call go on at another.
func (f *Flows) restreamed(c *callState, sbc string) {
	if c.ended {
		return
	}
	if sbc != c.media.SBC {
		c.media.SBC = sbc
		c.rev++
	}
	for _, o := range c.pending() {
		if c.u.ops[o.n] == o && !o.waits {
			o.verb.step(o, restreamed{})
		}
	}
}

// roomMoved does the same for a room.
func (f *Flows) roomMoved(in RoomMoved) {
	r := f.rooms[in.Room]
	if r == nil || !r.placed {
		return
	}
	if r.music != "" {
		r.music = ""
		f.review(r)
	}
	f.tapesMoved(r, "", in.Alive)
	f.tellRoomVerbs(roomMoved{r})
	f.roomEvent(r, "mixer-changed", map[string]int64{"gapMs": in.Gap.Milliseconds()})
}

// tellRoomVerbs tells what plays in rooms, whoever's flow began it.
func (f *Flows) tellRoomVerbs(e event) {
	for _, id := range keysSorted(f.units) {
		u := f.units[id]
		for _, o := range u.pending() {
			if p, ok := o.verb.(*roomPlay); ok && u.ops[o.n] == o {
				f.touch(u)
				p.step(o, e)
			}
		}
	}
}
