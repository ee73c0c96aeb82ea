package flow

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/callwright/callwright/media/control"
)

// play is call.play: heard by the caller alone. Its result says how it ended.
type play struct {
	Source      json.RawMessage `json:"source"`
	Loop        json.RawMessage `json:"loop"`
	Offset      *millis         `json:"offset"`
	From        *millis         `json:"from"`
	Gain        float64         `json:"gain"`
	BargeIn     json.RawMessage `json:"bargeIn"`
	Terminators string          `json:"terminators"`
	Rate        float64         `json:"rate"`
	Cache       *bool           `json:"cache"`
	To          string          `json:"to"`

	Part   string `json:"part"` // what the mixer knows it as
	Reason string `json:"reason"`
	Key    string `json:"key"`
	line   timeline
}

type playResult struct {
	Reason string `json:"reason"`
	Played int64  `json:"played"` // ms
	Digit  string `json:"digit,omitempty"`
	Error  string `json:"error,omitempty"`
}

func (v *play) begin(o *operation) {
	p, err := v.command(o.u)
	if err != nil {
		o.mistake(err)
		return
	}
	if v.To == "peer" || v.To == "both" {
		o.fail(notBuilt(fmt.Sprintf("%s: to %q, which needs a bridge,", o.name(), v.To)))
		return
	}
	v.Part = o.nextPart()
	v.line = timeline{Speed: v.Rate}
	v.line.begin(o.f.now, int64(p.OffsetMs))
	p.Op, p.Target = v.Part, &control.Play_Member{Member: o.c.id}
	o.toMixer(&control.Command{Body: &control.Command_Play{Play: p}})
}

// command is what the options say, without target and name.
func (v *play) command(u *unit) (*control.Play, error) {
	list, err := u.sources(v.Source)
	if err != nil {
		return nil, err
	}
	n, err := loops(v.Loop)
	if err != nil {
		return nil, err
	}
	if v.Cache != nil && !*v.Cache {
		for _, s := range list {
			if w := s.GetWeb(); w != nil {
				w.Fresh = true
			}
		}
	}
	if !fairGain(v.Gain) {
		return nil, fmt.Errorf("gain is %v dB; it must be from -60 to 30", v.Gain)
	}
	if v.Rate != 0 && !(v.Rate >= 0.5 && v.Rate <= 2) {
		return nil, fmt.Errorf("rate is %v; it must be from 0.5 to 2", v.Rate)
	}
	if s := string(v.BargeIn); s == `"speech"` {
		return nil, fmt.Errorf("bargeIn: 'speech' is not built yet")
	}
	if err := checkKeys("terminators", v.Terminators); err != nil {
		return nil, err
	}
	offset := v.Offset
	if offset == nil {
		offset = v.From
	}
	p := &control.Play{Sources: list, Loops: n, GainDb: v.Gain, Rate: v.Rate}
	if offset != nil {
		p.OffsetMs = offset.ms()
	}
	return p, nil
}

func (v *play) step(o *operation, e event) {
	switch e := e.(type) {
	case done:
		if e.GetOp() == v.Part {
			v.ended(o, e.Done)
		}
	case digit:
		v.digit(o, e.key)
	case steer:
		v.steer(o, e)
	case mediaUp:
		if v.Part != "" {
			v.again(o)
		}
	case moved:
		if v.Part != "" && v.Reason == "" {
			v.Part = o.nextPart() // the old one ends, which is nobody's business
			v.again(o)
		}
	case hungUp:
		o.complete(playResult{Reason: "hangup", Played: o.since()})
	}
}

func (v *play) steer(o *operation, e steer) {
	if v.Part == "" { // before the audio stands
		if e.method == "stop" {
			o.complete(playResult{Reason: "stopped"})
		}
		return
	}
	if c := v.line.steer(o.f.now, v.Part, e); c != nil {
		o.toMixer(c)
	}
}

// digit: a terminator is used up; a digit that barges in stays for the next gather.
func (v *play) digit(o *operation, key string) {
	barge := v.bargesIn()
	if v.Reason != "" || (!barge && !strings.Contains(v.Terminators, key)) {
		return
	}
	v.Reason, v.Key = "digit", key
	if strings.Contains(v.Terminators, key) {
		o.c.used = true
	}
	stopPart(o, v.Part)
}

func (v *play) bargesIn() bool {
	s := string(v.BargeIn)
	return s == "true" || s == `"digits"`
}

func (v *play) ended(o *operation, d *control.Done) {
	r := playResult{Reason: v.Reason, Played: int64(d.GetMs()), Digit: v.Key}
	switch {
	case d.GetReason() == "error":
		r.Reason, r.Error = "error", d.GetError()
		o.note("warn", d.GetError())
	case r.Reason == "" && d.GetReason() == "gone":
		r.Reason = "stopped"
	case r.Reason == "":
		r.Reason = d.GetReason()
	}
	o.complete(r)
}

// again asks a new mixer to go on about where the old one stopped.
func (v *play) again(o *operation) {
	p, err := v.command(o.u)
	if err != nil || v.Reason != "" {
		return
	}
	p.OffsetMs = uint32(max(0, v.line.at(o.f.now)))
	if v.line.Gain != nil {
		p.GainDb = *v.line.Gain
	}
	p.Op, p.Target = v.Part, &control.Play_Member{Member: o.c.id}
	o.toMixer(&control.Command{Body: &control.Command_Play{Play: p}})
	if v.line.Paused {
		o.toMixer(&control.Command{Body: &control.Command_Pause{Pause: &control.Pause{Op: v.Part, Paused: true}}})
	}
}

func (v *play) abandon(o *operation) { stopPart(o, v.Part) }

func stopPart(o *operation, part string) { o.toMixer(stopOf(part)) }

// steering is pause, resume, stop and their like called on a Playback or a Recording.
// One that has ended takes it and does nothing.
type steering struct {
	Offset millis  `json:"offset"` // seek
	DB     float64 `json:"db"`     // gain
	Name   string  `json:"name"`   // mark
}

func (v *steering) begin(o *operation) {
	if !fairGain(v.DB) {
		o.fail(badOption(o.name() + ": gain must be from -60 to 30 dB"))
		return
	}
	var n uint32
	if _, err := fmt.Sscanf(o.object, "op:%d", &n); err == nil {
		if target := o.u.ops[n]; target != nil && target.verb != nil {
			target.verb.step(target, steer{o.method, *v})
		}
	}
	o.complete(struct{}{})
}

func (*steering) step(*operation, event) {}
