package flow

import (
	"fmt"
	"strings"

	"github.com/callwright/callwright/media/control"
)

// sendDigits sends telephone-events (RFC 4733) to the caller.
type sendDigits struct {
	Digits   string `json:"digits"`
	Method   string `json:"method"`
	Duration millis `json:"duration"`
	Gap      millis `json:"gap"`

	Part string `json:"part"`
}

type sendResult struct {
	Reason string `json:"reason"`
	Ms     int64  `json:"ms"`
	Error  string `json:"error,omitempty"`
}

func (v *sendDigits) begin(o *operation) {
	err := checkKeys("digits", strings.ReplaceAll(v.Digits, "w", ""))
	switch {
	case err == nil && v.Method != "" && v.Method != "rtp":
		err = fmt.Errorf("method %q is not built yet", v.Method)
	case err == nil && (v.Digits == "" || len(v.Digits) > 128):
		err = fmt.Errorf("%d digits; it must be from 1 to 128", len(v.Digits))
	case err == nil && (v.Duration > 8000 || v.Gap > 8000):
		err = fmt.Errorf("duration and gap must not be over 8s")
	}
	if err != nil {
		o.fail(badOption("call.sendDigits: " + err.Error()))
		return
	}
	v.Part = o.nextPart()
	v.command(o)
}

func (v *sendDigits) command(o *operation) {
	o.toSBC(&control.Command{Body: &control.Command_Digits{Digits: &control.Digits{Op: v.Part, Stream: o.c.id,
		Digits: v.Digits, DurationMs: v.Duration.ms(), GapMs: v.Gap.ms()}}})
}

func (v *sendDigits) step(o *operation, e event) {
	switch e := e.(type) {
	case done:
		if e.GetOp() != v.Part {
			return
		}
		r := sendResult{Reason: e.GetReason(), Ms: int64(e.GetMs()), Error: e.GetError()}
		if r.Reason == "error" {
			o.note("warn", r.Error)
		}
		o.complete(r)
	case hungUp:
		o.complete(sendResult{Reason: "hangup", Ms: o.since()})
	}
}

func (v *sendDigits) abandon(o *operation) {
	o.toSBC(&control.Command{Body: &control.Command_Stop{Stop: &control.Stop{Op: v.Part}}})
}
