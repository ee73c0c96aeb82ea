package flow

import "github.com/callwright/callwright/sandbox"

// talked is the mixer's word on the caller, for what waits for it.
type talked struct{ talking bool }

// hush is call.silence(): nobody speaks for a time. It and nextDigits lose a race against
// call.ended, which is told first: they fail in a turn of their own.
type hush struct {
	Duration millis `json:"duration"`
}

func (v *hush) begin(o *operation) {
	if !o.c.talking {
		o.arm("silence", v.Duration.duration())
	}
}

func (v *hush) step(o *operation, e event) {
	switch e := e.(type) {
	case talked:
		o.disarm("silence")
		if !e.talking {
			o.arm("silence", v.Duration.duration())
		}
	case timer:
		if !o.overtaken(e) {
			o.complete(map[string]int64{"ms": o.since()})
		}
	case hungUp:
		o.disarm("silence")
		o.arm("ended", 0)
	}
}

// nextDigits is call.digits(): the keys that are typed ahead, or the next one. They stay
// typed ahead.
type nextDigits struct{}

func (v *nextDigits) begin(o *operation) {
	if len(o.c.typed) > 0 {
		v.tell(o, o.c.typed...)
	}
}

func (v *nextDigits) step(o *operation, e event) {
	switch e := e.(type) {
	case digit:
		v.tell(o, e.key)
	case timer:
		o.overtaken(e)
	case hungUp:
		o.arm("ended", 0)
	}
}

func (v *nextDigits) tell(o *operation, keys ...string) {
	text := ""
	for _, k := range keys {
		text += k
	}
	o.complete(map[string]string{"digits": text})
}

// overtaken fails what the call's end has left behind.
func (o *operation) overtaken(e timer) bool {
	if e.name != "ended" {
		return false
	}
	o.fail(o.c.endedError(o.name()))
	return true
}

func waitMethods() []sandbox.Method {
	return []sandbox.Method{
		{Name: "silence", Doc: "waits until the caller has said nothing for a time", ResultType: "{ ms: number }",
			Params: []sandbox.Param{{Name: "duration", Type: sandbox.Duration}}},
		{Name: "digits", Doc: "waits for a key", ResultType: "{ digits: string }"},
	}
}
