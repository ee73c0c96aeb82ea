package flow

import (
	"fmt"
	"strings"

	"github.com/callwright/callwright/engine/call"
	"github.com/callwright/callwright/sandbox"
)

// settle is told that the entry function has returned or thrown. A call that is
// still up does not outlive its flow.
func (f *Flows) settle(u *unit, err *sandbox.ScriptError) {
	if u.settled {
		return
	}
	if err != nil && err.Name == "Diverged" && u.strayed {
		f.stop(u, causeNamed("budget"), scriptText(err), scriptLine(err))
		return
	}
	u.settled = true
	cause, status := causeNamed("normal"), 480
	if err != nil {
		cause, status = f.threw(u, err)
	}
	if u.kind == sandbox.CallUnit { // an app's own run goes on behind its top level
		f.endCalls(u, cause, status)
	}
}

// threw logs what a flow threw. A flow that did not catch the end of its own call
// has done nothing wrong.
func (f *Flows) threw(u *unit, err *sandbox.ScriptError) (call.Cause, int) {
	if err.Name == "CallEnded" && u.call != nil && u.call.over() {
		return causeNamed("normal"), 480
	}
	f.note(u, "error", scriptText(err), scriptLine(err))
	if err.Name == "Busy" {
		return causeNamed("congested"), 503
	}
	c := causeNamed("normal")
	c.Text = "the script threw " + err.Name
	return c, 500
}

// endCalls ends all calls of a unit, its own and those it has placed.
func (f *Flows) endCalls(u *unit, cause call.Cause, status int) {
	if u.call != nil {
		f.endCall(u.call, cause, status)
	}
	for _, c := range u.legs {
		f.endCall(c, cause, status)
	}
}

// endCall ends a call however it stands, if nothing has yet.
func (f *Flows) endCall(c *callState, cause call.Cause, status int) {
	if c.over() {
		return
	}
	c.ending = true
	if c.answered() || c.dialed {
		f.emit(Order{call.Hangup{Leg: c.id, Cause: cause}})
		return
	}
	f.emit(Order{call.Reject{Leg: c.id, Status: status, Cause: cause}})
}

// interrupted deals with a unit that overran its budget. Its instance is gone. An
// app's own run is rebuilt without the input that hung it; a call's is over.
func (f *Flows) interrupted(u *unit, r sandbox.Result) {
	text, line := scriptText(r.Error), orElse(scriptLine(r.Error), u.await)
	if u.evaluates() {
		f.gaveUp(u, text)
		return
	}
	if u.kind == sandbox.AppUnit {
		f.note(u, "error", text, line)
		f.refuseCurrent(u, text)
		if len(u.history.Inputs) == 0 && !u.cut {
			u.closed = true // the top level itself
			return
		}
		u.history.Turn, u.losses = u.current.Turn, 0
		f.lost(u)
		return
	}
	f.stop(u, causeNamed("budget"), text, line)
}

// stop ends a call's unit at once, without its script.
func (f *Flows) stop(u *unit, cause call.Cause, text, line string) {
	f.note(u, "error", text, line)
	for _, o := range u.pending() {
		o.drop()
	}
	f.refuseAskers(u, text)
	u.queue, u.closed, u.settled, u.busy = nil, true, true, false
	f.endCalls(u, cause, 500)
}

// callEnded is told by the leg, once. What waits on the call gets its answer, then
// the flow may finish what it has to do.
func (f *Flows) callEnded(c *callState, cause call.Cause, contacts []string) {
	u := c.u
	if c.ended {
		return
	}
	c.end(cause, f.now)
	f.leaveRoom(c, "hangup")
	f.unbridge(c, "hangup")
	for _, o := range c.pending() {
		if o.waits {
			o.fail(c.endedError(o.name()))
			continue
		}
		o.verb.step(o, hungUp{})
	}
	f.comeTrue(u, c.handle, "ended", c.causeFields())
	if c.dialed {
		f.tellDial(c, legEvent{what: "ended", status: cause.SIP, contacts: contacts})
		f.dropLeg(c)
		return
	}
	f.emit(Arm{Timer: TimerID{Unit: u.id, Name: "end"}, After: afterEnd})
}

// finish closes a unit whose call has ended and whose flow is through.
func (f *Flows) finish(u *unit) {
	if u.call == nil || !u.call.ended || u.busy || len(u.queue) > 0 || !u.settled {
		return
	}
	f.over(u)
}

// overdue ends a flow that has not finished long after its call.
func (f *Flows) overdue(u *unit) {
	if u.call == nil || !u.call.ended {
		return
	}
	f.note(u, "warn", fmt.Sprintf("closed: the flow had not finished %v after its call; it awaited %s", afterEnd, orNothing(u.await)), u.await)
	f.over(u)
}

// over is the end of a unit: what it still has under way is stopped, told once.
func (f *Flows) over(u *unit) {
	if f.units[u.id] != u {
		return
	}
	for _, o := range u.pending() {
		o.drop()
	}
	f.refuseAskers(u, "was replaced or ended before it answered")
	f.endCalls(u, causeNamed("normal"), 480)
	for _, c := range append([]*callState{u.call}, u.legs...) {
		if c != nil {
			f.leaveRoom(c, "hangup")
			f.unbridge(c, "hangup")
			delete(f.calls, c.id)
		}
	}
	u.legs = nil
	f.letGoOfRooms(u)
	f.leaveBus(u)
	if u.call != nil {
		f.emit(Disarm{TimerID{Unit: u.id, Name: "end"}})
	}
	u.closed, u.queue = true, nil
	delete(f.units, u.id)
	f.remember(u)
	f.emit(Close{App: u.app, Version: u.version, Unit: u.id})
	f.emit(Over{Unit: u.id})
}

func orNothing(line string) string {
	if line == "" {
		return "nothing of the host's"
	}
	return line
}

// scriptText is an author's error in one line, with the text of the line it is in.
func scriptText(e *sandbox.ScriptError) string {
	if e == nil {
		return "the script ran longer than it may"
	}
	text := e.Name + ": " + e.Message
	if src := strings.TrimSpace(e.Source); src != "" {
		text += "   in: " + src
	}
	return text
}

func scriptLine(e *sandbox.ScriptError) string {
	if e == nil || e.File == "" {
		return ""
	}
	return fmt.Sprintf("%s:%d:%d", e.File, e.Line, e.Column)
}
