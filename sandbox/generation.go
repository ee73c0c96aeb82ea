package sandbox

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dop251/goja"
)

// DefaultBudget is the run time of one activation.
const DefaultBudget = 50 * time.Millisecond

// DefaultLoadBudget is generous: a busy machine must not refuse a good app.
const DefaultLoadBudget = 2 * time.Second

// Options say what a generation lives with.
type Options struct {
	Faces []Face
	State *State // nil: one of its own
	// Store is what isolates use for it; nil: State itself.
	Store Store
	// Budget is the run time of one activation; 0: DefaultBudget.
	Budget time.Duration
	// LoadBudget is the run time of the modules' top level while the app is loaded;
	// 0: DefaultLoadBudget. Calls' own instances run it within Budget.
	LoadBudget time.Duration
	// StateOnly is the one place of state that the app sees, made when it is first asked
	// for; all else is Denied. Nil: it sees all.
	StateOnly []string
	// Heap bounds the private memory of a process of its own, in bytes; 0: that
	// process's default. Isolates that share a process have no such bound.
	Heap int64
	// Budgets bound what a unit may have; see there for the defaults.
	Budgets Budgets
	// Manifest is the file whose lines raise them, for errors; "": app.yaml.
	Manifest string
	// Warm lends realms made ahead; nil: each is made when it is needed.
	Warm *Warm
	// Isolates is how many runtimes may be made at most; 0: 2. Each owns a goroutine
	// and some 500 KB.
	Isolates int
	// Trace, if set, is told on the isolate's goroutine what is about to run: a unit,
	// then the place of each operation it begins, then "" and "". It must be quick.
	Trace func(unit, place string)
	// Coverage, if set, counts the lines that run, for tests: code gets some three
	// times slower. A process of its own does not know it.
	Coverage *Coverage
	// Deliver takes what units did. It is called on isolates' goroutines, for one
	// unit in order, and must not block.
	Deliver func(Result)
}

// Generation is one version of one app, ready to run. Its methods may be called from
// any goroutine and never wait for a script.
type Generation struct {
	opts    Options
	program *Program
	prelude *goja.Program
	faces   *faceSet

	routes []Route
	flow   bool
	api    []string

	mu       sync.Mutex
	isolates []*isolate
	building bool
	units    map[string]*isolate
	retired  bool
	running  sync.WaitGroup
}

// unitsPerIsolate is how full isolates get before another is made.
const unitsPerIsolate = 64

// hint adds the nearest name to an unknown import.
func hint(err error, faces *faceSet) error {
	var e *ScriptError
	if errors.As(err, &e) {
		const before = `'callwright' has no export "`
		if rest, ok := strings.CutPrefix(e.Message, before); ok {
			e.Message += nearest(strings.TrimSuffix(rest, `"`), slices.Clone(faces.exports))
		}
	}
	return err
}

func (g *Generation) add(i *isolate) {
	g.isolates = append(g.isolates, i)
	g.running.Add(1)
	go i.run()
}

// App and Version name the generation.
func (g *Generation) App() string     { return g.program.App }
func (g *Generation) Version() string { return g.program.Version }

// Routes are the numbers and patterns the app exports.
func (g *Generation) Routes() []Route { return g.routes }

// HasFlow says whether the app exports a call flow.
func (g *Generation) HasFlow() bool { return g.flow }

// API names the functions the app exports for others.
func (g *Generation) API() []string { return g.api }

// Open makes a unit's instance. Without history (nil) it is new and tells nothing;
// with one it is brought to where that history ends, begins no operation up to number
// ops again, and delivers one Result with Turn 0 that says how it stands (Error
// "Diverged" if the code does not fit, and the unit is closed). A unit that is open
// already is made anew.
func (g *Generation) Open(unit string, kind UnitKind, seed uint64, history []Input, ops uint32) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if old := g.units[unit]; old != nil {
		old.count--
		old.post(message{close: unit})
	}
	i := g.place()
	if i == nil { // retired for good, or being stopped
		go g.deliver(Result{Unit: unit, Lost: true})
		return
	}
	g.units[unit] = i
	i.count++
	i.post(message{open: &opening{unit, kind, seed, history, ops}})
}

// place picks the isolate with the fewest units, and has another made in the
// background when all are well filled.
func (g *Generation) place() *isolate {
	var best *isolate
	for _, i := range g.isolates {
		if best == nil || i.count < best.count {
			best = i
		}
	}
	if best != nil && best.count >= unitsPerIsolate && len(g.isolates) < g.opts.Isolates && !g.building && !g.retired {
		g.building = true
		g.running.Add(1)
		go g.grow()
	}
	return best
}

func (g *Generation) grow() {
	defer g.running.Done()
	i, err := g.newIsolate()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.building = false
	if err == nil && len(g.isolates) > 0 && !g.retired {
		g.add(i)
	}
}

// Activate hands inputs to a unit. Exactly one Result with its Turn is delivered; for
// a unit that is not open, one that says Lost.
func (g *Generation) Activate(a Activation) {
	g.mu.Lock()
	defer g.mu.Unlock()
	i := g.units[a.Unit]
	if i == nil {
		// On a goroutine of its own: the caller may hold what Deliver needs.
		go g.deliver(Result{Unit: a.Unit, Turn: a.Turn, Lost: true})
		return
	}
	i.post(message{act: &a})
}

// Close forgets a unit's instance. What is under way is still delivered.
func (g *Generation) Close(unit string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	i := g.units[unit]
	if i == nil {
		return
	}
	i.post(message{close: unit})
	g.drop(unit, i)
}

// gone is Close by the isolate itself.
func (g *Generation) gone(unit string, i *isolate) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.units[unit] == i {
		g.drop(unit, i)
	}
}

func (g *Generation) drop(unit string, i *isolate) {
	delete(g.units, unit)
	i.count--
	if g.retired && len(g.units) == 0 {
		g.stopAll()
	}
}

// Retire lets the generation's isolates end when its last unit closes. Units may
// still be opened until then, by replay after a loss.
func (g *Generation) Retire() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.retired = true
	if len(g.units) == 0 {
		g.stopAll()
	}
}

// Stop ends all isolates after what is in their inboxes, and waits for them. Units
// that are open are forgotten. It must not be called from Deliver.
func (g *Generation) Stop() {
	g.mu.Lock()
	g.retired = true
	clear(g.units)
	g.stopAll()
	g.mu.Unlock()
	g.running.Wait()
}

func (g *Generation) stopAll() {
	for _, i := range g.isolates {
		i.stop()
	}
	g.isolates = nil
}

func (g *Generation) deliver(r Result) { g.opts.Deliver(r) }

// lose replaces an isolate whose realm is unusable. Units opened after the loss move
// to the new one; every other is told Lost once: with the turn of the activation that
// waits for it, or with turn 0.
func (g *Generation) lose(i *isolate, rest []message) {
	next, err := g.newIsolate()
	g.mu.Lock()
	i.mu.Lock()
	rest = append(slices.Clone(rest), i.inbox...)
	i.inbox = nil
	i.mu.Unlock()
	g.isolates = slices.DeleteFunc(g.isolates, func(x *isolate) bool { return x == i })
	if err == nil && (!g.retired || len(g.units) > 0) {
		g.add(next)
	}
	lost := g.rescue(i, rest)
	for _, unit := range sortedKeys(i.units) {
		if g.units[unit] == i {
			delete(g.units, unit)
		}
		if !slices.ContainsFunc(lost, func(r Result) bool { return r.Unit == unit }) {
			lost = append(lost, Result{Unit: unit, Lost: true})
		}
	}
	g.mu.Unlock()
	for _, r := range lost {
		g.deliver(r)
	}
}

// rescue goes through what the lost isolate had not done yet.
func (g *Generation) rescue(i *isolate, rest []message) (lost []Result) {
	for _, m := range rest {
		switch {
		case m.open != nil:
			delete(i.units, m.open.unit)
			if g.units[m.open.unit] != i {
				continue
			}
			if to := g.place(); to != nil {
				g.units[m.open.unit] = to
				to.count++
				to.post(m)
			} else {
				delete(g.units, m.open.unit)
				lost = append(lost, Result{Unit: m.open.unit, Lost: true})
			}
		case m.act != nil:
			if to := g.units[m.act.Unit]; to != nil && to != i {
				to.post(m)
			} else {
				lost = append(lost, Result{Unit: m.act.Unit, Turn: m.act.Turn, Lost: true})
			}
		default:
			delete(i.units, m.close)
			if to := g.units[m.close]; to != nil && to != i {
				to.post(m)
			}
		}
	}
	return lost
}
