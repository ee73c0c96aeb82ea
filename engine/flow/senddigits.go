package flow

import (
	"cmp"
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

	Part  string `json:"part"`
	Asked int64  `json:"asked"` // Unix ms, of the SBC
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
	v.Asked = o.f.now.UnixMilli()
	v.ask(o, v.Digits)
}

func (v *sendDigits) ask(o *operation, digits string) {
	o.toSBC(&control.Command{Body: &control.Command_Digits{Digits: &control.Digits{Op: v.Part, Stream: o.c.id,
		Digits: digits, DurationMs: v.Duration.ms(), GapMs: v.Gap.ms()}}})
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
	case restreamed:
		v.rest(o)
	case timer: // the SBC did not say
		o.complete(sendResult{Reason: "finished", Ms: o.since()})
	case hungUp:
		o.complete(sendResult{Reason: "hangup", Ms: o.since()})
	}
}

// rest asks another SBC for what the lost one cannot have begun. The digit under way is
// not said again: a peer that got a part of it has taken it as one.
func (v *sendDigits) rest(o *operation) {
	left := v.unsent(o.f.now.UnixMilli() - v.Asked)
	if left == "" {
		o.complete(sendResult{Reason: "finished", Ms: o.since()})
		return
	}
	v.Digits, v.Part = left, o.nextPart()
	v.command(o)
}

// unsent is what is left of the digits after so many ms.
func (v *sendDigits) unsent(ms int64) string {
	digit := int64(cmp.Or(v.Duration, 100) + cmp.Or(v.Gap, 50))
	for i, c := range v.Digits {
		if ms < 0 {
			return v.Digits[i:]
		}
		if c == 'w' {
			ms -= 500
		} else {
			ms -= digit
		}
	}
	return ""
}

func (v *sendDigits) abandon(o *operation) {
	o.toSBC(&control.Command{Body: &control.Command_Stop{Stop: &control.Stop{Op: v.Part}}})
}
