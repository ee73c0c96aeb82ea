package flow

import (
	"slices"
	"strings"
	"time"

	"github.com/callwright/callwright/engine/call"
	"github.com/callwright/callwright/media/control"
)

// dial places calls, group after group, until one is answered; then it joins that one
// and the caller, and is done when they part. Without a bridge, or without a caller, it
// is done when the answered call's audio stands.
type dial struct {
	dialOptions

	Groups   [][]string `json:"groups"`
	At       int        `json:"at"` // the group that rings
	Attempts []attempt  `json:"attempts"`
	Tried    []string   `json:"tried"`  // URIs, so that a redirection does not go round
	Winner   string     `json:"winner"` // leg that answered
	Early    string     `json:"early"`  // leg whose early audio the caller hears
	Rings    bool       `json:"rings"`  // a phone does
	Tone     string     `json:"tone"`   // ringback that plays
	Opens    bool       `json:"opens"`  // early audio to the caller was ordered
	Bridged  bool       `json:"bridged"`
	Status   string     `json:"status"` // decided before the end: limit
	tones    []*control.Source
}

// appDial is app.dial: there is no caller.
type appDial struct{ dial }

func (*appDial) subject(*unit) *callState { return nil }

// attempt is one call placed.
type attempt struct {
	Leg    string     `json:"leg"`
	Target string     `json:"target"`
	Since  time.Time  `json:"since"`
	Ms     int64      `json:"ms"`
	Over   bool       `json:"over"`
	Cause  call.Cause `json:"cause"`
	Code   int        `json:"code"`
}

type dialResult struct {
	Status   string        `json:"status"`
	Call     *handed       `json:"call"`
	Cause    *causeFields  `json:"cause"`
	Attempts []attemptView `json:"attempts"`
}

type attemptView struct {
	Target string `json:"target"`
	Code   int    `json:"code"`
	Cause  string `json:"cause"`
	Ms     int64  `json:"ms"`
}

func (v *dial) begin(o *operation) {
	groups, err := v.groups()
	if err == nil {
		err = v.check()
	}
	if _, bad := v.Headers.list(); err == nil {
		err = bad
	}
	if err == nil {
		v.tones, err = v.ringbackOf(o.u)
	}
	switch {
	case err != nil:
		o.fail(badOption(o.name() + ": " + err.Error()))
		return
	case o.c != nil && o.c.ending:
		o.fail(plainError(o.name() + ": the call is being ended"))
		return
	case o.c != nil && o.c.hops == 1:
		o.complete(dialResult{Status: "failed", Cause: fieldsOf(call.CauseByStatus(483)), Attempts: []attemptView{}})
		return
	}
	v.Groups = groups
	if v.TotalTimeout > 0 {
		o.arm("total", v.TotalTimeout.duration())
	}
	if c := o.c; c != nil && !v.AnswerOnBridge && !c.answered() {
		o.f.accept(c, nil)
	}
	v.ring(o)
}

// ring calls all targets of the group that is next.
func (v *dial) ring(o *operation) {
	o.arm("group", v.Timeout.duration())
	for _, uri := range v.Groups[v.At] {
		v.place(o, uri)
	}
	v.settle(o)
}

func (v *dial) place(o *operation, uri string) {
	if user, ok := strings.CutPrefix(uri, toUser); ok {
		v.placeUser(o, user)
		return
	}
	v.placeAt(o, uri, func(*call.Dial) {})
}

// placeAt calls a URI, unless it was called before; more says what else is known of the
// way to it.
func (v *dial) placeAt(o *operation, uri string, more func(*call.Dial)) {
	if slices.Contains(v.Tried, uri) || len(v.Attempts) >= maxTargets {
		return
	}
	v.Tried = append(v.Tried, uri)
	list, _ := v.Headers.list() // begin has looked
	hops := v.MaxForwards
	if hops == 0 && o.c != nil && o.c.hops > 0 {
		hops = o.c.hops - 1
	}
	a := attempt{Leg: o.legID(len(v.Attempts) + 1), Target: uri, Since: o.f.now}
	v.Attempts = append(v.Attempts, a)
	v.occur(o, "dial.trying", a)
	d := call.Dial{URI: uri, From: callerOf(o, v.From), To: call.Party{URI: uri}, Headers: list,
		User: v.Auth.User, Password: v.Auth.Password, Hops: hops}
	more(&d)
	o.f.outgoing(o, a.Leg, d)
}

func (v *dial) step(o *operation, e event) {
	switch e := e.(type) {
	case legEvent:
		v.leg(o, e)
	case timer:
		v.timer(o, e.name)
	case mediaUp:
		v.callerUp(o)
	case done:
		if e.GetOp() == v.Tone {
			v.Tone = ""
		}
	case unbridged:
		v.parted(o, e)
	case hungUp:
		v.callerGone(o)
	}
}

func (v *dial) timer(o *operation, name string) {
	switch name {
	case "group":
		v.cancel(o, causeNamed("no-answer"), "")
		v.settle(o)
	case "total":
		v.cancel(o, causeNamed("no-answer"), "")
		v.At = len(v.Groups)
		v.settle(o)
	case "limit":
		v.Status = "limit"
		if c := o.f.calls[v.Winner]; c != nil {
			o.f.endCall(c, causeNamed("time-limit"), 480)
		}
	}
}

func (v *dial) leg(o *operation, e legEvent) {
	if e.c.id == v.Winner {
		v.winner(o, e)
		return
	}
	i := slices.IndexFunc(v.Attempts, func(a attempt) bool { return a.Leg == e.c.id })
	if i < 0 || v.Attempts[i].Over {
		return
	}
	a := &v.Attempts[i]
	switch e.what {
	case "ringing":
		if e.status != 183 || e.c.audio {
			v.rings(o, *a)
		}
	case "up":
		v.early(o, e.c)
	case "answered":
		a.Over, a.Code, a.Ms = true, 200, o.f.now.Sub(a.Since).Milliseconds()
		v.Winner = e.c.id
		v.occur(o, "dial.answered", *a)
		v.answered(o, e.c)
	case "ended":
		v.failed(o, a, e)
	}
}

// failed notes how a call ended that was not answered. A redirection is followed.
func (v *dial) failed(o *operation, a *attempt, e legEvent) {
	v.over(o, a, e.c.cause)
	v.occur(o, "dial.failed", *a)
	if e.c.id == v.Early {
		v.Early = ""
		v.ringback(o)
	}
	for _, uri := range e.contacts {
		if scheme, _, _ := strings.Cut(uri, ":"); strings.EqualFold(scheme, "sip") || strings.EqualFold(scheme, "sips") {
			v.place(o, uri)
		}
	}
	if a.Code >= 600 && v.StopOn.has(a.Cause) { // a decision for all (RFC 3261 §16.7)
		v.cancel(o, causeNamed("declined-everywhere"), "")
	}
	v.settle(o)
}

func (v *dial) over(o *operation, a *attempt, c call.Cause) {
	a.Over, a.Cause, a.Code, a.Ms = true, c, c.SIP, o.f.now.Sub(a.Since).Milliseconds()
}

// settle goes on when no call of the group is left.
func (v *dial) settle(o *operation) {
	if v.Winner != "" || o.u.ops[o.n] != o || slices.ContainsFunc(v.Attempts, func(a attempt) bool { return !a.Over }) {
		return
	}
	o.disarm("group")
	v.At++
	if v.At < len(v.Groups) && v.goesOn() {
		v.ring(o)
		return
	}
	v.finish(o)
}

// goesOn says whether what has come of the group so far lets the next one be tried:
// any failure that is for failover, and no decision for all.
func (v *dial) goesOn() bool {
	on := len(v.Attempts) == 0
	for _, a := range v.Attempts {
		if a.Code >= 600 && v.StopOn.has(a.Cause) {
			return false
		}
		on = on || v.FailoverOn.has(a.Cause) && !v.StopOn.has(a.Cause)
	}
	return on
}

// cancel ends all calls but one that are not over.
func (v *dial) cancel(o *operation, c call.Cause, but string) {
	for i := range v.Attempts {
		a := &v.Attempts[i]
		if a.Over || a.Leg == but {
			continue
		}
		v.over(o, a, c)
		if leg := o.f.calls[a.Leg]; leg != nil && !leg.over() {
			leg.ending = true
			o.order(call.Hangup{Leg: a.Leg, Cause: c})
		}
	}
	v.Early = ""
	o.f.unbridge(o.c, "failed")
}

func (v *dial) callerGone(o *operation) {
	v.hush(o)
	v.cancel(o, causeNamed("canceled"), v.Winner)
	if c := o.f.calls[v.Winner]; c != nil && (v.HangupBoth || !v.Bridged) {
		o.f.endCall(c, causeNamed("normal"), 480)
	}
	if v.Winner == "" {
		v.Status = "canceled"
	}
	v.finish(o)
}

// finish completes the operation with what came of all.
func (v *dial) finish(o *operation) {
	v.hush(o)
	r := dialResult{Status: v.Status, Attempts: []attemptView{}}
	for _, a := range v.Attempts {
		r.Attempts = append(r.Attempts, attemptView{Target: a.Target, Code: a.Code, Cause: a.Cause.Name, Ms: a.Ms})
	}
	if c := o.f.calls[v.Winner]; c != nil {
		h := c.handed(o.f)
		r.Call = &h
		if c.ended {
			r.Cause = fieldsOf(c.cause)
		}
	}
	if v.Winner == "" {
		cause := v.best()
		r.Cause = fieldsOf(cause)
		r.Status = orElse(r.Status, statusOf(cause))
	}
	r.Status = orElse(r.Status, "answered")
	o.complete(r)
}

// best is the failure that says most (RFC 3261 §16.7): a decision for all, then busy,
// then that nobody answered, then the last one.
func (v *dial) best() call.Cause {
	rank := func(c call.Cause) int {
		switch {
		case c.SIP >= 600:
			return 4
		case c.Name == "busy":
			return 3
		case c.Name == "no-answer" || c.Name == "rejected":
			return 2
		case c.SIP < 500:
			return 1
		}
		return 0
	}
	best := causeNamed("canceled")
	for i, a := range v.Attempts {
		if i == 0 || rank(a.Cause) >= rank(best) {
			best = a.Cause
		}
	}
	return best
}

func statusOf(c call.Cause) string {
	switch c.Name {
	case "busy":
		return "busy"
	case "no-answer", "timeout":
		return "no-answer"
	case "rejected", "declined-everywhere":
		return "rejected"
	case "canceled":
		return "canceled"
	}
	return "failed"
}

func fieldsOf(c call.Cause) *causeFields { return &causeFields{c.Name, c.SIP, c.Q850, c.Text, c.By} }

type dialEvent struct {
	Target string `json:"target"`
	Code   int    `json:"code,omitempty"`
	Cause  string `json:"cause,omitempty"`
}

func (v *dial) occur(o *operation, name string, a attempt) {
	if o.c != nil {
		o.f.occur(o.u, o.c.handle, name, dialEvent{a.Target, a.Code, a.Cause.Name})
	}
}

func (v *dial) abandon(o *operation) {
	v.hush(o)
	v.cancel(o, causeNamed("canceled"), "")
}
