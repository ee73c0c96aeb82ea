package flow

import (
	"strconv"
	"strings"
	"time"

	"github.com/callwright/callwright/engine/keep"
	"github.com/callwright/callwright/engine/parcel"
	"github.com/callwright/callwright/engine/registrar"
	"github.com/callwright/callwright/media/control"
)

const (
	maxTypedAhead = 32
	maxBatch      = 64
	maxHistory    = 50_000
	maxAppHistory = 4_096
	maxLosses     = 5 // in a row
	afterEnd      = 60 * time.Second
)

// Config is what the flows need to know of their surroundings.
type Config struct {
	// AppDir is the directory of an app's own files below the scripts root,
	// slash-separated, "" for the root itself. nil: the root for every app.
	AppDir func(app string) string
	// MayUse says whether an app may call a function of another; nil: all may.
	MayUse func(app, of, function string) error
	// MayFetch says whether an app may reach a host and port by HTTP, for audio and
	// uploads; private: the host is an address that is not public. nil: none may.
	MayFetch func(app, hostport string, private bool) error
	// MayEvaluate says whether operators may run code in an app; nil: in all.
	MayEvaluate func(app string) error
	// Untrusted says whether an app has only what is its own; nil: none.
	Untrusted func(app string) bool
	// Budgets are an app's, as its manifest says; nil: the defaults.
	Budgets func(app, version string) Budgets
	// Keep holds kv and when schedules ran; nil: in memory.
	Keep *keep.Keep
	// Registrar knows where users are; nil: one that keeps them in Keep and lets none in.
	Registrar *registrar.Registrar
}

// Flows holds the units and conferences of one shard. It belongs to one goroutine.
type Flows struct {
	cfg   Config
	units map[string]*unit
	calls map[string]*callState // by leg
	apps  []*unit               // in the order they came
	past  []*unit               // that ended last, for their journals

	adoptions []*adoption
	rooms     map[string]*room
	locks     map[string]*mutex

	watching map[string][]holder       // by path of state
	bus      map[string]map[*unit]bool // who listens for an event of the bus
	figures  map[string]*appFigures    // by app
	uses     map[string]*appUse        // by app

	// of the step under way
	now     time.Time
	out     []Action
	touched []*unit

	// since they were taken: what differs from what was frozen
	soiled      map[string]bool // units
	soiledRooms map[string]bool
	scheme      *parcel.Scheme
	thawing     *thaw // nil: nothing is
}

// NewFlows returns an empty container.
func NewFlows(c Config) *Flows {
	if c.Keep == nil {
		c.Keep = keep.New(nil)
	}
	c.Registrar = registrarOf(c)
	f := &Flows{cfg: c, units: map[string]*unit{}, calls: map[string]*callState{}, rooms: map[string]*room{}, locks: map[string]*mutex{}, watching: map[string][]holder{},
		bus: map[string]map[*unit]bool{}, figures: map[string]*appFigures{}, uses: map[string]*appUse{},
		soiled: map[string]bool{}, soiledRooms: map[string]bool{}}
	f.scheme = f.newScheme()
	return f
}

// Step applies one input and returns what must now be done, in order. Inputs about
// units that are not here change nothing. The returned actions are the caller's.
func (f *Flows) Step(now time.Time, in Input) []Action {
	f.now, f.out, f.touched = now, nil, f.touched[:0]
	f.take(in)
	f.settleTouched()
	out := f.out
	f.out = nil
	return out
}

// settleTouched activates the units that the step has touched, and ends those that are
// through.
func (f *Flows) settleTouched() {
	for i := 0; i < len(f.touched); i++ { // finishing one unit may touch others
		u := f.touched[i]
		u.touched = false
		f.activate(u)
		f.finish(u)
	}
}

func (f *Flows) take(in Input) {
	switch in := in.(type) {
	case NewCall:
		f.newCall(in)
	case NewApp:
		f.newApp(in)
	case Adopt:
		f.adopt(in)
	case EndApp:
		f.endApp(in.Unit)
	case Did:
		f.did(in.Result)
	case Agreed:
		f.withCall(in.Call, func(c *callState) { f.agreed(c, in.Media) })
	case Confirmed: // the 2xx arrived; nothing here waits for that alone
	case Ended:
		f.withCall(in.Call, func(c *callState) { f.callEnded(c, in.Cause, in.Contacts) })
	case Ringing:
		f.withCall(in.Call, func(c *callState) { f.legRinging(c, in) })
	case Answered:
		f.withCall(in.Call, func(c *callState) { f.legAnswered(c, in) })
	case Apart:
		f.apart(in)
	case Refused:
		f.withCall(in.Call, func(c *callState) { f.refused(c, in) })
	case MediaUp:
		f.withCall(in.Call, func(c *callState) { f.mediaUp(c, in.SBC) })
	case MediaFailed:
		f.withCall(in.Call, func(c *callState) { f.mediaFailed(c, in.Why) })
	case Moved:
		f.withCall(in.Call, func(c *callState) { f.moved(c, in.Alive) })
	case Restreamed:
		f.withCall(in.Call, func(c *callState) { f.restreamed(c, in.SBC) })
	case RoomMoved:
		f.roomMoved(in)
	case RoomFailed:
		f.roomFailed(in)
	case Worked:
		f.worked(in.Event)
	case Fired:
		f.fired(in.Timer)
	case Request:
		f.request(in)
	case Evaluate:
		f.evaluate(in)
	case FailedOver:
		f.failedOver(in)
	case Stopping:
		f.tellApps("shutdown", struct{}{})
	case WorkerChanged:
		f.tellApps("worker", map[string]string{"what": in.What, "kind": in.Kind, "name": in.Name})
	case HTTP:
		f.serveHTTP(in)
	case Replied:
		if unit, n, ok := splitWorkerOp(in.ID); ok {
			f.toOp(unit, n, replied{in.Msg, in.Cause})
		}
	case Notified:
		f.withCall(in.Call, func(c *callState) { f.callNotified(c, in) })
	case Serve:
		f.serve(in)
	case RolledBack:
		f.toOp(in.Unit, in.Op, rolledBack{in})
	case StateChanged:
		f.stateChanged(in.Change)
	case Connected:
		f.toOp(in.Unit, in.Op, wired{in.Event})
	case Fetched:
		f.toOp(in.Unit, in.Op, fetched{in.Result})
	case Reached:
		f.toOp(in.Unit, in.Op, reached{in.Result})
	case Committed:
		f.toOp(in.Unit, in.Op, committed{why: in.Why})
	}
}

func (f *Flows) withCall(id string, do func(*callState)) {
	if c := f.calls[id]; c != nil {
		f.touch(c.u)
		do(c)
	}
}

// own enters a call as one of a unit's.
func (f *Flows) own(u *unit, c *callState) {
	c.u = u
	f.calls[c.id] = c
}

// toOp hands an event to a pending operation; a late one finds nothing.
func (f *Flows) toOp(unit string, n uint32, e event) {
	u := f.units[unit]
	if u == nil {
		return
	}
	f.touch(u)
	if o := u.ops[n]; o != nil {
		o.verb.step(o, e)
	}
}

func (f *Flows) fired(t TimerID) {
	f.noteFired(t)
	if strings.HasPrefix(t.Unit, "room:") {
		f.roomFired(t)
		return
	}
	u := f.units[t.Unit]
	if u == nil {
		return
	}
	if n, ok := readAskTimer(t.Name); ok && t.Op == 0 {
		f.touch(u)
		f.askOverdue(u, n)
		return
	}
	if t.Op == 0 {
		f.touch(u)
		f.overdue(u)
		return
	}
	if o := u.ops[t.Op]; o != nil && o.unarm(t.Name) {
		f.toOp(t.Unit, t.Op, timer{t.Name})
	}
}

// worked sorts a worker's event to whom it concerns.
func (f *Flows) worked(e *control.Event) {
	switch b := e.GetBody().(type) {
	case *control.Event_Digit:
		f.withCall(b.Digit.GetStream(), func(c *callState) { f.digit(c, b.Digit.GetDigit(), int(b.Digit.GetMs())) })
	case *control.Event_Talk:
		f.withCall(b.Talk.GetMember(), func(c *callState) { f.talk(c, b.Talk.GetTalking()) })
	case *control.Event_Floor:
		f.floorTold(b.Floor)
	case *control.Event_Levels:
		f.levelsTold(b.Levels)
	case *control.Event_Done:
		if name, ok := roomPart(b.Done.GetOp()); ok {
			f.roomDone(name, b.Done)
			return
		}
		if unit, n, ok := splitWorkerOp(b.Done.GetOp()); ok {
			f.toOp(unit, n, done{b.Done})
		}
	case *control.Event_Fault:
		f.fault(b.Fault)
	}
}

// fault ends the operation a worker could not carry out as if it had told so in a
// Done; a fault about anything else is for the operator to see.
func (f *Flows) fault(b *control.Fault) {
	if unit, n, ok := splitWorkerOp(b.GetSubject()); ok {
		f.toOp(unit, n, done{&control.Done{Op: b.GetSubject(), Reason: "error", Error: b.GetError()}})
		return
	}
	if name, ok := roomPart(b.GetSubject()); ok {
		f.roomDone(name, &control.Done{Op: b.GetSubject(), Reason: "error", Error: b.GetError()})
		return
	}
	if c := f.calls[b.GetSubject()]; c != nil {
		u := c.u
		f.note(u, "error", "worker: "+b.GetError(), u.await)
		return
	}
	f.out = append(f.out, Note{Level: "error", Text: "worker: " + b.GetSubject() + ": " + b.GetError()})
}

// splitWorkerOp reads "UNIT/N.k".
func splitWorkerOp(id string) (unit string, n uint32, ok bool) {
	slash := strings.LastIndexByte(id, '/')
	if slash < 0 {
		return "", 0, false
	}
	number, _, dotted := strings.Cut(id[slash+1:], ".")
	v, err := strconv.ParseUint(number, 10, 32)
	return id[:slash], uint32(v), dotted && err == nil
}

func (f *Flows) emit(a Action) {
	f.noteChange(a)
	f.out = append(f.out, a)
}

// touch lists a unit to be looked at when the step's input is dealt with.
func (f *Flows) touch(u *unit) {
	f.soil(u)
	if !u.touched {
		u.touched = true
		f.touched = append(f.touched, u)
	}
}

// note tells the operator. Masked digits of the unit never appear in it.
func (f *Flows) note(u *unit, level, text, line string) {
	f.emit(Note{Unit: u.id, App: u.app, Version: u.version, Level: level, Text: u.redact(text), Line: line})
}
