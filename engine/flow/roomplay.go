package flow

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/callwright/callwright/media/control"
)

// roomPlay is room.play and room.say: heard by all in the room, or by some.
type roomPlay struct {
	Source json.RawMessage `json:"source"`
	Text   string          `json:"text"` // say
	speechOptions
	Loop json.RawMessage `json:"loop"`
	To   json.RawMessage `json:"to"`
	Duck json.RawMessage `json:"duck"`
	Gain float64         `json:"gain"`

	Parts  []string `json:"parts"`
	Played int64    `json:"played"`
	Reason string   `json:"reason"`
	Error  string   `json:"error"`
	line   timeline
	room   *room
	at     map[string]*seat // members it plays to, by part; nil: all
}

const defaultDuck = 12 // dB

func (v *roomPlay) begin(o *operation) {
	if v.room = o.room(); v.room == nil {
		return
	}
	p, err := v.command(o)
	if err == nil && !absent(v.To) {
		err = v.pick(o)
	}
	if err != nil {
		o.mistake(err)
		return
	}
	if len(v.room.seats) == 0 || v.at != nil && len(v.at) == 0 {
		o.complete(playResult{Reason: "ended"}) // nobody is there to hear it
		return
	}
	v.line.begin(o.f.now, 0)
	if v.at == nil {
		v.Parts = []string{o.nextPart()}
	}
	v.send(o, p)
}

// send asks for all parts.
func (v *roomPlay) send(o *operation, p *control.Play) {
	for _, part := range v.Parts {
		v.sendPart(o, p, part)
	}
}

func (v *roomPlay) sendPart(o *operation, p *control.Play, part string) {
	p = clonePlay(p)
	p.Op = part
	if s := v.at[part]; s != nil {
		p.Target = &control.Play_Member{Member: s.c.id}
	} else {
		p.Target = &control.Play_Room{Room: v.room.name}
	}
	v.tell(o, part, &control.Command{Body: &control.Command_Play{Play: p}})
}

// tell sends a command about a part to the mixer it is on.
func (v *roomPlay) tell(o *operation, part string, c *control.Command) {
	if s := v.at[part]; s != nil {
		o.f.emit(ToMixer{Call: s.c.id, Command: c})
		return
	}
	o.f.toRoom(v.room, c)
}

func (v *roomPlay) pick(o *operation) error {
	filter, err := readFilter(v.To)
	if err != nil {
		return err
	}
	v.at = map[string]*seat{}
	for _, s := range v.room.pick(filter) {
		part := o.nextPart()
		v.Parts = append(v.Parts, part)
		v.at[part] = s
	}
	return nil
}

func (v *roomPlay) command(o *operation) (*control.Play, error) {
	if o.method == "say" {
		v.Source = v.value(v.Text)
	}
	list, err := o.u.sources(v.Source)
	if err != nil {
		return nil, err
	}
	n, err := loops(v.Loop)
	if err != nil {
		return nil, err
	}
	if !fairGain(v.Gain) {
		return nil, fmt.Errorf("gain is %v dB; it must be from -60 to 30", v.Gain)
	}
	p := &control.Play{Sources: list, Loops: n, GainDb: v.Gain}
	switch s := string(v.Duck); s {
	case "", "null", "false":
	case "true":
		p.DuckDb = defaultDuck
	default:
		if json.Unmarshal(v.Duck, &p.DuckDb) != nil || !(p.DuckDb >= 0 && p.DuckDb <= 60) {
			return nil, fmt.Errorf("duck is %s; it must be true or from 0 to 60 dB", s)
		}
	}
	return p, nil
}

// step: what plays in a room goes on when the call that began it ends, as long as
// its flow has something to do.
func (v *roomPlay) step(o *operation, e event) {
	switch e := e.(type) {
	case done:
		v.done(o, e.Done)
	case roomMoved:
		v.moved(o, e.of, "")
	case seatMoved:
		v.moved(o, e.of.room, e.of.ID)
	case steer:
		for _, part := range v.Parts {
			if c := v.line.steer(o.f.now, part, e); c != nil {
				v.tell(o, part, c)
			}
		}
	}
}

// moved goes on where another mixer has the room, or the member it plays to.
func (v *roomPlay) moved(o *operation, r *room, member string) {
	p, err := v.command(o)
	if err != nil || r != v.room {
		return
	}
	p.OffsetMs = uint32(max(0, v.line.at(o.f.now)))
	if v.line.Gain != nil {
		p.GainDb = *v.line.Gain
	}
	old := v.Parts
	v.Parts = nil
	for _, part := range old {
		s := v.at[part]
		if s == nil && member != "" || s != nil && s.ID != member {
			v.Parts = append(v.Parts, part)
			continue
		}
		next := o.nextPart()
		v.Parts = append(v.Parts, next)
		if s != nil {
			delete(v.at, part)
			v.at[next] = s
		}
		v.sendPart(o, p, next)
		if v.line.Paused {
			v.tell(o, next, &control.Command{Body: &control.Command_Pause{Pause: &control.Pause{Op: next, Paused: true}}})
		}
	}
}

// done: it is over when all parts are; what ended the last one is the reason.
func (v *roomPlay) done(o *operation, d *control.Done) {
	i := slices.Index(v.Parts, d.GetOp())
	if i < 0 {
		return
	}
	v.Parts = slices.Delete(v.Parts, i, i+1)
	v.Played = max(v.Played, int64(d.GetMs()))
	v.Reason, v.Error = d.GetReason(), orElse(d.GetError(), v.Error)
	if v.Reason == "gone" {
		v.Reason = "ended"
	}
	if v.Reason == "error" {
		o.note("warn", d.GetError())
	}
	if len(v.Parts) == 0 {
		v.finish(o, playResult{Reason: v.Reason, Played: v.Played, Error: v.Error})
	}
}

func (v *roomPlay) finish(o *operation, r playResult) {
	o.f.roomEvent(v.room, "play-done", r)
	o.complete(r)
}

// over ends it with its room; the mixer drops it by itself.
func (v *roomPlay) over(o *operation, r *room) {
	if v.room == r && v.at == nil {
		v.finish(o, playResult{Reason: "ended", Played: o.since()})
	}
}

func (v *roomPlay) abandon(o *operation) {
	for _, part := range v.Parts {
		if v.room.placed || v.at != nil {
			v.tell(o, part, stopOf(part))
		}
	}
}

func clonePlay(p *control.Play) *control.Play {
	return &control.Play{Sources: p.Sources, Loops: p.Loops, GainDb: p.GainDb, OffsetMs: p.OffsetMs, Rate: p.Rate, DuckDb: p.DuckDb}
}
