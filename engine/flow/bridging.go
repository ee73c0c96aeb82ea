package flow

import "encoding/json"

// bridging is bridge(a, b): the two hear each other until one of them leaves.
type bridging struct {
	A          json.RawMessage `json:"a"`
	B          json.RawMessage `json:"b"`
	HangupBoth bool            `json:"hangupBoth"`
}

type bridgeResult struct {
	Reason string `json:"reason"`
	Ms     int64  `json:"ms"`
}

// subject is the first of the two.
func (v *bridging) subject(u *unit) *callState { return u.callNamed(handleOf(v.A)) }

func (v *bridging) begin(o *operation) {
	b := o.u.callNamed(handleOf(v.B))
	switch {
	case b == nil || b == o.c:
		o.fail(badOption("bridge: give two different calls"))
	case b.ended:
		o.fail(b.endedError("bridge"))
	case !b.audio || !b.answered():
		o.fail(plainError("bridge: the second call is " + b.state + ", not answered"))
	default:
		o.f.join(o.c, b, o)
	}
}

func (v *bridging) step(o *operation, e event) {
	switch e := e.(type) {
	case unbridged:
		b := o.u.callNamed(handleOf(v.B))
		for _, c := range []*callState{o.c, b} {
			if e.reason == "hangup" && v.HangupBoth && c != nil && !c.over() {
				o.f.endCall(c, causeNamed("normal"), 480)
			}
		}
		o.complete(bridgeResult{Reason: e.reason, Ms: o.since()})
	case noMedia:
		o.fail(busyError("bridge: " + e.why))
	case hungUp: // before the audio stood
		o.fail(o.c.endedError("bridge"))
	}
}

func (v *bridging) abandon(o *operation) { o.f.unbridge(o.c, "moved") }
