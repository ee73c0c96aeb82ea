package flow

import (
	"slices"
	"time"

	"github.com/callwright/callwright/engine/call"
	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/media/sdp"
)

// order is the leg: it always does as told.
func (w *world) order(in call.Input) {
	switch in := in.(type) {
	case call.Accept:
		w.after(time.Millisecond, func() { w.mediaUp(in.Leg) })
	case call.Progress:
		w.after(time.Millisecond, func() { w.mediaUp(in.Leg) })
	case call.Hangup:
		w.after(time.Millisecond, func() { w.end(in.Leg, in.Cause) })
	case call.Request: // and the peer of a REFER has gone where it was sent
		w.after(time.Millisecond, func() {
			w.step(Replied{ID: in.ID, Msg: &call.Message{Status: 200, Reason: "OK"}})
			w.step(Notified{Call: in.Leg, Event: "refer", Body: "SIP/2.0 200 OK\r\n"})
		})
	case call.Reject:
		c := call.Cause{Name: "rejected", SIP: in.Status, By: "script"}
		w.after(time.Millisecond, func() { w.end(in.Leg, c) })
	}
}

func (w *world) mediaUp(id string) {
	w.step(Agreed{Call: id, Media: sdp.Agreement{Codec: sdp.Codec{Name: "PCMU", Rate: 8000}, Send: true, Receive: true}})
	w.step(MediaUp{Call: id, SBC: "sbc-1"})
}

func (w *world) end(id string, c call.Cause) {
	w.step(Ended{Call: id, Cause: c})
	w.endJobs(func(j *job) bool { return j.call == id })
}

func (w *world) endJobs(which func(*job) bool) {
	for _, op := range sortedJobs(w.jobs) {
		if which(w.jobs[op]) {
			w.done(op, "gone")
		}
	}
}

func sortedJobs(m map[string]*job) []string {
	ops := make([]string, 0, len(m))
	for op := range m {
		ops = append(ops, op)
	}
	slices.Sort(ops)
	return ops
}

// obey is the workers: sources last as long as they say, files two seconds.
func (w *world) obey(id string, c *control.Command) {
	switch {
	case c.GetPlay() != nil:
		p := c.GetPlay()
		j := w.begin(p.GetOp(), id)
		j.room = p.GetRoom()
		if d := lasts(p); d >= 0 {
			w.after(d, func() { w.finished(p.GetOp(), j, "finished") })
		}
	case c.GetRecord() != nil:
		j := w.begin(c.GetRecord().GetOp(), id)
		j.record = true
		if ms := c.GetRecord().GetMaxMs(); ms > 0 {
			w.after(time.Duration(ms)*time.Millisecond, func() { w.finished(c.GetRecord().GetOp(), j, "limit") })
		}
	case c.GetEcho() != nil:
		w.begin(c.GetEcho().GetOp(), id).echo = true
	case c.GetStop() != nil:
		if j := w.jobs[c.GetStop().GetOp()]; j != nil {
			w.after(0, func() { w.finished(c.GetStop().GetOp(), j, "stopped") })
		}
	}
}

func (w *world) begin(op, id string) *job {
	if j := w.jobs[op]; j != nil {
		return j // asked again: it goes on
	}
	j := &job{call: id, begun: w.now}
	w.jobs[op] = j
	return j
}

func (w *world) finished(op string, j *job, reason string) {
	if w.jobs[op] == j {
		w.done(op, reason)
	}
}

func (w *world) done(op, reason string) {
	j := w.jobs[op]
	delete(w.jobs, op)
	ms := uint64(w.now.Sub(j.begun).Milliseconds())
	d := &control.Done{Op: op, Reason: reason, Ms: ms}
	if j.echo {
		d.HeardMs = ms
	}
	w.step(Worked{&control.Event{Body: &control.Event_Done{Done: d}}})
}

func lasts(p *control.Play) time.Duration {
	total := time.Duration(0)
	for _, s := range p.GetSources() {
		switch {
		case s.GetFile() != nil:
			total += 2 * time.Second
		case s.GetTone() != nil:
			once := 0
			for _, seg := range s.GetTone().GetSegments() {
				if seg.GetMs() == 0 {
					return -1
				}
				once += int(seg.GetMs())
			}
			total += time.Duration(once*max(1, int(s.GetTone().GetRepeats()))) * time.Millisecond
		default:
			total += time.Duration(s.GetSilenceMs()) * time.Millisecond
		}
	}
	if p.GetLoops() == forEver {
		return -1
	}
	return total * time.Duration(max(1, p.GetLoops()))
}

// callee is what becomes of a call that a flow places: it rings after a second, and
// after a while it is answered, or refused.
type callee struct {
	answers time.Duration // from the INVITE; 0: never
	status  int           // refuses with it, then
	early   bool          // has audio from the first ring on
	talks   time.Duration // hangs up so long after its answer; 0: never
}

// callee plays a phone that is called. Without another word it answers after three
// seconds and talks for ten.
func (w *world) callee(d call.Dial) {
	p := callee{answers: 3 * time.Second, talks: 10 * time.Second}
	if w.callees != nil {
		p = w.callees(d.URI)
	}
	up := func() bool { return w.f.calls[d.Leg] != nil && !w.f.calls[d.Leg].ending }
	when := func(after time.Duration, do func()) {
		w.after(after, func() {
			if up() {
				do()
			}
		})
	}
	if p.status == 0 || p.answers > time.Second {
		when(time.Second, func() {
			w.step(Ringing{Call: d.Leg, Status: 180})
			if p.early {
				w.mediaUp(d.Leg)
			}
		})
	}
	switch {
	case p.answers == 0:
	case p.status != 0:
		when(p.answers, func() { w.end(d.Leg, call.CauseByStatus(p.status)) })
	default:
		when(p.answers, func() {
			w.step(Answered{Call: d.Leg, CallID: d.Leg})
			if !p.early {
				w.mediaUp(d.Leg)
			}
		})
		if p.talks > 0 {
			when(p.answers+p.talks, func() { w.end(d.Leg, causeNamed("normal")) })
		}
	}
}
