package flow

import (
	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/media/dsp"
)

// toneOf turns the notation of scripts, without its "tone:", into a mixer's source.
func toneOf(spec string) (*control.Source, error) {
	plan, err := dsp.ParseTone("tone:" + spec)
	if err != nil {
		return nil, err
	}
	t := &control.Tone{}
	if plan.Times == 0 {
		t.Repeats = forEver
	} else if plan.Times > 1 {
		t.Repeats = uint32(plan.Times)
	}
	for _, s := range plan.Segments {
		t.Segments = append(t.Segments, &control.Tone_Segment{Hz: s.Hz, Ms: uint32(s.MS)})
	}
	return &control.Source{Body: &control.Source_Tone{Tone: t}}, nil
}
