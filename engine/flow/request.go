package flow

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/callwright/callwright/engine/call"
	"github.com/callwright/callwright/sandbox"
)

// maxBody bounds what goes out with a request within a call.
const maxBody = 16 << 10

// inCall is a SIP request within a call that a script sends: request itself, and what
// message, info and notify make of theirs. It is done with the final response.
type inCall struct {
	Method  string  `json:"method"`
	Headers headers `json:"headers"`
	Type    string  `json:"type"`
	Body    string  `json:"body"`
}

// replied is what a request came to; m is nil when there was no response.
type replied struct {
	m     *call.Message
	cause call.Cause
}

// requestResult is what scripts get of a response; status 0: there was none.
type requestResult struct {
	Status  int               `json:"status"`
	Reason  string            `json:"reason"`
	Headers map[string]string `json:"headers"`
	Type    string            `json:"type"`
	Body    string            `json:"body"`
	Cause   string            `json:"cause,omitempty"`
}

func (v *inCall) begin(o *operation) { v.send(o, nil) }

// send checks the request and orders it, with headers of our own before the script's.
func (v *inCall) send(o *operation, ours []call.Header) bool {
	list, err := v.Headers.list()
	switch {
	case err == nil && (!token(v.Method) || len(v.Method) > 32 || strings.ToUpper(v.Method) != v.Method):
		err = fmt.Errorf("%q is no method", v.Method)
	case err == nil && len(v.Body) > maxBody:
		err = fmt.Errorf("a body of %d bytes; the most is %d", len(v.Body), maxBody)
	case err == nil && v.Body != "" && (!strings.Contains(v.Type, "/") || strings.ContainsAny(v.Type, "\r\n\x00")):
		err = fmt.Errorf("a body needs its type, such as 'text/plain', not %q", v.Type)
	}
	if err != nil {
		o.fail(badOption(o.name() + ": " + err.Error()))
		return false
	}
	o.order(call.Request{ID: o.nextPart(), Leg: o.c.id, Method: v.Method, Headers: append(ours, list...), Type: v.Type, Body: []byte(v.Body)})
	return true
}

func (v *inCall) step(o *operation, e event) {
	switch e := e.(type) {
	case replied:
		o.complete(resultOf(e))
	case hungUp:
		o.complete(requestResult{Headers: map[string]string{}, Cause: o.c.cause.Name})
	}
}

func resultOf(e replied) requestResult {
	r := requestResult{Headers: map[string]string{}}
	if e.m == nil {
		r.Cause, r.Reason = e.cause.Name, e.cause.Text
		return r
	}
	r.Status, r.Reason, r.Type, r.Body = e.m.Status, e.m.Reason, e.m.Type, string(e.m.Body)
	for _, h := range e.m.Headers {
		if name := strings.ToLower(h.Name); r.Headers[name] == "" {
			r.Headers[name] = h.Value
		}
	}
	return r
}

// message is call.message: a text, or a type and a body (RFC 3428).
type message struct {
	inCall
	Content json.RawMessage `json:"content"`
}

func (v *message) begin(o *operation) {
	v.Method, v.Type = "MESSAGE", "text/plain; charset=utf-8"
	if json.Unmarshal(v.Content, &v.Body) != nil {
		form := struct{ Type, Body string }{}
		if json.Unmarshal(v.Content, &form) != nil || form.Type == "" {
			o.fail(badOption("call.message: a text or { type, body } is needed"))
			return
		}
		v.Type, v.Body = form.Type, form.Body
	}
	v.send(o, nil)
}

// info is call.info (RFC 6086), notify call.notify (RFC 6665).
type info struct{ inCall }

func (v *info) begin(o *operation) {
	v.Method = "INFO"
	v.send(o, nil)
}

type notify struct {
	inCall
	Event string `json:"event"`
}

func (v *notify) begin(o *operation) {
	v.Method = "NOTIFY"
	if !token(v.Event) {
		o.fail(badOption(fmt.Sprintf("call.notify: %q is no event", v.Event)))
		return
	}
	if v.Body != "" && v.Type == "" {
		v.Type = "text/plain"
	}
	v.send(o, []call.Header{{Name: "Event", Value: v.Event}, {Name: "Subscription-State", Value: "active"}})
}

// refer asks the peer to call somebody (RFC 3515), and is done when its NOTIFY says what
// came of that, when it hangs up, or when the time is over. transfer hangs up then.
type refer struct {
	inCall
	Target  string `json:"target"`
	Timeout millis `json:"timeout"`
	Status  int    `json:"status"` // the last one heard of
	Taken   bool   `json:"taken"`  // the REFER had its 2xx
}

type referResult struct {
	OK     bool   `json:"ok"`
	Status int    `json:"status"`
	Reason string `json:"reason"` // done, refused, failed, timeout, hangup
}

func (v *refer) begin(o *operation) {
	uri, err := dialTarget(encode(v.Target))
	if err != nil {
		o.fail(badOption(o.name() + ": " + err.Error()))
		return
	}
	v.Method = "REFER"
	if v.send(o, []call.Header{{Name: "Refer-To", Value: "<" + uri + ">"}, {Name: "Referred-By", Value: "<" + o.c.ourURI() + ">"}}) {
		o.arm("refer", v.Timeout.duration())
	}
}

func (v *refer) step(o *operation, e event) {
	switch e := e.(type) {
	case replied:
		v.replied(o, e)
	case notified:
		v.notified(o, e)
	case timer:
		v.done(o, "timeout")
	case hungUp:
		v.done(o, "hangup")
	}
}

func (v *refer) replied(o *operation, e replied) {
	if e.m == nil || e.m.Status >= 300 {
		v.Status = resultOf(e).Status
		v.done(o, "refused")
		return
	}
	v.Taken = true
	if strings.EqualFold(strings.TrimSpace(e.m.Get("Refer-Sub")), "false") { // RFC 4488: nothing more will come
		v.Status = e.m.Status
		v.done(o, "done")
	}
}

// notified reads the status line that a message/sipfrag begins with (RFC 3420).
func (v *refer) notified(o *operation, e notified) {
	line, _, _ := strings.Cut(e.body, "\n")
	fields := strings.Fields(line)
	if len(fields) < 2 || !strings.EqualFold(fields[0], "SIP/2.0") {
		return
	}
	n, err := strconv.Atoi(fields[1])
	if err != nil || n < 100 || n > 699 {
		return
	}
	v.Status = n
	switch {
	case n >= 300:
		v.done(o, "failed")
	case n >= 200:
		v.done(o, "done")
	}
}

// done: a peer that hangs up once it has taken the REFER has gone where it was sent.
func (v *refer) done(o *operation, reason string) {
	r := referResult{OK: reason == "done" || reason == "hangup" && v.Taken, Status: v.Status, Reason: reason}
	if t := o.method == "transfer"; t && r.OK && !o.c.ending && !o.c.ended {
		o.c.ending = true
		o.order(call.Hangup{Leg: o.c.id, Cause: causeNamed("normal")})
	}
	o.complete(r)
}

// transfer is call.transfer by REFER.
type transfer struct {
	refer
	Mode string `json:"mode"`
}

func (v *transfer) begin(o *operation) {
	switch v.Mode {
	case "refer":
		v.refer.begin(o)
	case "b2b":
		o.fail(plainError("call.transfer: mode 'b2b' is not built yet; call.dial(target) joins the call with another"))
	default:
		o.fail(badOption(fmt.Sprintf("call.transfer: mode %q; there are 'refer' and 'b2b'", v.Mode)))
	}
}

// notified is a NOTIFY that came within a call.
type notified struct{ event, body string }

func (f *Flows) callNotified(c *callState, in Notified) {
	if event, _, _ := strings.Cut(in.Event, ";"); !strings.EqualFold(strings.TrimSpace(event), "refer") {
		return
	}
	for _, o := range c.pending() {
		o.verb.step(o, notified{in.Event, in.Body})
	}
}

// ourURI is who we are to the call's peer.
func (c *callState) ourURI() string {
	if c.dialed || c.to.URI == "" {
		return "sip:callwright@callwright.invalid"
	}
	return c.to.URI
}

// requestMethods are the call's that send a request.
func requestMethods() []sandbox.Method {
	text := func(name string) sandbox.Param { return sandbox.Param{Name: name, Type: sandbox.String} }
	body := sandbox.Param{Name: "body", Type: sandbox.String, Optional: true}
	timeout := sandbox.Option{Name: "timeout", Type: sandbox.Duration, Default: "30s", Doc: "for the word of what came of it"}
	return []sandbox.Method{
		{Name: "request", Doc: "sends a SIP request within the call", ResultType: "RequestResult", Options: []sandbox.Option{
			{Name: "method", Type: sandbox.String}, headersOption(), {Name: "type", Type: sandbox.String, Doc: "of the body"}, {Name: "body", Type: sandbox.String}}},
		{Name: "message", Doc: "sends a MESSAGE within the call", ResultType: "RequestResult",
			Params: []sandbox.Param{{Name: "content", Type: sandbox.Any}}},
		{Name: "info", Doc: "sends an INFO", ResultType: "RequestResult", Params: []sandbox.Param{text("type"), body}},
		{Name: "notify", Doc: "sends a NOTIFY within the call", ResultType: "RequestResult", Params: []sandbox.Param{text("event"), body}},
		{Name: "refer", Doc: "asks the peer to call somebody", ResultType: "ReferResult", Params: []sandbox.Param{text("target")},
			Options: []sandbox.Option{headersOption(), timeout}},
		{Name: "transfer", Doc: "hands the call's peer over to somebody", ResultType: "ReferResult", Params: []sandbox.Param{text("target")},
			Options: []sandbox.Option{{Name: "mode", Type: "'refer'|'b2b'", Default: "refer"}, headersOption(), timeout, missing("onFail")}},
	}
}
