package flow

import (
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/callwright/callwright/sandbox"
)

// unit is one run: of a call's flow, or of an app's own top level.
type unit struct {
	id, app, version string
	dir              string `freeze:"-"` // of its app's files
	mayFetch         func(app, hostport string, private bool) error
	use              *appUse `freeze:"-"` // its app's
	kind             sandbox.UnitKind
	since            time.Time
	history          History

	queue   []sandbox.Input    // waits for the activation under way to come back
	current sandbox.Activation // what is under way
	busy    bool
	flooded int `freeze:"-"` // events left out since the queue was empty

	ops     map[uint32]*operation `freeze:"-"`
	asked   map[uint32]uint32     // ask -> the operation that asked
	askedOf map[uint32]askedOf    // ask -> the pairs of a room it is about
	served  map[uint32]asker      // ask -> who waits for the app's answer
	api     []string              // functions an app's run offers
	asks    uint32
	listens map[subject]bool
	kept    map[subject]json.RawMessage // promises that have come true
	shown   []shown                     // host objects of the unit, in the order it got them
	call    *callState                  // nil: an app unit
	legs    []*callState                // calls it has placed, that have not ended
	await   string
	secrets []string   // masked digits, which no log may hold
	trail   []Finished `freeze:"-"`

	passed int // digits, over its bridges
	losses int // of isolates, since the last activation that came back

	settled bool // the entry function is through
	closed  bool // takes no more activations
	cut     bool // the journal was dropped (app units only)
	strayed bool // its history did not fit: the app's onDiverged has it
	warned  int  // of a history of that length
	touched bool `freeze:"-"`
	dormant bool `freeze:"-"` // recovered, and its instance is not made yet

	armed map[TimerID]time.Time // its timers

	// schedules counts the registrations of an app's run, by what they are.
	schedules map[string]int
}

// subject is an event of one host object.
type subject struct{ object, event string }

// shown is a host object a unit holds and the snapshot it last got of it.
type shown struct {
	handle string
	of     snapshot
	rev    uint64 // 0: none yet
}

// snapshot is what a host object's fields are made from.
type snapshot interface {
	revision() uint64 // grows from 1 with each change
	fields(now time.Time) any
}

func (f *Flows) newUnit(id, app, version string, kind sandbox.UnitKind, seed uint64) *unit {
	u := &unit{id: id, app: app, version: version, kind: kind, since: f.now,
		history: History{Version: HistoryVersion, Seed: seed},
		ops:     map[uint32]*operation{}, asked: map[uint32]uint32{},
		listens: map[subject]bool{}, kept: map[subject]json.RawMessage{}}
	if f.cfg.AppDir != nil {
		u.dir = f.cfg.AppDir(app)
	}
	u.mayFetch = f.cfg.MayFetch
	u.use = f.useOf(app, version)
	f.units[id] = u
	f.emit(Open{App: app, Version: version, Unit: id, Kind: kind, Seed: seed})
	f.deliver(u, sandbox.Input{Kind: sandbox.Start})
	return u
}

func (f *Flows) newApp(in NewApp) {
	if f.units[in.Unit] != nil {
		return
	}
	u := f.newUnit(in.Unit, in.App, in.Version, sandbox.AppUnit, in.Seed)
	u.api = in.API
	if in.From != "" { // told as soon as the top level listens
		f.comeTrue(u, "app", "reload", map[string]string{"from": in.From, "to": in.Version})
	}
	f.apps = append(f.apps, u)
}

func (f *Flows) endApp(id string) {
	u := f.units[id]
	if u == nil || u.kind != sandbox.AppUnit {
		return
	}
	for i, a := range f.apps {
		if a == u {
			f.apps = append(f.apps[:i:i], f.apps[i+1:]...)
			break
		}
	}
	f.over(u)
}

// show gives a unit a host object, so that its snapshot travels with activations.
func (u *unit) show(handle string, of snapshot) {
	for _, s := range u.shown {
		if s.handle == handle {
			return
		}
	}
	u.shown = append(u.shown, shown{handle: handle, of: of})
}

// deliver queues an input; it goes out at the end of the step, or when the unit's
// activation under way has come back.
func (f *Flows) deliver(u *unit, in sandbox.Input) {
	if u.closed {
		return
	}
	in.At = f.now.UnixMilli()
	u.queue = append(u.queue, in)
	f.touch(u)
}

// occur delivers an event to whoever in the unit listens for it.
func (f *Flows) occur(u *unit, handle, event string, value any) {
	if u.listens[subject{handle, event}] && !f.overflows(u, event) {
		f.deliver(u, sandbox.Input{Kind: sandbox.Occurred, Object: handle, Event: event, Value: encode(value)})
	}
}

// comeTrue settles a promise field: now for who waits, later for who asks later.
func (f *Flows) comeTrue(u *unit, handle, event string, value any) {
	at := subject{handle, event}
	if u.kept[at] != nil {
		return
	}
	u.kept[at] = encode(value)
	f.soil(u)
	if u.listens[at] {
		f.deliver(u, sandbox.Input{Kind: sandbox.Occurred, Object: handle, Event: event, Value: u.kept[at]})
	}
}

func (f *Flows) activate(u *unit) {
	if u.busy || u.closed || len(u.queue) == 0 {
		return
	}
	f.rouse(u)
	n := u.batch()
	u.current = sandbox.Activation{Unit: u.id, Turn: u.history.Turn + 1, Now: f.now, Inputs: u.queue[:n:n]}
	if !looks(&u.queue[0]) {
		u.current.Fields = u.snapshots(f.now)
	}
	u.queue = append([]sandbox.Input(nil), u.queue[n:]...)
	f.subsided(u)
	u.busy = true
	f.emit(Activate{App: u.app, Version: u.version, Activation: u.current})
}

// snapshots are the fields that changed since the unit saw them last.
func (u *unit) snapshots(now time.Time) map[string]json.RawMessage {
	var m map[string]json.RawMessage
	for i := range u.shown {
		s := &u.shown[i]
		if rev := s.of.revision(); rev != s.rev {
			if m == nil {
				m = map[string]json.RawMessage{}
			}
			s.rev, m[s.handle] = rev, encode(s.of.fields(now))
		}
	}
	return m
}

// did takes what an activation came to.
func (f *Flows) did(r sandbox.Result) {
	if f.tried(r) {
		return
	}
	u := f.units[r.Unit]
	if u == nil || u.closed {
		return
	}
	f.touch(u)
	if r.Turn == 0 {
		f.reopened(u, r)
		return
	}
	if !u.busy || r.Turn != u.current.Turn {
		return // came twice
	}
	if r.Lost {
		f.lost(u)
		return
	}
	u.busy, u.losses = false, 0
	for _, l := range r.Logs {
		f.say(u, l)
	}
	u.use.left[leftLines] += uint64(r.LeftOut)
	if r.Interrupted {
		f.interrupted(u, r)
		return
	}
	u.record(r)
	f.apply(u, r)
}

// record writes the activation's inputs to the journal.
func (u *unit) record(r sandbox.Result) {
	for i, in := range u.current.Inputs {
		if looks(&in) {
			continue
		}
		if i < len(r.Reads) {
			in.Reads = r.Reads[i]
		}
		if i == 0 {
			in.Fields = u.current.Fields
		}
		u.history.Inputs = append(u.history.Inputs, in)
	}
	if u.cut {
		u.history.Inputs = nil
	}
	u.history.Turn = u.current.Turn
	u.history.Ops += uint32(len(r.Ops))
	u.current = sandbox.Activation{}
}

func (f *Flows) apply(u *unit, r sandbox.Result) {
	u.await = r.Await
	if u.call != nil && json.Valid(r.Vars) {
		u.call.vars = r.Vars
	}
	for _, l := range r.Listens {
		f.listen(u, l)
	}
	for _, a := range r.Answers {
		if f.answerAsker(u, a) || f.answerPairs(u, a) {
			continue
		}
		n := u.asked[a.Ask]
		delete(u.asked, a.Ask)
		f.toOp(u.id, n, answered{a})
	}
	cuts := u.history.Cuts
	for i := range r.Ops {
		if f.begin(u, &r.Ops[i]); u.history.Cuts != cuts {
			return // entered anew: what it did behind that is of no use
		}
	}
	switch {
	case r.Settled:
		f.settle(u, r.Error)
	case r.Error != nil:
		f.note(u, "error", scriptText(r.Error), scriptLine(r.Error))
	}
	f.boundHistory(u)
}

func (f *Flows) listen(u *unit, l sandbox.Listen) {
	at := subject{l.Object, l.Event}
	f.hearBus(u, l)
	if !l.On {
		delete(u.listens, at)
		return
	}
	u.listens[at] = true
	if o := u.operationOf(l.Object); o != nil && o.verb != nil {
		o.verb.step(o, listened{l.Event})
	}
	if v := u.kept[at]; v != nil {
		f.deliver(u, sandbox.Input{Kind: sandbox.Occurred, Object: l.Object, Event: l.Event, Value: v})
	}
}

// callOf is the call that a host object of the unit is, else the unit's own.
func (u *unit) callOf(handle string) *callState {
	if c := u.callNamed(handle); c != nil {
		return c
	}
	return u.call
}

// callNamed is the call that a host object of the unit is; nil: it is none.
func (u *unit) callNamed(handle string) *callState {
	for _, s := range u.shown {
		if c, ok := s.of.(*callState); ok && s.handle == handle {
			return c
		}
	}
	return nil
}

// handleOf reads a host object among arguments; "": it is none.
func handleOf(raw json.RawMessage) string {
	var h struct {
		Handle string `json:"$handle"`
	}
	if json.Unmarshal(raw, &h) != nil {
		return ""
	}
	return h.Handle
}

// pending lists the operations on a call in the order they were begun.
func (c *callState) pending() []*operation {
	return slices.DeleteFunc(c.u.pending(), func(o *operation) bool { return o.c != c })
}

// pending lists the unit's operations in the order they were begun.
func (u *unit) pending() []*operation {
	ops := make([]*operation, 0, len(u.ops))
	for _, o := range u.ops {
		ops = append(ops, o)
	}
	sort.Slice(ops, func(i, j int) bool { return ops[i].n < ops[j].n })
	return ops
}

func (u *unit) redact(text string) string {
	for _, s := range u.secrets {
		text = strings.ReplaceAll(text, s, "•••")
	}
	return text
}

// encode marshals what this package has made itself; that cannot fail.
func encode(v any) json.RawMessage {
	if raw, ok := v.(json.RawMessage); ok {
		return raw
	}
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("flow: %T does not marshal: %v", v, err))
	}
	return b
}
