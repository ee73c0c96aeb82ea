package flow

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/callwright/callwright/engine/call"
	"github.com/callwright/callwright/engine/fetch"
	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/sandbox"
)

// operation is one verb under way.
type operation struct {
	n                           uint32
	hash                        uint16
	object, class, method, line string
	f                           *Flows          `freeze:"-"`
	u                           *unit           `freeze:"-"`
	c                           *callState      // it was called on, or the unit's own; nil: none
	verb                        verb            `freeze:"-"`
	args                        json.RawMessage // as begun, for the operator
	begun                       time.Time
	waits                       bool     // for audio
	masked                      bool     // its digits must not be seen
	mixes                       bool     // a mixer plays or records for it
	parts                       int      // things asked of workers so far
	timers                      []string // armed
}

// verb is the state of one operation as plain data. It must, sooner or later,
// complete or fail its operation; after that it gets no more events.
type verb interface {
	begin(o *operation)
	step(o *operation, e event)
}

// event is what a verb may be told while it is under way.
type event interface{}

type (
	timer      struct{ name string }
	done       struct{ *control.Done }
	digit      struct{ key string }
	hungUp     struct{} // the call has ended
	answered   struct{ sandbox.Answer }
	mediaUp    struct{} // audio stands, or stands again
	noMedia    struct{ why string }
	moved      struct{ alive bool } // its member is on another mixer, its parts there are gone
	restreamed struct{}             // its stream is at another SBC, which knows nothing of it
	refused    struct{ why string }
	committed  struct{ why string }
	steer      struct { // pause, resume, stop … of a Playback or Recording
		method string
		steering
	}
	replaced struct{} // a later gather took over
	fetched  struct{ fetch.Result }
)

// kind is how the verbs of one name begin.
type kind struct {
	make  func() verb
	audio bool // the call is answered first, and has audio when begin runs
	live  bool // throws CallEnded on a call that has ended
}

// begin starts an operation the script has called.
func (f *Flows) begin(u *unit, op *sandbox.Op) {
	o := &operation{n: op.N, hash: op.Hash, object: op.Object, class: op.Class, method: op.Method,
		line: op.Line, args: op.Args, f: f, u: u, c: u.callOf(op.Object), begun: f.now}
	u.ops[o.n] = o
	o.count(+1)
	if e := o.unaffordable(); e != nil {
		o.fail(e)
		return
	}
	k, ok := kinds[op.Class+"."+op.Method]
	if !ok {
		o.fail(notBuilt(o.name()))
		return
	}
	o.verb = k.make()
	if err := decode(op.Args, o.verb); err != nil {
		o.fail(badOption(o.name() + ": " + err.Error()))
		return
	}
	if v, ok := o.verb.(interface{ subject(*unit) *callState }); ok {
		o.c = v.subject(u)
	}
	switch c := o.c; {
	case (k.live || k.audio) && c == nil:
		o.fail(plainError(o.name() + ": there is no call here"))
	case (k.live || k.audio) && c.ended:
		o.fail(c.endedError(o.name()))
	case k.audio && !c.audio:
		o.waits = true
		f.answerFor(o)
	default:
		o.verb.begin(o)
	}
}

func decode(args json.RawMessage, v any) error {
	if len(args) == 0 {
		return nil
	}
	return json.Unmarshal(args, v)
}

func (o *operation) name() string {
	if o.class == "" {
		return o.method
	}
	return lowerFirst(o.class) + "." + o.method
}

// complete ends the operation with a result for the script.
func (o *operation) complete(result any) { o.end(sandbox.Input{Value: encode(result)}) }

// fail ends it with an error that the script's await throws.
func (o *operation) fail(e *sandbox.HostError) { o.end(sandbox.Input{Error: e}) }

func (o *operation) end(in sandbox.Input) {
	if !o.forget() {
		return
	}
	why := ""
	if in.Error != nil {
		why = in.Error.Name
	}
	o.u.ended(o, why)
	in.Kind, in.Op, in.Hash, in.What, in.Masked = sandbox.Completed, o.n, o.hash, o.name(), o.masked
	o.f.deliver(o.u, in)
}

// forget takes the operation off the table with its timers; false: it was off.
func (o *operation) forget() bool {
	if o.u.ops[o.n] != o {
		return false
	}
	delete(o.u.ops, o.n)
	o.count(-1)
	for _, name := range o.timers {
		o.f.emit(Disarm{o.timerID(name)})
	}
	o.timers = nil
	if c := o.c; c != nil {
		if c.gather == o.n {
			c.gather = 0
		}
		c.uncarry(o.n)
	}
	if o.mixes {
		o.mixes = false
		o.f.recarry(o.c)
	}
	return true
}

// drop ends the operation with nobody left to tell.
func (o *operation) drop() {
	if s, ok := o.verb.(interface{ abandon(*operation) }); ok && !o.waits {
		s.abandon(o)
	}
	o.forget()
}

func (o *operation) timerID(name string) TimerID { return TimerID{o.u.id, o.n, name} }

// arm sets, or moves, one of the operation's timers.
func (o *operation) arm(name string, after time.Duration) {
	o.unarm(name)
	o.timers = append(o.timers, name)
	o.f.emit(Arm{Timer: o.timerID(name), After: after})
}

func (o *operation) disarm(name string) {
	if o.unarm(name) {
		o.f.emit(Disarm{o.timerID(name)})
	}
}

func (o *operation) unarm(name string) bool {
	for i, t := range o.timers {
		if t == name {
			o.timers = append(o.timers[:i:i], o.timers[i+1:]...)
			return true
		}
	}
	return false
}

// nextPart names the next thing asked of a worker for this operation.
func (o *operation) nextPart() string {
	o.parts++
	return fmt.Sprintf("%s/%d.%d", o.u.id, o.n, o.parts)
}

func (o *operation) order(in call.Input) { o.f.emit(Order{in}) }

func (o *operation) toSBC(c *control.Command) { o.f.emit(ToSBC{Call: o.c.id, Command: c}) }

// toMixer commands the call's mixer. A call that hears another past the mixer comes
// back to it first, for as long as the operation lasts.
func (o *operation) toMixer(c *control.Command) {
	if !o.mixes && (c.GetPlay() != nil || c.GetRecord() != nil) {
		o.mixes = true
		o.f.recarry(o.c)
	}
	o.f.emit(ToMixer{Call: o.c.id, Command: c})
}

// ask calls a function the script gave among the options; the answer comes as an
// answered event.
func (o *operation) ask(fn uint32, args ...any) {
	o.u.asks++
	o.u.asked[o.u.asks] = o.n
	o.f.deliver(o.u, sandbox.Input{Kind: sandbox.Called, Callback: fn, Ask: o.u.asks, Value: encode(args), Masked: o.masked})
}

func (o *operation) note(level, text string) { o.f.note(o.u, level, o.name()+": "+text, o.line) }

// tell gives an event to whoever listens on the operation's own object.
func (o *operation) tell(event string, value any) {
	o.f.occur(o.u, fmt.Sprintf("op:%d", o.n), event, value)
}

// since is the time the operation has run, in ms.
func (o *operation) since() int64 { return o.f.now.Sub(o.begun).Milliseconds() }

// millis is a duration as it travels in arguments.
type millis float64

const longest = 30 * 24 * time.Hour

func (m millis) duration() time.Duration { return time.Duration(m.ms()) * time.Millisecond }

// ms is the time in whole ms, at most 30 days.
func (m millis) ms() uint32 {
	return uint32(min(max(0, m), millis(longest.Milliseconds())))
}

func badOption(text string) *sandbox.HostError {
	return &sandbox.HostError{Name: "BadOption", Message: text}
}

func plainError(text string) *sandbox.HostError {
	return &sandbox.HostError{Name: "Error", Message: text}
}

func hostError(name, text string) *sandbox.HostError {
	return &sandbox.HostError{Name: name, Message: text}
}

func busyError(text string) *sandbox.HostError {
	return &sandbox.HostError{Name: "Busy", Message: text}
}

func notBuilt(name string) *sandbox.HostError { return plainError(name + " is not built yet") }

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return string(s[0]|0x20) + s[1:]
}
