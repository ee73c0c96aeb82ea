package flow

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/callwright/callwright/engine/call"
	"github.com/callwright/callwright/engine/fetch"
	"github.com/callwright/callwright/engine/file"
	"github.com/callwright/callwright/engine/ws"
	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/sandbox"
)

// world runs scripts in real isolates under Flows, with legs, workers and callers
// that are played here, in virtual time: the clock only moves when no script runs.
type world struct {
	t       *testing.T
	f       *Flows
	now     time.Time
	gens    map[string]*sandbox.Generation
	results chan sandbox.Result
	owed    int // results the sandbox will still deliver
	timers  map[TimerID]time.Time
	agenda  []entry
	seq     int
	jobs    map[string]*job
	trace   []string // what left the flows, but for what goes to isolates
	logs    []string
	over    map[string]bool
	replies map[string]Reply
	state   *sandbox.State
	changes chan sandbox.Change
	web     func(fetch.Request) fetch.Result // answers fetches
	rolls   func(Rollback) RolledBack
	noted   func(Note)
	wires   func(Connect, ws.Ask) []ws.Event // answers sockets; an Ask of nothing: opening
	opened  map[uint32]Connect
	reach   func(file.Request) file.Result

	activations int
	loseAt      int // the activation whose isolate is lost; 0: none
	callees     func(uri string) callee
	mayDiverge  bool
	adoptions   []Action
}

type entry struct {
	at  time.Time
	seq int
	do  func()
}

// job is what a worker is doing.
type job struct {
	call, room string
	begun      time.Time
	record     bool
	echo       bool
}

// newWorld loads the apps of those names, or all. Their budget is so wide that a busy
// machine does not exhaust it.
func newWorld(t *testing.T, dir string, names ...string) *world {
	t.Helper()
	return worldWith(t, dir, 10*time.Second, names...)
}

func worldWith(t *testing.T, dir string, budget time.Duration, names ...string) *world {
	t.Helper()
	w := (&world{t: t, gens: map[string]*sandbox.Generation{}, results: make(chan sandbox.Result, 1000)}).again()
	apps, err := sandbox.Apps(dir)
	if err != nil {
		t.Fatal(err)
	}
	w.state = sandbox.NewState(nil)
	w.state.OnChange(func(c sandbox.Change) { w.changes <- c })
	for _, a := range apps {
		if len(names) > 0 && !slices.Contains(names, a.Name) {
			continue
		}
		g, err := sandbox.Load(a, sandbox.Options{Faces: Faces(), State: w.state, Isolates: 1, Budget: budget,
			Deliver: func(r sandbox.Result) { w.results <- r }})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(g.Stop)
		w.gens[a.Name] = g
	}
	return w
}

// again is a new world with the same scripts, which cost the most to make.
func (w *world) again() *world {
	changes := make(chan sandbox.Change, 1000)
	if w.state != nil {
		w.state.OnChange(func(c sandbox.Change) { changes <- c })
	}
	return &world{t: w.t, state: w.state, changes: changes, f: NewFlows(Config{}), now: time.UnixMilli(1_800_000_000_000), gens: w.gens, results: w.results,
		timers: map[TimerID]time.Time{}, jobs: map[string]*job{}, reach: func(file.Request) file.Result { return file.Result{None: true} }, over: map[string]bool{}, replies: map[string]Reply{}}
}

// shipped is a world with one of the scripts of this repository.
func shipped(t *testing.T, app string) *world {
	t.Helper()
	return newWorld(t, filepath.Join("..", "..", "scripts"), app)
}

func (w *world) step(in Input) {
	for _, a := range w.f.Step(w.now, in) {
		w.do(a)
	}
}

func (w *world) do(a Action) {
	switch a := a.(type) {
	case Open:
		w.open(a)
		return
	case Activate:
		w.activate(a)
		return
	case Close:
		w.gen(a.App, a.Version).Close(a.Unit)
		return
	case Note:
		if w.noted != nil {
			w.noted(a)
		}
		w.logs = append(w.logs, fmt.Sprintf("%s %s %s: %s", a.Level, a.Unit, a.Line, a.Text))
		return
	case Arm:
		w.timers[a.Timer] = w.now.Add(a.After)
	case Disarm:
		delete(w.timers, a.Timer)
	case Order:
		w.order(a.Input)
	case ToMixer:
		w.obey(a.Call, a.Command)
	case ToSBC:
		w.obey(a.Call, a.Command)
	case Dial:
		w.callee(a.Order)
	case Commit:
		w.after(time.Millisecond, func() { w.step(Committed{Unit: a.Unit, Op: a.Op}) })
	case Watch:
		w.state.Watch(a.Path, a.On)
	case Fetch:
		w.after(10*time.Millisecond, func() { w.step(Fetched{a.Unit, a.Op, w.web(a.Request)}) })
	case Connect, ToSocket:
		w.wire(a)
	case Reach:
		w.after(time.Millisecond, func() { w.step(Reached{a.Unit, a.Op, w.reach(a.Request)}) })
	case Rollback:
		done := RolledBack{Unit: a.Unit, Op: a.Op, Why: "there is no version before"}
		if w.rolls != nil {
			done = w.rolls(a)
		}
		w.after(time.Millisecond, func() { w.step(done) })
	case Reply:
		w.replies[a.ID] = a
	case FreeRoom:
		w.endJobs(func(j *job) bool { return j.room == a.Room })
	case Adopted, Switch:
		w.adoptions = append(w.adoptions, a)
	case Over:
		w.over[a.Unit] = true
	}
	w.trace = append(w.trace, w.now.Format("05.000 ")+line(a))
}

func line(a Action) string {
	text := func(c *control.Command) string { return strings.ReplaceAll(c.String(), "  ", " ") }
	switch a := a.(type) {
	case ToMixer:
		return "mixer " + a.Call + a.Room + " " + text(a.Command)
	case ToSBC:
		return "sbc " + a.Call + " " + text(a.Command)
	case Order:
		return fmt.Sprintf("order %T %+v", a.Input, a.Input)
	case JoinRoom:
		return fmt.Sprintf("join %s %s muted=%v", a.Call, a.Room, a.Member.GetMuted())
	default:
		return fmt.Sprintf("%T %+v", a, a)
	}
}

// open makes the instance; a journal goes through JSON first, as it will in a parcel.
func (w *world) open(a Open) {
	if a.History == nil {
		w.gen(a.App, a.Version).Open(a.Unit, a.Kind, a.Seed, nil, 0)
		return
	}
	b, err := json.Marshal(a.History)
	if err != nil {
		w.t.Fatal(err)
	}
	var h History
	if err := json.Unmarshal(b, &h); err != nil {
		w.t.Fatal(err)
	}
	w.owed++ // it tells how it stands
	w.gen(a.App, a.Version).Open(a.Unit, a.Kind, h.Seed, append([]sandbox.Input{}, h.Inputs...), h.Ops)
}

// gen is a generation: of a second version of an app, which is kept as "app@version", or
// the first.
func (w *world) gen(app, version string) *sandbox.Generation {
	if g := w.gens[app+"@"+version]; g != nil {
		return g
	}
	return w.gens[app]
}

func (w *world) activate(a Activate) {
	w.owed++
	w.activations++
	if w.activations == w.loseAt {
		w.gen(a.App, a.Version).Close(a.Activation.Unit)
	}
	w.gen(a.App, a.Version).Activate(a.Activation)
}

// settle lets all scripts run until each waits.
func (w *world) settle() {
	w.t.Helper()
	for w.owed > 0 {
		select {
		case r := <-w.results:
			w.owed--
			if r.Turn == 0 && r.Error != nil && r.Error.Name == "Diverged" && !w.mayDiverge {
				w.t.Fatalf("%s diverged: %v", r.Unit, r.Error.Message)
			}
			w.step(Did{r})
			w.notice()
		case <-time.After(20 * time.Second):
			w.t.Fatal("a script never came back")
		}
	}
}

// notice hands on the changes of state that are watched.
func (w *world) notice() {
	for len(w.changes) > 0 {
		w.step(StateChanged{<-w.changes})
	}
}

func (w *world) after(d time.Duration, do func()) {
	w.seq++
	w.agenda = append(w.agenda, entry{w.now.Add(d), w.seq, do})
}

// run lets virtual time pass.
func (w *world) run(d time.Duration) {
	w.t.Helper()
	end := w.now.Add(d)
	w.settle()
	for {
		sort.SliceStable(w.agenda, func(i, j int) bool {
			a, b := w.agenda[i], w.agenda[j]
			return a.at.Before(b.at) || a.at.Equal(b.at) && a.seq < b.seq
		})
		id, at, timed := w.nextTimer()
		switch {
		case len(w.agenda) > 0 && !w.agenda[0].at.After(end) && (!timed || !w.agenda[0].at.After(at)):
			next := w.agenda[0]
			w.agenda = w.agenda[1:]
			w.now = next.at
			next.do()
		case timed && !at.After(end):
			delete(w.timers, id)
			w.now = at
			w.step(Fired{id})
		default:
			w.now = end
			return
		}
		w.settle()
	}
}

func (w *world) nextTimer() (id TimerID, at time.Time, ok bool) {
	for i, t := range w.timers {
		if !ok || t.Before(at) || t.Equal(at) && fmt.Sprint(i) < fmt.Sprint(id) {
			id, at, ok = i, t, true
		}
	}
	return id, at, ok
}

// caller is one phone.
type caller struct {
	w  *world
	id string
}

func (w *world) dial(id, app, number string) *caller {
	w.t.Helper()
	g := w.gens[app]
	if g == nil {
		w.t.Fatalf("no app %s", app)
	}
	w.step(NewCall{Call: id, App: app, Version: g.Version(), Seed: 42, Flow: call.Flow{Transport: "udp", Remote: "192.0.2.7:5060"},
		Msg: &call.Message{CallID: id + "@phone", URI: "sip:" + number + "@pbx", From: call.Party{URI: "sip:" + id + "@home"},
			To: call.Party{URI: "sip:" + number + "@pbx"}, Body: []byte("v=0")}})
	w.settle()
	w.run(10 * time.Millisecond)
	return &caller{w, id}
}

func (c *caller) press(keys string) {
	c.w.t.Helper()
	for _, k := range keys {
		c.w.step(Worked{&control.Event{Body: &control.Event_Digit{Digit: &control.Digit{Stream: c.id, Digit: string(k), Ms: 80}}}})
		c.w.run(100 * time.Millisecond)
	}
}

func (c *caller) hangup() {
	c.w.t.Helper()
	cause := causeNamed("normal")
	cause.By = "caller"
	c.w.end(c.id, cause)
	c.w.settle()
}

// expect wants a part of what has left the flows since the last time.
func (c *caller) expect(part string) {
	c.w.t.Helper()
	for _, l := range c.w.trace {
		if strings.Contains(l, part) {
			c.w.trace = nil
			return
		}
	}
	c.w.t.Fatalf("%s: no %q in\n%s\nlogs %q", c.id, part, strings.Join(c.w.trace, "\n"), c.w.logs)
}
