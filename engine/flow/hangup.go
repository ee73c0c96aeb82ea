package flow

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/callwright/callwright/engine/call"
)

// hangup ends the call however it stands, and is done when it has ended. On a call
// that has ended it is done at once.
type hangup struct {
	Cause   string  `json:"cause"`
	Headers headers `json:"headers"`
}

func (v *hangup) orders() string { return "hangup" }

func (v *hangup) begin(o *operation) {
	c := o.c
	if c == nil {
		o.fail(plainError("call.hangup: there is no call here"))
		return
	}
	if v.Cause == "" {
		v.Cause = "normal"
	}
	cause := causeNamed(v.Cause)
	list, err := v.Headers.list()
	switch {
	case c.ended:
		o.complete(c.causeFields())
	case !call.KnownCause(v.Cause):
		o.fail(badOption(fmt.Sprintf("call.hangup: no cause is named %q; the nearest is %q", v.Cause, nearest(v.Cause, call.CauseNames()))))
	case err != nil:
		o.fail(badOption("call.hangup: " + err.Error()))
	case !c.ending:
		c.ending = true
		o.order(call.Hangup{Leg: o.c.id, Cause: cause, Headers: list})
	}
}

func (v *hangup) step(o *operation, e event) {
	switch e := e.(type) {
	case hungUp:
		o.complete(o.c.causeFields())
	case refused:
		o.fail(plainError("call.hangup: " + e.why))
	}
}

// reject refuses a call that has not been answered, and is done when it has ended.
type reject struct {
	Code    json.RawMessage `json:"code"` // a SIP status or the name of a cause
	Reason  string          `json:"reason"`
	Headers headers         `json:"headers"`
}

func (v *reject) orders() string { return "reject" }

func (v *reject) begin(o *operation) {
	status, err := v.status()
	list, bad := v.Headers.list()
	if err == nil {
		err = bad
	}
	if err != nil {
		o.fail(badOption("call.reject: " + err.Error()))
		return
	}
	refuse(o, call.Reject{Leg: o.c.id, Status: status, Reason: strings.Map(printable, v.Reason), Headers: list})
}

func (v *reject) status() (int, error) {
	if len(v.Code) == 0 || string(v.Code) == "null" {
		return call.CauseByName("busy").SIP, nil
	}
	var status int
	if json.Unmarshal(v.Code, &status) == nil {
		if status < 400 || status > 699 {
			return 0, fmt.Errorf("%d is not a status from 400 to 699", status)
		}
		return status, nil
	}
	var name string
	if err := json.Unmarshal(v.Code, &name); err != nil {
		return 0, fmt.Errorf("the code must be a number or a name, not %s", v.Code)
	}
	if call.KnownCause(name) {
		return call.CauseByName(name).SIP, nil
	}
	return 0, fmt.Errorf("no cause is named %q; the nearest is %q", name, nearest(name, call.CauseNames()))
}

func (v *reject) step(o *operation, e event) { refusedCall(o, e) }

// redirect answers 302 with other places to try (RFC 3261 §21.3.3).
type redirect struct {
	Contacts json.RawMessage `json:"contacts"` // a URI or a list
	Headers  headers         `json:"headers"`
}

func (v *redirect) orders() string { return "reject" }

func (v *redirect) begin(o *operation) {
	contacts, err := v.contacts()
	list, bad := v.Headers.list()
	if err == nil {
		err = bad
	}
	if err != nil {
		o.fail(badOption("call.redirect: " + err.Error()))
		return
	}
	refuse(o, call.Reject{Leg: o.c.id, Status: 302, Contacts: contacts, Headers: list})
}

func (v *redirect) contacts() ([]string, error) {
	var list []string
	if json.Unmarshal(v.Contacts, &list) != nil {
		var one string
		if err := json.Unmarshal(v.Contacts, &one); err != nil {
			return nil, fmt.Errorf("contacts must be a URI or a list of them")
		}
		list = []string{one}
	}
	for _, uri := range list {
		if scheme, rest, ok := strings.Cut(uri, ":"); !ok || !token(scheme) || rest == "" || strings.ContainsAny(uri, " <>\r\n\t\"") {
			return nil, fmt.Errorf("%q is not a URI", uri)
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("no contact is given")
	}
	return list, nil
}

func (v *redirect) step(o *operation, e event) { refusedCall(o, e) }

func refuse(o *operation, r call.Reject) {
	c := o.c
	if c.answered() || c.ending {
		o.fail(plainError(o.name() + ": the call is already " + stateOf(c) + "; hang it up"))
		return
	}
	c.ending = true
	o.order(r)
}

func stateOf(c *callState) string {
	if c.accepting && c.times.Answered == 0 {
		return "answered"
	}
	return c.state
}

func refusedCall(o *operation, e event) {
	switch e := e.(type) {
	case hungUp:
		o.complete(o.c.causeFields())
	case refused:
		o.fail(plainError(o.name() + ": " + e.why))
	}
}
