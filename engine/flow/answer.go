package flow

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"

	"github.com/callwright/callwright/engine/call"
)

// headers is an object of header names and values (one or a list of them).
type headers map[string]json.RawMessage

// list is the headers in the order of their names; a script's header can neither
// end the line nor stand in for one that the dialog depends on.
func (h headers) list() ([]call.Header, error) {
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	sort.Strings(names)
	var out []call.Header
	for _, name := range names {
		if !token(name) || reserved[strings.ToLower(name)] {
			return nil, fmt.Errorf("header %q cannot be set", name)
		}
		var values []string
		if err := json.Unmarshal(h[name], &values); err != nil {
			var one string
			if err := json.Unmarshal(h[name], &one); err != nil {
				return nil, fmt.Errorf("header %q is not a string or a list of strings", name)
			}
			values = []string{one}
		}
		for _, v := range values {
			if strings.ContainsAny(v, "\r\n\x00") {
				return nil, fmt.Errorf("header %q holds a line end", name)
			}
			out = append(out, call.Header{Name: name, Value: v})
		}
	}
	return out, nil
}

// reserved headers belong to the transaction, the dialog and the body.
var reserved = map[string]bool{"via": true, "v": true, "from": true, "f": true, "to": true, "t": true,
	"call-id": true, "i": true, "cseq": true, "contact": true, "m": true, "route": true, "record-route": true,
	"content-length": true, "l": true, "content-type": true, "c": true, "max-forwards": true}

// token is RFC 3261 §25.1's.
func token(s string) bool {
	for _, r := range s {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-.!%*_+`'~", r)) {
			return false
		}
	}
	return s != ""
}

// ring sends 180 and is done at once.
type ring struct {
	Headers   headers `json:"headers"`
	AlertInfo string  `json:"alertInfo"`
}

func (v *ring) begin(o *operation) {
	c := o.c
	list, err := v.Headers.list()
	switch {
	case err != nil:
		o.fail(badOption("call.ring: " + err.Error()))
		return
	case c.answered() || c.ending:
		o.fail(plainError("call.ring: the call is already " + c.state))
		return
	}
	if v.AlertInfo != "" {
		list = append(list, call.Header{Name: "Alert-Info", Value: "<" + strings.Map(printable, v.AlertInfo) + ">"})
	}
	if c.state == "new" {
		c.times.Ringing = o.f.now.UnixMilli()
		c.become("ringing")
	}
	o.order(call.Ring{Leg: o.c.id, Headers: list})
	o.complete(struct{}{})
}

func (v *ring) step(*operation, event) {}

func printable(r rune) rune {
	if r < ' ' || r == 0x7f || r == '<' || r == '>' {
		return -1
	}
	return r
}

// progress sends 183 with an answer and is done when early audio stands.
type progress struct {
	Headers headers `json:"headers"`
}

func (v *progress) orders() string { return "progress" }

func (v *progress) begin(o *operation) {
	c := o.c
	list, err := v.Headers.list()
	switch {
	case err != nil:
		o.fail(badOption("call.progress: " + err.Error()))
	case c.answered() || c.ending:
		o.fail(plainError("call.progress: the call is already " + c.state))
	default:
		o.order(call.Progress{Leg: o.c.id, Headers: list})
		if c.audio || !c.offered { // without an offer there is no early audio to wait for
			o.complete(struct{}{})
		}
	}
}

func (v *progress) step(o *operation, e event) {
	switch e := e.(type) {
	case mediaUp:
		o.c.become("early")
		o.complete(struct{}{})
	default:
		unanswered(o, e)
	}
}

// answer sends 200, after a delay if asked for, and is done when audio stands.
type answer struct {
	Headers headers `json:"headers"`
	Delay   millis  `json:"delay"`
}

func (v *answer) orders() string { return "answer" }

func (v *answer) begin(o *operation) {
	c := o.c
	_, err := v.Headers.list()
	switch {
	case err != nil:
		o.fail(badOption("call.answer: " + err.Error()))
	case c.ending:
		o.fail(plainError("call.answer: the call is being ended"))
	case c.times.Answered != 0 && c.audio:
		o.complete(struct{}{}) // answered before
	case c.accepting: // another verb answers
	case v.Delay > 0:
		o.arm("delay", v.Delay.duration())
	default:
		v.accept(o)
	}
}

func (v *answer) accept(o *operation) {
	list, _ := v.Headers.list() // begin has looked
	o.f.accept(o.c, list)
	if o.c.audio {
		o.complete(struct{}{})
	}
}

func (v *answer) step(o *operation, e event) {
	switch e := e.(type) {
	case timer:
		if !o.c.answered() {
			v.accept(o)
		}
	case mediaUp:
		if o.c.answered() {
			o.complete(struct{}{})
		}
	default:
		unanswered(o, e)
	}
}

// accept orders the 200. With early audio all is agreed already, and nothing more will
// be told.
func (f *Flows) accept(c *callState, headers []call.Header) {
	c.accepting = true
	f.emit(Order{call.Accept{Leg: c.id, Headers: headers}})
	if c.audio {
		c.times.Answered = f.now.UnixMilli()
		c.become("answered")
	}
}

// answerFor answers the call for a verb that needs audio.
func (f *Flows) answerFor(o *operation) {
	switch c := o.c; {
	case c.ending:
		o.fail(plainError(o.name() + ": the call is being ended"))
	case !c.answered() && !c.dialed: // one of ours is waited for
		f.accept(c, nil)
	}
}

// unanswered ends a verb that waited for the leg with an error.
func unanswered(o *operation, e event) {
	switch e := e.(type) {
	case hungUp:
		o.fail(o.c.endedError(o.name()))
	case noMedia:
		o.fail(busyError(o.name() + ": " + e.why))
	case refused:
		o.fail(plainError(o.name() + ": " + e.why))
	}
}
