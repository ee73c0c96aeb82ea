package flow

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/callwright/callwright/engine/parcel"
	"github.com/callwright/callwright/sandbox"
)

// thaw is a recovery under way: what was named, and whether it has come.
type thaw struct {
	f     *Flows
	named map[string]any
	come  map[any]bool
	units []*unit
	rooms []*room
}

// find brings the thing of a name, empty until its own parcel comes.
func (t *thaw) find(name string, _ reflect.Type) any {
	if len(name) < 2 {
		return nil
	}
	if v := t.named[name]; v != nil {
		return v
	}
	var v any
	switch id := name[1:]; name[0] {
	case 'u':
		v = &unit{id: id}
	case 'r':
		v = &room{name: id}
	case 's':
		v = &seat{handle: id}
	case 'c':
		v = &callState{id: id}
	case 'o':
		v = &operation{}
	case 't':
		v = &tape{Base: id}
	default:
		return nil
	}
	t.named[name] = v
	return v
}

// Thaw begins the recovery of units and conferences from their parcels: ThawUnit and
// ThawRoom for each, then Thawed, all at one time of the turn.
func (f *Flows) Thaw(now time.Time) {
	f.now = now
	f.thawing = &thaw{f: f, named: map[string]any{}, come: map[any]bool{}}
}

// ThawUnit takes up a unit from the parts and inputs of its parcel. An error costs this
// one: it must be ended.
func (f *Flows) ThawUnit(id string, parts map[string][]byte, inputs [][]byte) error {
	t := f.thawing
	if f.units[id] != nil {
		return fmt.Errorf("flow: unit %s is here already", id)
	}
	u := t.find("u"+id, nil).(*unit)
	if err := f.scheme.Thaw(parts[partUnit], u); err != nil {
		return err
	}
	if u.history.Version != HistoryVersion {
		return fmt.Errorf("flow: journal of version %d, this release reads %d", u.history.Version, HistoryVersion)
	}
	for _, b := range inputs {
		var in sandbox.Input
		if err := json.Unmarshal(b, &in); err != nil {
			return fmt.Errorf("flow: input of %s: %w", id, err)
		}
		u.history.Inputs = append(u.history.Inputs, in)
	}
	u.ops = map[uint32]*operation{}
	u.use = f.useOf(u.app, u.version)
	makeMap(&u.asked)
	makeMap(&u.listens)
	makeMap(&u.kept)
	var calls []*callState
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		leg, is := strings.CutPrefix(name, partCall)
		if !is {
			continue
		}
		c := t.find("c"+leg, nil).(*callState)
		if err := f.scheme.Thaw(parts[name], c); err != nil {
			return err
		}
		calls = append(calls, c)
	}
	if err := f.thawOps(u, parts[partOps]); err != nil {
		return err
	}
	for _, c := range calls {
		c.u = u
		f.calls[c.id] = c
		t.come[c] = true
		if c.seat != nil {
			t.adoptSeat(c)
		}
	}
	if f.cfg.AppDir != nil {
		u.dir = f.cfg.AppDir(u.app)
	}
	u.dormant = true
	f.units[id] = u
	t.come[u] = true
	t.units = append(t.units, u)
	return nil
}

func makeMap[K comparable, V any](m *map[K]V) {
	if *m == nil {
		*m = map[K]V{}
	}
}

// adoptSeat makes a call's own seat the one that others name.
func (t *thaw) adoptSeat(c *callState) {
	s := t.find("s"+c.seat.handle, nil).(*seat)
	*s = *c.seat
	s.c, c.seat = c, s
	t.come[s] = true
}

func (f *Flows) thawOps(u *unit, text []byte) error {
	var list [][2]json.RawMessage
	if err := json.Unmarshal(text, &list); err != nil {
		return fmt.Errorf("%w: operations: %v", parcel.ErrFormat, err)
	}
	for _, pair := range list {
		var head operation
		if err := f.scheme.Thaw(pair[0], &head); err != nil {
			return err
		}
		o := f.thawing.find("o"+strconv.FormatUint(uint64(head.n), 10)+"/"+u.id, nil).(*operation)
		*o = head
		o.f, o.u = f, u
		k, ok := kinds[o.class+"."+o.method]
		if !ok {
			return fmt.Errorf("flow: operation %s is not one of this release", o.name())
		}
		o.verb = k.make()
		if err := f.scheme.Thaw(pair[1], o.verb); err != nil {
			return err
		}
		u.ops[o.n] = o
		o.count(+1)
		f.thawing.come[o] = true
	}
	return nil
}

// ThawRoom takes up a conference.
func (f *Flows) ThawRoom(name string, parts map[string][]byte) error {
	r := f.thawing.find("r"+name, nil).(*room)
	if err := f.scheme.Thaw(parts[partRoom], r); err != nil {
		return err
	}
	f.thawing.come[r] = true
	f.thawing.rooms = append(f.thawing.rooms, r)
	f.rooms[name] = r
	return nil
}

// Thawed joins what has come, lets go of what has not, and returns what must be done
// for the flows to go on: timers, questions asked again, activations that were out.
func (f *Flows) Thawed() []Action {
	t := f.thawing
	f.out, f.touched = nil, f.touched[:0]
	for _, r := range t.rooms {
		t.joinRoom(r)
	}
	for _, u := range t.units {
		t.joinUnit(u)
	}
	for _, u := range t.units {
		f.resume(u)
	}
	f.regrant()
	for _, r := range t.rooms {
		f.rearm(r.armed)
		f.forgetRoom(r)
	}
	f.thawing = nil
	f.settleTouched()
	out := f.out
	f.out = nil
	return out
}

// joinRoom drops from a conference who has not come.
func (t *thaw) joinRoom(r *room) {
	gone := func(s *seat) bool { return !t.come[s] || s.room != r }
	r.seats, r.lobby = slices.DeleteFunc(r.seats, gone), slices.DeleteFunc(r.lobby, gone)
	r.units = slices.DeleteFunc(r.units, func(u *unit) bool { return !t.come[u] })
	for _, x := range r.tapes {
		if x.op != nil && !t.come[x.op] {
			x.op = nil
		}
	}
	t.rejoinTape(r)
}

// rejoinTape makes the room's own tape the one of its list.
func (t *thaw) rejoinTape(r *room) {
	if r.tape == nil {
		return
	}
	base := r.tape.Base
	r.tape = nil
	for _, x := range r.tapes {
		if x.Base == base {
			r.tape = x
		}
	}
}

// joinUnit drops from a unit what has not come. A call whose conference was lost has
// left it.
func (t *thaw) joinUnit(u *unit) {
	u.shown = slices.DeleteFunc(u.shown, func(s shown) bool {
		s0, isSeat := s.of.(*seat)
		return s.of == nil || !t.come[s.of] && !(isSeat && s0.rev > 0)
	})
	for i := range u.shown {
		u.shown[i].rev = 0 // told anew: what it was is not known to be the same
	}
	for _, leg := range t.f.Legs(u.id) {
		if c := t.f.calls[leg]; c.seat != nil && !t.come[c.seat.room] {
			c.seat = nil
		}
		t.rejoinBridge(t.f.calls[leg])
	}
	for _, o := range u.ops {
		if o.c != nil && !t.come[o.c] {
			o.c = nil
		}
	}
}

// rejoinBridge makes the bridge that two calls were each written with one again.
func (t *thaw) rejoinBridge(c *callState) {
	b := c.bridge
	switch {
	case b == nil:
	case b.a == nil || b.b == nil || !t.come[b.a] || !t.come[b.b]:
		c.bridge = nil
	case c == b.b && b.a.bridge != nil:
		c.bridge = b.a.bridge
	}
	if b != nil && b.op != nil && !t.come[b.op] {
		b.op = nil
	}
}

// resumer is a verb that has something to do when its unit has been recovered.
type resumer interface{ resumed(o *operation) }

// resume lets a recovered unit go on.
func (f *Flows) resume(u *unit) {
	f.soil(u)
	if u.kind == sandbox.AppUnit {
		f.apps = append(f.apps, u)
	}
	f.rearm(u.armed)
	f.relisten(u)
	if u.busy {
		f.rouse(u)
		f.emit(Activate{App: u.app, Version: u.version, Activation: u.current})
	}
	for _, o := range u.pending() {
		if u.ops[o.n] != o || o.waits {
			continue
		}
		if r, ok := o.verb.(resumer); ok {
			r.resumed(o)
		} else if o.c != nil && o.c.audio {
			o.verb.step(o, mediaUp{})
		}
	}
	f.touch(u)
}

// rearm arms timers at their old times.
func (f *Flows) rearm(armed map[TimerID]time.Time) {
	ids := slices.SortedFunc(maps.Keys(armed), func(a, b TimerID) int { return armed[a].Compare(armed[b]) })
	for _, id := range ids {
		f.emit(Arm{Timer: id, After: max(0, armed[id].Sub(f.now))})
	}
}

// relisten enters a unit's listeners where others look for them.
func (f *Flows) relisten(u *unit) {
	for at, on := range u.listens {
		if on {
			f.hearBus(u, sandbox.Listen{Object: at.object, Event: at.event, On: true})
		}
	}
}

// rouse makes the instance of a recovered unit, before its first activation.
func (f *Flows) rouse(u *unit) {
	if !u.dormant {
		return
	}
	u.dormant = false
	f.reopen(u)
}

// reopen makes a unit's instance anew, from its journal.
func (f *Flows) reopen(u *unit) {
	o := Open{App: u.app, Version: u.version, Unit: u.id, Kind: u.kind, Seed: u.history.Seed}
	if len(u.history.Inputs) > 0 { // else its first activation has not come back
		o.History = u.history.clone()
	}
	f.emit(o)
}

// Rouse makes the instances of up to n recovered units that have had no input yet, so
// that their first one does not wait; it says whether any are left.
func (f *Flows) Rouse(n int) (actions []Action, left bool) {
	f.out = nil
	for _, u := range f.units {
		if u.dormant && !u.closed && n > 0 {
			f.rouse(u)
			n--
		} else if u.dormant && !u.closed {
			left = true
		}
	}
	actions, f.out = f.out, nil
	return actions, left
}
