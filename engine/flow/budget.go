package flow

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/callwright/callwright/sandbox"
)

// Budgets are what all runs of an app have together, and how many events wait for one of
// them. A zero is the default. What one run alone may have is the sandbox's to count; an
// app's sum must be counted here, where its refusals are inputs of the journal.
type Budgets struct {
	Operations int // under way; 500,000
	Timers     int // running; 100,000
	Rate       int // operations begun in a second; 100,000
	Fetches    int // under way; 1,000
	LogRate    int // lines a second; 2,000
	Events     int // that wait for one busy run; 1,000
	File       string
}

func (b *Budgets) fill() {
	for _, x := range []struct {
		n         *int
		otherwise int
	}{{&b.Operations, 500_000}, {&b.Timers, 100_000}, {&b.Rate, 100_000}, {&b.Fetches, 1_000}, {&b.LogRate, 2_000}, {&b.Events, 1_000}} {
		if *x.n <= 0 {
			*x.n = x.otherwise
		}
	}
}

// appUse is what the runs of one app have at the moment.
type appUse struct {
	version string // whose budgets are most
	most    Budgets

	operations, timers, fetches int
	second                      int64 // to which begun and lines belong
	begun, lines                int
	unsaid                      int // lines left out and not told yet
	left                        [3]uint64
}

// What is left out, by the name it has among the counters.
const (
	leftLines = iota
	leftEvents
	leftOperations
)

var leftNames = [3]string{"log-lines", "events", "operations"}

// LeftOut counts what an app's runs had too much of.
type LeftOut struct {
	App, What string
	N         uint64
}

// LeftOut lists what was left out since the brain began, by app.
func (f *Flows) LeftOut() (list []LeftOut) {
	for _, app := range slices.Sorted(maps.Keys(f.uses)) {
		for i, n := range f.uses[app].left {
			if n > 0 {
				list = append(list, LeftOut{app, leftNames[i], n})
			}
		}
	}
	return list
}

// useOf finds an app's account. The budgets are those of the version that came last.
func (f *Flows) useOf(app, version string) *appUse {
	a := f.uses[app]
	if a == nil {
		a = &appUse{}
		f.uses[app] = a
	}
	if a.version != version || a.most.Operations == 0 {
		a.version, a.most = version, Budgets{}
		if f.cfg.Budgets != nil {
			a.most = f.cfg.Budgets(app, version)
		}
		a.most.fill()
	}
	return a
}

// within begins the second that f is in.
func (a *appUse) within(f *Flows) *appUse {
	if at := f.now.Unix(); at != a.second {
		a.second, a.begun, a.lines = at, 0, 0
	}
	return a
}

// count takes an operation into its app's account, or with -1 out of it.
func (o *operation) count(by int) {
	a := o.u.use
	switch {
	case o.class != "" || o.method != "setTimeout" && o.method != "fetch":
		a.operations += by
	case o.method == "fetch":
		a.operations += by
		a.fetches += by
	default:
		a.timers += by
	}
}

// unaffordable is why an operation that has just been counted cannot go on; nil: it can.
func (o *operation) unaffordable() *sandbox.HostError {
	a := o.u.use.within(o.f)
	a.begun++
	switch {
	case a.begun > a.most.Rate:
		return o.exceeds("operationsPerSecond", a.most.Rate, "operations were begun within a second")
	case a.operations > a.most.Operations:
		return o.exceeds("promises", a.most.Operations, "operations are under way")
	case a.timers > a.most.Timers:
		return o.exceeds("timers", a.most.Timers, "timers are running")
	case a.fetches > a.most.Fetches:
		return o.exceeds("fetches", a.most.Fetches, "requests are under way")
	}
	return nil
}

func (o *operation) exceeds(budget string, most int, what string) *sandbox.HostError {
	o.u.use.left[leftOperations]++
	e := busyError(fmt.Sprintf("%s: app %s has too much of it, %d %s: %s", o.name(), o.u.app, most, what, sandbox.RaiseBudget(o.u.use.most.File, "app."+budget, most)))
	e.Props = encode(map[string]string{"budget": "app." + budget})
	return e
}

// say writes a line of a script's to the log, as far as its app may.
func (f *Flows) say(u *unit, l sandbox.Log) {
	a := u.use.within(f)
	if a.lines++; a.lines > a.most.LogRate {
		if a.lines == a.most.LogRate+1 {
			f.note(u, "warn", fmt.Sprintf("app %s says more than %d log lines a second, the rest is left out: %s",
				u.app, a.most.LogRate, sandbox.RaiseBudget(a.most.File, "app.logsPerSecond", a.most.LogRate)), "")
		}
		a.unsaid++
		a.left[leftLines]++
		return
	}
	if n := a.unsaid; n > 0 {
		a.unsaid = 0
		f.note(u, "warn", fmt.Sprintf("%d log lines of app %s were left out before this one", n, u.app), "")
	}
	f.emit(Note{Unit: u.id, App: u.app, Version: u.version, Level: l.Level, Text: u.redact(l.Text), Line: l.Line, Fields: json.RawMessage(u.redact(string(l.Fields)))})
}

// flooding are events that come as often as a phone or another script likes, and of which
// one more or less decides nothing. No other is ever left out.
var flooding = map[string]bool{"dtmf": true, "talk": true, "energy": true, "floor": true, "talk-start": true, "talk-stop": true,
	"info": true, "message": true, "notify": true, "options": true, "call": true, "conference": true}

// overflows says whether an event must be left out, for a run that is busy has too many
// waiting already.
func (f *Flows) overflows(u *unit, event string) bool {
	most := u.use.most.Events
	if len(u.queue) < most || !flooding[event] && !strings.Contains(event, ":") {
		return false
	}
	if u.flooded++; u.flooded == 1 {
		f.note(u, "warn", fmt.Sprintf("%d events wait for this run, which is busy; further ones (%s) are left out: %s",
			most, event, sandbox.RaiseBudget(u.use.most.File, "events", most)), u.await)
	}
	u.use.left[leftEvents]++
	return true
}

// subsided tells how much was left out once a run has caught up.
func (f *Flows) subsided(u *unit) {
	if n := u.flooded; n > 0 && len(u.queue) == 0 {
		u.flooded = 0
		f.note(u, "warn", fmt.Sprintf("%d events were left out while the run was busy", n), u.await)
	}
}
