package flow

import (
	"time"

	"github.com/callwright/callwright/media/control"
)

// echo has the SBC return the caller's own frames, until a digit, a time or the end.
type echo struct {
	Delay millis `json:"delay"`
	For   millis `json:"for"` // 0: no limit

	Part   string `json:"part"`
	Reason string `json:"reason"`
	Key    string `json:"key"`
}

type echoResult struct {
	Ms     int64  `json:"ms"`
	Heard  int64  `json:"heard"`
	Reason string `json:"reason"`
	Digit  string `json:"digit,omitempty"`
	Error  string `json:"error,omitempty"`
}

func (v *echo) begin(o *operation) {
	c := o.c
	if o.u.ops[c.echo] != nil {
		o.fail(busyError("call.echo: the call is already echoed, from " + o.u.ops[c.echo].line))
		return
	}
	if v.Delay > 5000 {
		o.fail(badOption("call.echo: delay is over 5s"))
		return
	}
	c.echo = o.n
	v.Part = o.nextPart()
	v.command(o)
	if v.For > 0 {
		o.arm("for", v.For.duration())
	}
}

func (v *echo) command(o *operation) {
	o.toSBC(&control.Command{Body: &control.Command_Echo{Echo: &control.Echo{
		Op: v.Part, Stream: o.c.id, DelayMs: v.Delay.ms()}}})
}

func (v *echo) step(o *operation, e event) {
	switch e := e.(type) {
	case digit:
		if v.Reason == "" {
			v.Key = e.key
			o.c.used = true
			v.stop(o, "digit")
		}
	case timer:
		if e.name == "for" {
			v.stop(o, "time")
			return
		}
		o.complete(v.result(o, nil)) // the worker did not say
	case mediaUp, restreamed:
		if v.Reason == "" {
			v.command(o)
		}
	case hungUp:
		v.Reason = orElse(v.Reason, "hangup")
		o.arm("last word", time.Second)
	case done:
		if e.GetOp() == v.Part {
			o.complete(v.result(o, e.Done))
		}
	}
}

func (v *echo) stop(o *operation, reason string) {
	v.Reason = orElse(v.Reason, reason)
	o.disarm("for")
	o.toSBC(&control.Command{Body: &control.Command_Stop{Stop: &control.Stop{Op: v.Part}}})
	o.arm("last word", lastWord)
}

func (v *echo) result(o *operation, d *control.Done) echoResult {
	r := echoResult{Ms: o.since(), Reason: v.Reason, Digit: v.Key}
	if d == nil {
		return r
	}
	r.Ms, r.Heard = int64(d.GetMs()), int64(d.GetHeardMs())
	switch {
	case d.GetReason() == "error":
		r.Reason, r.Error = "error", d.GetError()
		o.note("warn", d.GetError())
	case r.Reason == "":
		r.Reason = "hangup" // the stream went under it
	}
	return r
}

func (v *echo) abandon(o *operation) {
	o.toSBC(&control.Command{Body: &control.Command_Stop{Stop: &control.Stop{Op: v.Part}}})
}
