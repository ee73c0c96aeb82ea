package sandbox

import (
	"math"
	"strconv"

	"github.com/dop251/goja"
)

// timer is what a setTimeout or setInterval runs.
type timer struct {
	call  goja.Callable
	args  []goja.Value
	ms    float64
	every uint32 // the first number of an interval; 0: once
}

// timerFunctions are the timers of the web, as operations "setTimeout" {ms} that the
// host completes and "clearTimeout" {op} that it does not. A timer's id is the number
// of its operation.
func (r *realm) timerFunctions() *goja.Object {
	o := r.rt.NewObject()
	set := func(name string, length int, f func(goja.FunctionCall) goja.Value) {
		_ = o.Set(name, r.native(name, length, f))
	}
	set("setTimeout", 2, func(c goja.FunctionCall) goja.Value { return r.cur.setTimer("setTimeout", c, false) })
	set("setInterval", 2, func(c goja.FunctionCall) goja.Value { return r.cur.setTimer("setInterval", c, true) })
	clearing := func(c goja.FunctionCall) goja.Value {
		r.cur.clearTimer(c.Argument(0))
		return goja.Undefined()
	}
	set("clearTimeout", 1, clearing)
	set("clearInterval", 1, clearing)
	return o
}

func (u *unit) setTimer(name string, c goja.FunctionCall, repeat bool) goja.Value {
	call, ok := goja.AssertFunction(c.Argument(0))
	if !ok {
		u.r.throw("TypeError", "%s needs a function", name)
	}
	ms := 0.0
	if v := c.Argument(1); goja.IsNumber(v) {
		ms = v.ToFloat()
	} else if s, ok := v.(goja.String); ok {
		if d, ok := parseDuration(s.String()); ok {
			ms = d
		} else {
			ms = v.ToFloat()
		}
	} else if !empty(v) {
		u.r.throw("TypeError", "%s: the time must be milliseconds, or a string such as '5s'", name)
	}
	if math.IsNaN(ms) || ms < 0 {
		ms = 0
	}
	if repeat && ms < 1 {
		ms = 1
	}
	if ms > math.MaxInt32 {
		u.r.throw("RangeError", "%s: more than 24 days", name)
	}
	if most := u.r.limits.Timers; u.timers >= most {
		u.exceeded("timers", most, "%s: %d timers are running", name, most)
	}
	u.mayBegin(name)
	t := &timer{call: call, ms: ms}
	if len(c.Arguments) > 2 {
		t.args = append(t.args, c.Arguments[2:]...)
	}
	p := u.arm(t)
	if repeat {
		t.every = p.n
		if u.intervals == nil {
			u.intervals = map[uint32]uint32{}
		}
		u.intervals[p.n] = p.n
	}
	return u.r.rt.ToValue(int64(p.n))
}

// arm begins the operation behind a timer. One that repeats takes its own place again,
// whatever its function has begun meanwhile.
func (u *unit) arm(t *timer) *pending {
	args := append([]byte(`{"ms":`), formatMs(t.ms)...)
	p := u.number("", "", "setTimeout", "setTimeout", append(args, '}'))
	p.timer = t
	u.timers++
	return p
}

// clearTimer takes anything and does nothing for what is no running timer.
func (u *unit) clearTimer(v goja.Value) {
	u.refuseLook("clearTimeout")
	if !goja.IsNumber(v) {
		return
	}
	f := v.ToFloat()
	if !(f >= 1 && f <= math.MaxUint32) {
		return
	}
	n := uint32(f)
	if present, ok := u.intervals[n]; ok {
		delete(u.intervals, n)
		n = present
	}
	i := u.find(n)
	if i < 0 || u.pending[i].timer == nil {
		return
	}
	u.take(i)
	u.timers--
	u.ops++
	args := strconv.AppendUint([]byte(`{"op":`), uint64(n), 10)
	args = append(args, '}')
	u.report(Op{N: u.ops, Hash: hashOf("", "clearTimeout", args), Method: "clearTimeout", Args: args, Line: u.r.place()})
}

// fire runs a timer that went off; an interval is armed again after its run. One that the
// host has refused is over.
func (u *unit) fire(p *pending, refused *HostError) {
	u.timers--
	t := p.timer
	if refused != nil {
		delete(u.intervals, t.every)
		u.log("error", refused.Name+": "+refused.Message, p.place)
		return
	}
	if _, err := u.r.call(t.call, goja.Undefined(), t.args...); err != nil {
		if u.r.fatal != nil {
			return
		}
		u.logError("in a timer: ", u.r.fromRun(err))
	}
	if _, running := u.intervals[t.every]; running && t.every != 0 {
		q := u.arm(t)
		q.place = p.place
		u.intervals[t.every] = q.n
		if u.out != nil && len(u.out.Ops) > 0 && u.out.Ops[len(u.out.Ops)-1].N == q.n {
			u.out.Ops[len(u.out.Ops)-1].Line = p.place
		}
	}
}
