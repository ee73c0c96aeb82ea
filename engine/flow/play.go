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

	Part   string `json:"part"` // what the mixer knows it as
	Reason string `json:"reason"`
	Key    string `json:"key"`
	Paused bool   `json:"paused"`
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
		o.fail(badOption(o.name() + ": " + err.Error()))
		return
	}
	v.Part = o.nextPart()
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
	if v.Gain < -60 || v.Gain > 30 {
		return nil, fmt.Errorf("gain is %v dB; it must be from -60 to 30", v.Gain)
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
	p := &control.Play{Sources: list, Loops: n, GainDb: v.Gain}
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
		switch {
		case v.Part != "":
			v.Paused = steerPart(o, v.Part, e.method, v.Paused)
		case e.method == "stop": // before the audio stands
			o.complete(playResult{Reason: "stopped"})
		}
	case mediaUp:
		v.again(o)
	case hungUp:
		o.complete(playResult{Reason: "hangup", Played: o.since()})
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
	if p.Loops == 0 {
		p.OffsetMs += uint32(o.since())
	}
	p.Op, p.Target = v.Part, &control.Play_Member{Member: o.c.id}
	o.toMixer(&control.Command{Body: &control.Command_Play{Play: p}})
}

func (v *play) abandon(o *operation) { stopPart(o, v.Part) }

func stopPart(o *operation, part string) {
	o.toMixer(&control.Command{Body: &control.Command_Stop{Stop: &control.Stop{Op: part}}})
}

// steerPart obeys pause, resume and stop of a running part; it says whether the part
// is paused now.
func steerPart(o *operation, part, method string, paused bool) bool {
	if method == "stop" {
		stopPart(o, part)
		return paused
	}
	paused = method == "pause"
	o.toMixer(&control.Command{Body: &control.Command_Pause{Pause: &control.Pause{Op: part, Paused: paused}}})
	return paused
}

// steering is pause, resume or stop called on a Playback or a Recording. One that has
// ended takes it and does nothing.
type steering struct{}

func (*steering) begin(o *operation) {
	var n uint32
	if _, err := fmt.Sscanf(o.object, "op:%d", &n); err == nil {
		if target := o.u.ops[n]; target != nil && target.verb != nil {
			target.verb.step(target, steer{o.method})
		}
	}
	o.complete(struct{}{})
}

func (*steering) step(*operation, event) {}
