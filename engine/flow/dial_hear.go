package flow

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/callwright/callwright/engine/call"
	"github.com/callwright/callwright/media/control"
)

// What the caller hears until somebody answers.

// ringbackOf reads what the options want a caller to hear: nothing, a country's tone,
// or a source to play.
func (v *dial) ringbackOf(u *unit) ([]*control.Source, error) {
	switch v.Ringback {
	case "none", "early", "":
		return nil, nil
	}
	if spec := ringbacks[v.Ringback]; spec != "" {
		return toneList(spec), nil
	}
	list, err := u.sources(encode(v.Ringback))
	if err != nil {
		return nil, fmt.Errorf("ringback: %w; or give a country: %s", err, strings.Join(slices.Sorted(maps.Keys(ringbacks)), " "))
	}
	return list, nil
}

// toneList is a tone of the table above.
func toneList(spec string) []*control.Source {
	tone, err := toneOf(spec)
	if err != nil {
		panic("flow: a tone of ours: " + err.Error())
	}
	return []*control.Source{tone}
}

// rings: one of the phones does.
func (v *dial) rings(o *operation, a attempt) {
	v.occur(o, "dial.ringing", a)
	if v.Rings {
		return
	}
	v.Rings = true
	v.ringback(o)
}

// ringback lets the caller know that it rings: by 180, or by a tone.
func (v *dial) ringback(o *operation) {
	c := o.c
	if c == nil || !v.Rings || v.Early != "" || v.Winner != "" || v.Tone != "" || c.over() {
		return
	}
	tones := v.tones
	if tones == nil && c.answered() && v.Ringback == "" {
		tones = toneList(ringbacks["uk"]) // the phone of an answered call rings no more
	}
	switch {
	case tones == nil || !c.audio && !c.offered:
		v.alert(o)
	case !c.audio:
		v.open(o)
	default:
		v.play(o, tones)
	}
}

func (v *dial) alert(o *operation) {
	c := o.c
	if c.answered() || c.state != "new" {
		return
	}
	c.times.Ringing = o.f.now.UnixMilli()
	c.become("ringing")
	o.order(call.Ring{Leg: c.id})
}

// open orders early audio to a caller who has none yet; callerUp goes on.
func (v *dial) open(o *operation) {
	if c := o.c; !v.Opens && !c.answered() {
		v.Opens = true
		o.order(call.Progress{Leg: c.id})
	}
}

func (v *dial) play(o *operation, tones []*control.Source) {
	v.Tone = o.nextPart()
	o.toMixer(&control.Command{Body: &control.Command_Play{Play: &control.Play{Op: v.Tone, Loops: forEver,
		Target: &control.Play_Member{Member: o.c.id}, Sources: tones}}})
}

// hush ends the ringback.
func (v *dial) hush(o *operation) {
	if v.Tone != "" {
		stopPart(o, v.Tone)
		v.Tone = ""
		o.mixes = false
	}
}

// early: a call that is not answered has audio. The first one is let through, unless
// the caller is to hear a ringback instead.
func (v *dial) early(o *operation, leg *callState) {
	leg.become("early")
	v.occur(o, "dial.early", attempt{Target: leg.to.URI, Code: 183})
	c := o.c
	if c == nil || v.EarlyMedia != "first" || v.Early != "" || v.tones != nil || c.over() {
		return
	}
	v.Early = leg.id
	if !c.audio {
		v.open(o)
		return
	}
	v.hush(o)
	o.f.join(c, leg, nil)
}

// callerUp: the caller has audio now, early or by the answer.
func (v *dial) callerUp(o *operation) {
	if c := o.c; c.state == "new" || c.state == "ringing" {
		c.become("early")
	}
	if v.Winner != "" {
		v.connect(o)
		return
	}
	if leg := o.f.calls[v.Early]; leg != nil && !leg.over() {
		v.hush(o)
		o.f.join(o.c, leg, nil)
		return
	}
	v.ringback(o)
}

// answered: the call is the one. The others are told so.
func (v *dial) answered(o *operation, leg *callState) {
	o.disarm("group")
	o.disarm("total")
	if v.Early == leg.id {
		o.f.unbridge(o.c, "answered")
	}
	v.Early = ""
	v.hush(o)
	v.cancel(o, causeNamed("answered-elsewhere"), leg.id)
	if v.TimeLimit > 0 {
		o.arm("limit", v.TimeLimit.duration())
	}
	if c := o.c; c != nil && v.Bridge && !c.over() && !c.answered() {
		o.f.accept(c, nil)
	}
	v.connect(o)
}

// connect joins the two when both have audio.
func (v *dial) connect(o *operation) {
	leg := o.f.calls[v.Winner]
	if leg == nil || !leg.audio || v.Bridged || leg.times.Answered == 0 {
		return
	}
	if o.c == nil || !v.Bridge {
		v.finish(o)
		return
	}
	if !o.c.audio || o.c.over() {
		return
	}
	v.Bridged = true
	o.f.join(o.c, leg, o)
}

// winner hears of the call that was answered.
func (v *dial) winner(o *operation, e legEvent) {
	switch e.what {
	case "up":
		v.connect(o)
	case "ended":
		if v.Bridged {
			return // the bridge tells
		}
		if c := o.c; c != nil && v.Bridge && v.HangupBoth {
			o.f.endCall(c, causeNamed("normal"), 480)
		}
		v.finish(o)
	}
}

// parted ends the operation with the bridge.
func (v *dial) parted(o *operation, e unbridged) {
	leg := o.f.calls[v.Winner]
	if e.reason == "hangup" && v.HangupBoth {
		for _, c := range []*callState{o.c, leg} {
			if c != nil && !c.over() {
				o.f.endCall(c, causeNamed("normal"), 480)
			}
		}
	}
	v.finish(o)
}
