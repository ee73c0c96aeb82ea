package flow

// sleep is sleep() and setTimeout(): nothing but a time. It goes on after the call
// has ended, so that a flow can finish what it has begun.
type sleep struct {
	Duration millis `json:"duration"` // of sleep
	Ms       millis `json:"ms"`       // of setTimeout
}

func (v *sleep) begin(o *operation) { o.arm("sleep", (v.Duration + v.Ms).duration()) }

func (v *sleep) step(o *operation, e event) {
	if _, ok := e.(timer); ok {
		o.complete(nil)
	}
}

// clearTimeout forgets a setTimeout. Nobody waits for either: neither is completed.
type clearTimeout struct {
	Op uint32 `json:"op"`
}

func (v *clearTimeout) begin(o *operation) {
	if t := o.u.ops[v.Op]; t != nil && t.method == "setTimeout" {
		t.forget()
	}
	o.forget()
}

func (v *clearTimeout) step(*operation, event) {}

// commit is state.commit(): done when the writes so far are on disk on a majority.
type commit struct{}

func (*commit) begin(o *operation) { o.f.emit(Commit{Unit: o.u.id, Op: o.n}) }

func (*commit) step(o *operation, e event) {
	c, ok := e.(committed)
	switch {
	case !ok:
	case c.why != "":
		o.fail(plainError("state.commit: " + c.why))
	default:
		o.complete(nil)
	}
}
