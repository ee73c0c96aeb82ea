package flow

import (
	"strconv"

	"github.com/callwright/callwright/media/control"
)

func itoa(n int) string { return strconv.Itoa(n) }

// soundIn plays one of the room's sounds to all who are in; instead is what is played
// when the profile has none, nil: nothing.
func (f *Flows) soundIn(r *room, name string, instead []*control.Source) {
	list, ok := r.rules.Sounds[name]
	if !ok {
		list = instead
	}
	f.playIn(r, list)
}

func (f *Flows) playIn(r *room, list []*control.Source) {
	if len(list) == 0 || !r.placed || len(r.seats) == 0 {
		return
	}
	f.toRoom(r, &control.Command{Body: &control.Command_Play{Play: &control.Play{Op: r.nextPart(), Sources: list,
		Target: &control.Play_Room{Room: r.name}}}})
}

// soundTo plays one of the room's sounds to one member alone.
func (f *Flows) soundTo(s *seat, name string) { f.playTo(s, s.room.rules.Sounds[name]) }

func (f *Flows) playTo(s *seat, list []*control.Source) {
	if len(list) == 0 || s.c.ended {
		return
	}
	f.emit(ToMixer{Call: s.c.id, Command: &control.Command{Body: &control.Command_Play{Play: &control.Play{Op: s.room.nextPart(), Sources: list,
		Target: &control.Play_Member{Member: s.c.id}}}}})
}

func beepOf(hz float64, ms uint32) []*control.Source {
	return []*control.Source{{Body: &control.Source_Tone{Tone: &control.Tone{Segments: []*control.Tone_Segment{{Hz: []float64{hz}, Ms: ms}}}}}}
}

// announceJoin lets all hear who has come, and the one who came what it should know.
func (f *Flows) announceJoin(s *seat, late bool) {
	r := s.room
	if late && r.rules.History > 0 && len(r.seats) > 1 {
		f.playTo(s, []*control.Source{{Body: &control.Source_Recall{Recall: &control.Recall{Room: r.name, Ms: r.rules.History.ms()}}}})
	}
	others := r.size() - 1
	if s.Hidden {
		return
	}
	if others == 0 {
		f.soundTo(s, "alone")
	}
	switch r.rules.Announce {
	case "tone":
		f.soundIn(r, "enter", beepOf(660, 120))
	case "name":
		f.playIn(r, concat(s.nameSource, r.rules.Sounds["enter"]))
	case "count":
		f.soundIn(r, "enter", nil)
		if others > r.rules.CountAbove {
			f.playTo(s, []*control.Source{speechOf(itoa(others), "")})
		}
	default:
		f.soundIn(r, "enter", nil)
	}
}

func concat(a, b []*control.Source) []*control.Source {
	return append(append([]*control.Source{}, a...), b...)
}

func (f *Flows) announceLeave(s *seat, _ string) {
	r := s.room
	switch r.rules.Announce {
	case "tone":
		f.soundIn(r, "exit", beepOf(440, 120))
	case "name":
		f.playIn(r, concat(s.nameSource, r.rules.Sounds["exit"]))
	default:
		f.soundIn(r, "exit", nil)
	}
	if len(r.seats) == 1 {
		f.soundTo(r.seats[0], "alone")
	}
}

func speechOf(text, language string) *control.Source {
	return &control.Source{Body: &control.Source_Speech{Speech: &control.Speech{Text: text, Language: language}}}
}
