package flow

import (
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/callwright/callwright/sandbox"
)

const shortestPeriod = 100 * time.Millisecond

// ranRecord is what is kept of a schedule, so that it goes on after a restart. It is
// on disk before the function runs: a run cut off by a crash is not made twice.
type ranRecord struct {
	Last int64 `json:"last,omitempty"` // Unix ms; of every: the instant its period counts from
	Done bool  `json:"done,omitempty"` // of at
}

// schedule is what every and at share: a name that is the same at each start, and one
// run at a time.
type schedule struct {
	name    string
	due     time.Time
	running bool
	ran     int
	skipped int
}

// scheduleName counts registrations of a kind in the order a run makes them.
func (u *unit) scheduleName(what string) string {
	if u.schedules == nil {
		u.schedules = map[string]int{}
	}
	u.schedules[what]++
	return fmt.Sprintf("%s/%s#%d", u.app, what, u.schedules[what])
}

// ownRun refuses what only an app's own run may do.
func (o *operation) ownRun() bool {
	if o.u.kind == sandbox.AppUnit {
		return true
	}
	o.fail(badOption(o.name() + " belongs to the app's own run: call it at the top level of the module"))
	return false
}

func (s *schedule) record(o *operation) (r ranRecord, ok bool) {
	raw, ok := o.f.cfg.Keep.Get(o.f.now, bucketSchedule, s.name)
	return r, ok && json.Unmarshal(raw, &r) == nil
}

// note keeps what became of the schedule, for as long as it may be asked for.
func (s *schedule) note(o *operation, r ranRecord, life time.Duration) {
	if err := o.f.cfg.Keep.Put(o.f.now, bucketSchedule, s.name, encode(r), life); err != nil {
		o.note("error", err.Error())
	}
}

// wait arms the timer; beyond its longest time it is armed again then.
func (s *schedule) wait(o *operation) {
	o.arm("due", min(max(0, s.due.Sub(o.f.now)), longest))
}

// run asks the function once the record of it is on disk.
func (s *schedule) run(o *operation) {
	s.running = true
	o.f.emit(Commit{Unit: o.u.id, Op: o.n})
}

func (s *schedule) ask(o *operation, raw json.RawMessage, why string) {
	if why != "" {
		o.note("error", "it runs, but that is not known to be on disk: "+why)
	}
	fn, _ := function(raw)
	o.ask(fn, map[string]any{"due": s.due.UnixMilli(), "ran": s.ran, "skipped": s.skipped})
}

// every is app.every(): a function run each period, also across restarts.
type every struct {
	Period millis          `json:"period"`
	Fn     json.RawMessage `json:"fn"`
	schedule
}

func (v *every) begin(o *operation) {
	if !o.ownRun() {
		return
	}
	if v.period() < shortestPeriod {
		o.fail(badOption(fmt.Sprintf("app.every: a period of %v is too short; at least %v", v.period(), shortestPeriod)))
		return
	}
	v.name = o.u.scheduleName(fmt.Sprintf("every/%d", v.Period.ms()))
	r, ok := v.record(o)
	if !ok {
		r.Last = o.f.now.UnixMilli()
		v.note(o, r, v.life())
	}
	v.due = time.UnixMilli(r.Last).Add(v.period())
	v.wait(o)
}

func (v *every) period() time.Duration { return v.Period.duration() }

func (v *every) life() time.Duration { return 10*v.period() + 7*24*time.Hour }

func (v *every) step(o *operation, e event) {
	switch e := e.(type) {
	case timer:
		if o.f.now.Before(v.due) {
			v.wait(o)
			return
		}
		v.fire(o)
	case committed:
		v.ask(o, v.Fn, e.why)
	case answered: // what it threw is in the log
		v.running = false
		v.ran++
	case steer:
		o.complete(map[string]any{"ran": v.ran, "skipped": v.skipped, "reason": "canceled"})
	}
}

// fire runs what is due. Periods that nobody was there for are made up for by one run.
func (v *every) fire(o *operation) {
	if late := o.f.now.Sub(v.due); late >= v.period() {
		v.due = v.due.Add(late.Truncate(v.period()))
	}
	if v.running {
		v.skipped++
		if v.skipped == 1 {
			o.note("warn", "skipped, for the run before has not ended")
		}
	} else {
		v.note(o, ranRecord{Last: v.due.UnixMilli()}, v.life())
		v.run(o)
	}
	v.due = v.due.Add(v.period())
	v.wait(o)
}

// once is app.at(): a function run once, at an instant or as soon after it as there is
// a brain.
type once struct {
	Date json.RawMessage `json:"date"`
	Fn   json.RawMessage `json:"fn"`
	schedule
}

const doneLife = 30 * 24 * time.Hour

func (v *once) begin(o *operation) {
	if !o.ownRun() {
		return
	}
	at, ok := readDate(v.Date)
	if !ok {
		o.fail(badOption(fmt.Sprintf("app.at: %.60s is no date; give a Date, its number, or a text such as '2030-01-31T08:00:00Z'", v.Date)))
		return
	}
	v.due = at
	v.name = o.u.scheduleName(fmt.Sprintf("at/%d", at.UnixMilli()))
	r, _ := v.record(o)
	v.note(o, r, max(0, v.due.Sub(o.f.now))+doneLife)
	if r.Done {
		o.complete(map[string]any{"ran": false, "reason": "done"})
		return
	}
	v.wait(o)
}

func (v *once) step(o *operation, e event) {
	switch e := e.(type) {
	case timer:
		if o.f.now.Before(v.due) {
			v.wait(o)
			return
		}
		v.note(o, ranRecord{Done: true, Last: o.f.now.UnixMilli()}, doneLife)
		v.run(o)
	case committed:
		v.ask(o, v.Fn, e.why)
	case answered:
		o.complete(map[string]any{"ran": true, "reason": "due"})
	case steer:
		if !v.running {
			v.note(o, ranRecord{Done: true}, max(0, v.due.Sub(o.f.now))+doneLife)
			o.complete(map[string]any{"ran": false, "reason": "canceled"})
		}
	}
}

// readDate reads a number of Unix ms or an ISO 8601 text, as a Date travels.
func readDate(raw json.RawMessage) (time.Time, bool) {
	var ms float64
	if json.Unmarshal(raw, &ms) == nil && string(raw) != "null" {
		return time.UnixMilli(int64(ms)), math.Abs(ms) < 8.64e15 // ECMA-262 §21.4.1.1
	}
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return time.Time{}, false
	}
	at, err := time.Parse(time.RFC3339, text)
	return at, err == nil
}
