package flow

import (
	"fmt"

	"github.com/callwright/callwright/sandbox"
)

// reopened is told of a unit outside of an activation: that its isolate is gone, or
// how it stands after a replay. A loss while an activation is out is told once more,
// with its turn.
func (f *Flows) reopened(u *unit, r sandbox.Result) {
	switch {
	case r.Lost:
		if !u.busy {
			f.lost(u)
		}
	case r.Error != nil && r.Error.Name == "Diverged" && u.kind == sandbox.CallUnit && !u.strayed:
		f.diverged(u, r.Error)
	case r.Error != nil && r.Error.Name == "Diverged" || r.Interrupted:
		f.astray(u, scriptText(r.Error), scriptLine(r.Error))
	}
}

// astray ends a unit that cannot be rebuilt; an app's own is begun anew.
func (f *Flows) astray(u *unit, text, line string) {
	if u.kind == sandbox.AppUnit && u.losses < maxLosses {
		u.losses++
		f.note(u, "error", text, line)
		f.startAnew(u)
		return
	}
	f.stop(u, causeNamed("budget"), text, line)
}

// lost opens the unit anew by replay, then repeats what was under way: its isolate
// went down with another unit.
func (f *Flows) lost(u *unit) {
	if u.losses++; u.losses > maxLosses {
		f.stop(u, causeNamed("budget"), fmt.Sprintf("the run could not be rebuilt in %d tries", maxLosses), u.await)
		return
	}
	if u.cut {
		f.startAnew(u)
		return
	}
	f.reopen(u)
	if u.busy {
		f.emit(Activate{App: u.app, Version: u.version, Activation: u.current})
	}
}

// startAnew runs an app's own unit from the top, for its journal was cut.
func (f *Flows) startAnew(u *unit) {
	for _, o := range u.pending() {
		o.drop()
	}
	clear(u.schedules)
	f.refuseAskers(u, "its run began anew before it answered")
	f.cutHistory(u)
	u.history.Ops = 0
	f.note(u, "warn", "the app's own run begins anew", "")
	f.emit(Open{App: u.app, Version: u.version, Unit: u.id, Kind: u.kind, Seed: u.history.Seed})
	f.deliver(u, sandbox.Input{Kind: sandbox.Start})
}

// cutHistory forgets what an instance has seen and asked: another takes its place.
func (f *Flows) cutHistory(u *unit) {
	clear(u.asked)
	clear(u.askedOf)
	f.leaveBus(u)
	clear(u.listens)
	if u.busy {
		u.history.Turn = u.current.Turn // what still comes back of it is of no use
	}
	u.history.Inputs, u.cut, u.busy, u.settled = nil, false, false, false
	u.history.Cuts++
	u.queue, u.current = nil, sandbox.Activation{}
}

// boundHistory stops what would grow for ever. A call's flow that long is an error.
// An app's own run goes on without a journal: what it must keep is in state.
func (f *Flows) boundHistory(u *unit) {
	n := len(u.history.Inputs)
	if u.kind == sandbox.CallUnit {
		f.warnOfHistory(u, n)
	}
	switch {
	case u.kind == sandbox.AppUnit && n > maxAppHistory:
		u.history.Inputs, u.cut = nil, true
	case u.kind == sandbox.CallUnit && n > maxHistory && !u.settled:
		f.stop(u, causeNamed("budget"), fmt.Sprintf("the flow has taken more than %d inputs", maxHistory), u.await)
	}
}

// clone shares the inputs: a journal only grows, and what was written stays.
func (h History) clone() *History {
	h.Inputs = h.Inputs[:len(h.Inputs):len(h.Inputs)]
	return &h
}
