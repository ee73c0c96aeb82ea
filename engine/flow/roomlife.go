package flow

import (
	"strings"
	"time"

	"github.com/callwright/callwright/media/control"
)

// reviewed looks at a room after anything about it has changed: whether it waits, who
// hears music, what is recorded, who hears whom. All of it follows from the state.
func (f *Flows) reviewed(r *room) {
	if len(r.seats) > 0 {
		f.review(r)
	}
	if r.placed {
		f.place(r, "")
		f.reapart(r)
	}
}

func (f *Flows) review(r *room) {
	waits := r.waits()
	switch {
	case waits && !r.started.IsZero():
		r.started = time.Time{}
		r.rev++
		f.seatsAgain(r, nil)
	case !waits && r.started.IsZero():
		f.startRoom(r, nil)
	}
	f.graced(r)
	f.reviewMusic(r, waits)
	f.reviewTape(r)
	f.quiet(r)
}

// waits says whether those who are in are still to wait: for a moderator, or, before
// it has begun, for enough others.
func (r *room) waits() bool {
	return r.rules.WaitForModerator && !r.moderated() ||
		r.started.IsZero() && r.size() < r.rules.MinMembers
}

// startRoom ends the waiting. by is the member whose joining ends it, nil: it is not that.
func (f *Flows) startRoom(r *room, by *seat) {
	waited := len(r.seats) > 1 || by == nil
	r.started = f.now
	r.rev++
	f.roomEvent(r, "start", r.view())
	if waited {
		f.seatsAgain(r, by)
		f.soundIn(r, "begin", nil)
	}
}

// seatsAgain tells the mixer anew of all members but one: what a room's state does to
// them has changed.
func (f *Flows) seatsAgain(r *room, but *seat) {
	for _, s := range r.seats {
		if s != but {
			f.seatAgain(s.c)
		}
	}
}

// graced begins or ends the time that a room has left without its moderator.
func (f *Flows) graced(r *room) {
	if !r.rules.EndWithModerator || r.leaveAll {
		return
	}
	switch moderated := r.moderated(); {
	case moderated && !r.sawModerator:
		r.sawModerator = true
		f.disarmRoom(r, "grace") // one has come back
	case moderated:
	case r.sawModerator:
		r.sawModerator = false
		f.armRoom(r, "grace", r.rules.EndGrace)
	}
}

func (f *Flows) anybodyTalks(r *room) bool {
	for _, s := range r.seats {
		if s.talking {
			return true
		}
	}
	return false
}

// quiet begins or ends the silence that may end a room.
func (f *Flows) quiet(r *room) {
	switch {
	case r.rules.EndOnSilence <= 0:
	case f.anybodyTalks(r):
		f.disarmRoom(r, "quiet")
	default:
		f.armRoom(r, "quiet", r.rules.EndOnSilence)
	}
}

// roomFired is a room's timer.
func (f *Flows) roomFired(t TimerID) {
	r := f.rooms[strings.TrimPrefix(t.Unit, "room:")]
	if r == nil {
		return
	}
	switch t.Name {
	case "max":
		f.empty(r, "time-limit")
	case "grace":
		f.empty(r, "no-moderator")
	case "quiet":
		if !f.anybodyTalks(r) {
			f.empty(r, "silence")
		}
	case "tapes":
		f.tapesLate(r)
	case "empty":
		if len(r.seats) == 0 {
			f.roomOver(r)
		}
	default:
		f.memberFired(r, t.Name)
	}
}

func (f *Flows) memberFired(r *room, name string) {
	what, id, _ := strings.Cut(name, ":")
	for _, s := range r.seats {
		if s.ID != id {
			continue
		}
		if what == "limit" {
			f.leaveRoom(s.c, "time-limit")
		} else {
			f.controlDue(s)
		}
		return
	}
}

// reviewMusic begins or ends what is heard by who is alone, or waits.
func (f *Flows) reviewMusic(r *room, waits bool) {
	wants := len(r.rules.Music) > 0 && (waits && r.rules.MusicWhen != "alone" || !waits && len(r.seats) == 1 && r.rules.MusicWhen != "waiting")
	switch {
	case wants && r.music == "":
		r.music = r.nextPart()
		f.toRoom(r, &control.Command{Body: &control.Command_Play{Play: &control.Play{Op: r.music, Sources: r.rules.Music, Loops: forEver,
			Target: &control.Play_Room{Room: r.name}}}})
	case !wants && r.music != "":
		f.toRoom(r, stopOf(r.music))
		r.music = ""
	default:
		return
	}
	for _, s := range r.seats {
		if s.rules.NoMusic {
			f.seatAgain(s.c)
		}
	}
}

func stopOf(part string) *control.Command {
	return &control.Command{Body: &control.Command_Stop{Stop: &control.Stop{Op: part}}}
}

// holdMusic begins or ends the music of one member: held, or in the lobby.
func (f *Flows) holdMusic(s *seat) {
	wants := (s.Held || s.Lobby) && len(s.room.rules.Music) > 0 && !s.rules.NoMusic
	switch {
	case wants && s.music == "":
		s.music = s.room.nextPart()
		f.emit(ToMixer{Call: s.c.id, Command: &control.Command{Body: &control.Command_Play{Play: &control.Play{Op: s.music,
			Sources: s.room.rules.Music, Loops: forEver, Target: &control.Play_Member{Member: s.c.id}}}}})
	case !wants && s.music != "":
		if !s.c.ended {
			f.emit(ToMixer{Call: s.c.id, Command: stopOf(s.music)})
		}
		s.music = ""
	}
}

// member is how a seat and its room's state look to the mixer.
func (s *seat) member(m *control.Member) {
	r := s.room
	if s.Lobby {
		return
	}
	m.Room = r.name
	m.Muted = m.Muted || s.Muted || s.Held || !s.rules.CanSpeak || r.started.IsZero()
	m.Deaf = m.Deaf || s.Deaf || s.Held || !s.rules.CanHear || s.rules.NoMusic && r.music != ""
	m.GainInDb, m.GainOutDb = s.gainIn, s.gainOut
	m.Agc, m.Apart = s.rules.AGC, s.apart
	s.toldApart = s.apart
}

// nextPart names a thing asked of the mixer for the room itself.
func (r *room) nextPart() string {
	r.parts++
	return "room:" + r.name + "/0." + itoa(r.parts)
}
