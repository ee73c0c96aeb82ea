package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/dop251/goja"
)

// isolate owns one realm on one goroutine, and the units in it. Its inbox is a queue
// without bound: whoever posts never waits; how much may be under way is the engine's
// to say.
type isolate struct {
	g *Generation
	r *realm
	w *watch

	mu    sync.Mutex
	wake  sync.Cond
	inbox []message
	shut  bool

	units map[string]*unit
	count int // units placed here; guarded by Generation.mu
}

// message is what an isolate is asked to do, in order.
type message struct {
	open  *opening
	act   *Activation
	close string
}

type opening struct {
	unit    string
	kind    UnitKind
	seed    uint64
	history []Input
	ops     uint32
}

func (g *Generation) newIsolate() (*isolate, error) {
	i := &isolate{g: g, units: map[string]*unit{}, w: &watch{budget: g.opts.Budget}}
	i.wake.L = &i.mu
	i.r = g.opts.Warm.take(g.opts.Store)
	if i.r == nil {
		var err error
		if i.r, err = newRealm(g.prelude, g.faces, g.opts.Store); err != nil {
			return nil, err
		}
	}
	i.r.trace, i.r.only = g.opts.Trace, g.opts.StateOnly
	i.r.manifest = g.opts.Manifest
	i.r.limits, i.w.growth = g.opts.Budgets, g.opts.Budgets.Growth
	return i, i.r.adopt(g.program, i.w)
}

func (i *isolate) post(m message) {
	i.mu.Lock()
	i.inbox = append(i.inbox, m)
	i.mu.Unlock()
	i.wake.Signal()
}

// stop ends the goroutine once the inbox is empty.
func (i *isolate) stop() {
	i.mu.Lock()
	i.shut = true
	i.mu.Unlock()
	i.wake.Signal()
}

// run is the isolate's goroutine. It ends when stopped, or when the realm is lost.
func (i *isolate) run() {
	defer i.g.running.Done()
	var batch []message
	for {
		i.mu.Lock()
		for len(i.inbox) == 0 && !i.shut {
			i.wake.Wait()
		}
		batch, i.inbox = i.inbox, batch[:0]
		shut := i.shut
		i.mu.Unlock()
		if len(batch) == 0 && shut {
			return
		}
		for n := range batch {
			i.handle(batch[n])
			if i.r.fatal != nil {
				i.g.lose(i, batch[n+1:])
				return
			}
		}
		clear(batch)
	}
}

func (i *isolate) handle(m message) {
	switch {
	case m.open != nil:
		i.open(m.open)
	case m.act != nil:
		i.activate(m.act)
	default:
		delete(i.units, m.close)
	}
}

// open makes a unit. A new one has nothing to tell; a rebuilt one tells how it stands.
func (i *isolate) open(o *opening) {
	u := newUnit(o.unit, o.kind, o.seed, i.r)
	i.units[o.unit] = u
	if o.history == nil {
		return
	}
	res := Result{Unit: o.unit}
	i.within(u, &res, 0, func() { u.rebuild(o.history, o.ops) })
	if i.r.fatal != nil {
		return
	}
	for _, key := range u.heard() {
		res.Listens = append(res.Listens, Listen{Object: key.object, Event: key.event, On: true})
	}
	res.Vars = nil
	if u.diverged != nil {
		res.Settled, res.Error, res.Ops = true, u.diverged, nil
		delete(i.units, o.unit)
		i.g.gone(o.unit, i)
	}
	i.g.deliver(res)
}

// activate applies the inputs of one activation and delivers its result.
func (i *isolate) activate(a *Activation) {
	u := i.units[a.Unit]
	if u == nil {
		i.g.deliver(Result{Unit: a.Unit, Turn: a.Turn, Lost: true})
		return
	}
	res := Result{Unit: a.Unit, Turn: a.Turn}
	u.turn = a.Turn
	i.within(u, &res, a.Turn, func() {
		u.now = a.Now
		u.setFields(a.Fields)
		for n := range a.Inputs {
			u.apply(&a.Inputs[n])
			if u.r.fatal != nil {
				return
			}
			if len(u.reads) > 0 {
				if res.Reads == nil {
					res.Reads = make([]json.RawMessage, len(a.Inputs))
				}
				res.Reads[n] = json.RawMessage("[" + string(u.reads) + "]")
				u.reads = nil
			}
		}
		res.Vars = u.varsChanged()
	})
	if i.r.fatal == nil {
		i.g.deliver(res)
	}
}

// within runs f as the unit, inside its budget, and closes the books: state is kept or
// undone, the result filled in. When the realm was lost, the unit's result is
// delivered here as interrupted.
func (i *isolate) within(u *unit, res *Result, turn uint64, f func()) {
	was := u.settled
	i.r.cur, u.out = u, res
	i.r.tell(u.name, "")
	i.w.start()
	f()
	ran, fired := i.w.stop()
	i.r.tell("", "")
	if fired && i.r.fatal == nil {
		i.r.fatal = errBudget // it ended by itself, just too late
	}
	i.r.endState(u.name, turn, i.r.fatal == nil && !u.probe)
	res.CPU = ran
	if i.r.fatal != nil {
		*res = Result{Unit: u.name, Turn: turn, CPU: ran, Logs: res.Logs, Settled: true, Interrupted: true, Error: i.r.stopped(u, i.w.budget)}
		delete(i.units, u.name)
		if !u.probe {
			i.g.gone(u.name, i)
			i.g.deliver(*res)
		}
		u.out = nil
		return
	}
	res.Listens = u.listensChanged()
	res.Settled = u.settled
	if u.settled && (!was || turn == 0) {
		res.Error = u.failed
	}
	res.Await = u.await()
	i.r.cur, u.out = nil, nil
}

// stopped is the error of a unit that cost the realm.
func (r *realm) stopped(u *unit, budget time.Duration) *ScriptError {
	e := &ScriptError{App: r.program.App, Name: "Budget", Message: "ran longer than " + budget.String() + " without waiting"}
	var frames []goja.StackFrame
	var in *goja.InterruptedError
	var so *goja.StackOverflowError
	switch {
	case errors.As(r.fatal, &in):
		frames = in.Stack()
	case errors.As(r.fatal, &so):
		e.Name, e.Message = "RangeError", "maximum call stack size exceeded"
		frames = so.Stack()
	case !errors.Is(r.fatal, errBudget):
		e.Name, e.Message = "InternalError", r.fatal.Error()
	}
	if errors.Is(r.fatal, errHeap) {
		e.Message = fmt.Sprintf("took more than %d bytes of memory without waiting", r.limits.Growth)
	}
	lines, first := r.program.stack(framesText(frames[:min(len(frames), 50)]))
	e.Stack = lines
	if first != nil {
		e.place(r.program, first[0], first[1], first[2])
	}
	return e
}

// apply lets one input happen; jobs have run dry when it returns.
func (u *unit) apply(in *Input) {
	if in.At != 0 {
		u.now = time.UnixMilli(in.At)
	}
	u.setFields(in.Fields)
	switch in.Kind {
	case Start:
		u.start(in)
	case Completed:
		u.complete(in)
	case Occurred:
		u.occur(in)
	case Called:
		u.ask(in)
	case Evaluate:
		u.evaluate(in)
	case Stands:
		u.checkStanding(in)
	}
	if u.r.fatal != nil {
		return
	}
	u.checkFlow()
	u.sweep()
}

// heard lists what the unit listens for, in a fixed order.
func (u *unit) heard() []listenKey {
	keys := make([]listenKey, 0, len(u.listens))
	for k := range u.listens {
		keys = append(keys, k)
	}
	sortKeys(keys)
	return keys
}
