package flow

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/callwright/callwright/sandbox"
)

// checkpoint is call.checkpoint(): the flow is entered anew, with its data and an empty
// history. It has no result, for nobody is left to have it.
type checkpoint struct {
	Data json.RawMessage `json:"data"`
}

func (v *checkpoint) begin(o *operation) {
	o.forget()
	o.f.renew(o.u, "", v.Data)
}

func (v *checkpoint) step(*operation, event) {}

// carried is an operation that went over a checkpoint and has an object to steer it by.
type carried struct {
	N     uint32
	Class string // Playback or Recording
}

// onDiverged is the export that gets a call whose history does not fit the code.
const onDiverged = "onDiverged"

// renew runs a call's flow from its entry (with a name: from that export) on a new
// instance. What is played, recorded and bridged goes on, and so do the call's place in a
// conference and the numbers of operations, by which workers know what they do. All else
// that was under way is dropped: timers, listeners, locks, questions, inputs not taken.
func (f *Flows) renew(u *unit, entry string, data json.RawMessage) {
	start := sandbox.Input{Kind: sandbox.Start, Event: entry, Op: u.history.Ops, Value: data}
	for _, c := range f.callsOf(u) {
		c.carried = nil
	}
	for _, o := range u.pending() {
		class, goesOn := o.goesOn()
		if !goesOn {
			o.drop()
			continue
		}
		start.Standing = append(start.Standing, sandbox.Standing{N: o.n, Hash: o.hash, What: o.name(), Class: class})
		if o.c != nil && class != "" {
			o.c.carried = append(o.c.carried, carried{o.n, class})
		}
	}
	f.cutHistory(u)
	u.history.Seed = nextSeed(u.history.Seed)
	u.warned = 0
	f.showAnew(u)
	f.emit(Open{App: u.app, Version: u.version, Unit: u.id, Kind: u.kind, Seed: u.history.Seed})
	f.deliver(u, start)
}

// goesOn says whether an operation outlives the instance that began it, and the class of
// its object.
func (o *operation) goesOn() (class string, yes bool) {
	switch o.verb.(type) {
	case *play, *roomPlay:
		return "Playback", true
	case *record, *roomRecord:
		return "Recording", true
	case *bridging:
		return "", true
	}
	return "", false
}

// nextSeed is another seed that follows from the first: an instance must not draw the
// secrets of the one before again (the step of SplitMix64).
func nextSeed(seed uint64) uint64 {
	seed += 0x9e3779b97f4a7c15
	seed = (seed ^ seed>>30) * 0xbf58476d1ce4e5b9
	seed = (seed ^ seed>>27) * 0x94d049bb133111eb
	return seed ^ seed>>31
}

func (f *Flows) callsOf(u *unit) []*callState {
	return append([]*callState{u.call}, u.legs...)
}

// showAnew forgets the objects that a new instance cannot come by, and has it told of
// the others.
func (f *Flows) showAnew(u *unit) {
	u.shown = slices.DeleteFunc(u.shown, func(s shown) bool {
		switch of := s.of.(type) {
		case *callState:
			return of != u.call && of.ended
		case *seat:
			return of.c.seat != of
		case *room:
			if slices.ContainsFunc(f.callsOf(u), func(c *callState) bool { return c.seat != nil && c.seat.room == of }) {
				return false
			}
			of.units = slices.DeleteFunc(of.units, func(x *unit) bool { return x == u })
			f.forgetRoom(of)
			return true
		}
		return false
	})
	for i := range u.shown {
		u.shown[i].rev = 0
	}
}

// carriedOf are the objects of a class that went over a checkpoint and go on.
func (c *callState) carriedOf(class string) []handed {
	list := []handed{}
	for _, k := range c.carried {
		if k.Class == class {
			list = append(list, handed{Handle: fmt.Sprintf("op:%d", k.N), Class: class})
		}
	}
	return list
}

// uncarry is told that an operation has ended.
func (c *callState) uncarry(n uint32) {
	if len(c.carried) == 0 {
		return
	}
	was := len(c.carried)
	c.carried = slices.DeleteFunc(c.carried, func(k carried) bool { return k.N == n })
	if len(c.carried) != was {
		c.rev++
	}
}

// diverged gives a call whose history does not fit its code to the app's onDiverged.
// An app that exports none has the call ended (settle).
func (f *Flows) diverged(u *unit, e *sandbox.ScriptError) {
	f.note(u, "error", scriptText(e), scriptLine(e))
	u.strayed = true
	f.renew(u, onDiverged, encode(map[string]string{"message": e.Message, "at": scriptLine(e), "awaited": u.await}))
}

// historyWarnings are the lengths of a history at which its author is told.
var historyWarnings = []int{1_000, 5_000, 20_000}

// warnOfHistory tells of a call's history that grows long, once at each length.
func (f *Flows) warnOfHistory(u *unit, n int) {
	for _, at := range historyWarnings {
		if n < at || u.warned >= at {
			continue
		}
		u.warned = at
		f.note(u, "warn", fmt.Sprintf("the history of this call's flow has %d inputs: a rebuild takes as many steps, and at %d the call ends; "+
			"cut it with call.checkpoint(data)", n, maxHistory), u.await)
	}
}
