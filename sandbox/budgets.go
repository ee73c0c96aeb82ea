package sandbox

import "fmt"

// Budgets are what one unit may have, and an isolate. A zero is the default. What exceeds
// one that has a name in app.yaml is told to the script as Busy, with that name as its
// property `budget`.
type Budgets struct {
	Operations int // pending at a time; 10000
	Rate       int // operations begun in one second of the unit's time; 10000
	Timers     int // running at a time; 1000
	Fetches    int // under way; 100
	Callbacks  int // functions given to operations; 10000
	Listeners  int // for events of all its objects; 10000
	LogLines   int // an activation; 100
	LogRate    int // lines a second of the unit's time; 200
	// Growth is how many bytes the process may grow by while one activation runs: what
	// exceeds it is taken for a bomb, and its isolate is thrown away; 256 MiB. Memory that
	// is kept from activation to activation is bounded by process isolation alone.
	Growth int64
}

func (b *Budgets) fill() {
	or := func(n *int, otherwise int) {
		if *n <= 0 {
			*n = otherwise
		}
	}
	or(&b.Operations, maxPending)
	or(&b.Rate, maxBegun)
	or(&b.Timers, maxTimers)
	or(&b.Fetches, maxFetches)
	or(&b.Callbacks, maxCallbacks)
	or(&b.Listeners, maxListeners)
	or(&b.LogLines, maxLogs)
	or(&b.LogRate, maxRate)
	if b.Growth <= 0 {
		b.Growth = maxGrowth
	}
}

// RaiseBudget says which line lets an app have more: name is the budget's in app.yaml,
// in its block if it stands in one ("app.fetches"), most what it is now.
func RaiseBudget(file, name string, most int) string {
	if file == "" {
		file = "app.yaml"
	}
	line, inner := "budgets: {%s: %d}", name
	if len(name) > 4 && name[:4] == "app." {
		line, inner = "budgets: {app: {%s: %d}}", name[4:]
	}
	return fmt.Sprintf("the budget %s is %d; a line such as `"+line+"` in %s raises it", name, most, inner, 2*most, file)
}

// exceeded throws what a script gets when a budget is used up.
func (u *unit) exceeded(budget string, most int, format string, args ...any) {
	r := u.r
	props := r.rt.NewObject()
	_ = props.Set("budget", budget)
	text := fmt.Sprintf(format, args...) + ": " + RaiseBudget(r.manifest, budget, most)
	v, err := r.makeError(nil, r.rt.ToValue("Busy"), r.rt.ToValue(text), props)
	if err != nil {
		panic(err)
	}
	panic(v)
}

// mayBegin throws when an operation may not be begun.
func (u *unit) mayBegin(label string) {
	u.refuseLook(label)
	if most := u.r.limits.Operations; len(u.pending) >= most {
		u.exceeded("promises", most, "%s: %d operations are under way", label, most)
	}
	u.pace(label)
}

// pace counts an operation against its unit's rate. The unit's time is the inputs', so a
// replay counts the same.
func (u *unit) pace(label string) {
	if at := u.now.Unix(); at != u.paced.at {
		u.paced.at, u.paced.begun = at, 0
	}
	if most := u.r.limits.Rate; u.paced.begun >= most {
		u.exceeded("operationsPerSecond", most, "%s: %d operations were begun within a second", label, most)
	}
	u.paced.begun++
}

// fetches says whether an operation counts as a request of the web.
func (m *method) fetches() bool { return m != nil && m.Name == "fetch" && m.class == "" }

// fetchMore checks that one more request may be under way.
func (u *unit) fetchMore() {
	if most := u.r.limits.Fetches; u.fetching >= most {
		u.exceeded("fetches", most, "fetch: %d are under way", most)
	}
}

// listenMore checks that one more listener may be kept.
func (h *handle) listenMore(event string) {
	if most := h.u.r.limits.Listeners; h.u.listening >= most {
		h.u.exceeded("listeners", most, "%s: no listener for %q, there are %d for all events", h.class.label, event, most)
	}
}
