package flow

import (
	"github.com/callwright/callwright/media/control"
)

// failover is what scripts are told when another process has taken up what a dead one did.
type failover struct {
	Role  string `json:"role"`
	GapMs int64  `json:"gapMs"`
}

// failedOver tells the apps, and each call concerned that listens.
func (f *Flows) failedOver(in FailedOver) {
	told := failover{in.Role, in.Gap.Milliseconds()}
	f.tellApps("failover", told)
	if in.Calls != nil {
		for _, id := range in.Calls {
			f.withCall(id, func(c *callState) {
				if !c.ended {
					f.occur(c.u, c.handle, "failover", told)
				}
			})
		}
		return
	}
	for _, u := range f.units {
		if u.call != nil && !u.call.ended {
			f.occur(u, u.call.handle, "failover", told)
		}
	}
}

// VersionOf says which app and version a unit runs.
func (f *Flows) VersionOf(unit string) (app, version string) {
	if u := f.units[unit]; u != nil {
		return u.app, u.version
	}
	return "", ""
}

// Unthaw leaves a unit out of a recovery after all.
func (f *Flows) Unthaw(id string) {
	u := f.units[id]
	if u == nil {
		return
	}
	for _, leg := range f.Legs(id) {
		delete(f.calls, leg)
	}
	delete(f.units, id)
	delete(f.thawing.come, any(u))
	for i, x := range f.thawing.units {
		if x == u {
			f.thawing.units = append(f.thawing.units[:i:i], f.thawing.units[i+1:]...)
			return
		}
	}
}

// UnitOfEvent names the unit, or the call, that a worker's event is about; "": none.
func UnitOfEvent(e *control.Event) string {
	switch b := e.GetBody().(type) {
	case *control.Event_Digit:
		return b.Digit.GetStream()
	case *control.Event_Talk:
		return b.Talk.GetMember()
	case *control.Event_Done:
		unit, _, _ := splitWorkerOp(b.Done.GetOp())
		return unit
	case *control.Event_Fault:
		if unit, _, ok := splitWorkerOp(b.Fault.GetSubject()); ok {
			return unit
		}
	}
	return ""
}
