package process

import (
	"sync"
	"time"

	"github.com/callwright/callwright/sandbox"
)

// Generation is one version of one app in a child process. It keeps sandbox's promises
// (see sandbox.Generation) through the child's death.
type Generation struct {
	pool    *Pool
	program *sandbox.Program
	order   order
	exports loaded
	deliver func(sandbox.Result)
	budget  time.Duration

	mu      sync.Mutex
	child   *child
	units   map[string]*resident
	deaths  []time.Time // without a guilty unit, of late
	refused *sandbox.ScriptError
	retired bool
	stopped bool
}

// resident is what is known of a unit.
type resident struct {
	c       *child // where it lives
	opening bool   // a Result with Turn 0 is due
	turn    uint64 // of the activation under way, 0 for none
	await   string // where it stood at its last result
	closed  bool   // only its last result is waited for
}

// App and Version name the generation.
func (g *Generation) App() string     { return g.program.App }
func (g *Generation) Version() string { return g.program.Version }

// Files are what it was built from; see sandbox.Generation.
func (g *Generation) Files() []string { return g.program.Files }

// Routes, HasFlow and API are what the app exports.
func (g *Generation) Routes() []sandbox.Route { return g.exports.Routes }
func (g *Generation) HasFlow() bool           { return g.exports.Flow }
func (g *Generation) API() []string           { return g.exports.API }

// Open makes a unit's instance, in the child that serves now.
func (g *Generation) Open(unit string, kind sandbox.UnitKind, seed uint64, history []sandbox.Input, ops uint32) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.refused != nil || g.child == nil {
		if history != nil { // a new unit is told by its first activation
			go g.deliver(g.refusal(unit, 0))
		}
		return
	}
	u := &resident{c: g.child, opening: history != nil}
	if old := g.units[unit]; old != nil && old.c == g.child {
		u.turn = old.turn
	}
	g.units[unit] = u
	if u.opening {
		u.c.expect()
	}
	u.c.out.put(kindOpen, &opening{Unit: unit, Kind: kind, Seed: seed, History: history, Ops: ops})
}

// refusal is what a generation without a child says.
func (g *Generation) refusal(unit string, turn uint64) sandbox.Result {
	if g.refused == nil {
		return sandbox.Result{Unit: unit, Turn: turn, Lost: true}
	}
	return sandbox.Result{Unit: unit, Turn: turn, Settled: true, Interrupted: true, Error: g.refused}
}

// Activate hands inputs to a unit. Exactly one Result with its Turn is delivered.
func (g *Generation) Activate(a sandbox.Activation) {
	g.mu.Lock()
	defer g.mu.Unlock()
	u := g.units[a.Unit]
	if u == nil || u.closed {
		// On a goroutine of its own: the caller may hold what Deliver needs.
		go g.deliver(g.refusal(a.Unit, a.Turn))
		return
	}
	u.turn = a.Turn
	u.c.expect()
	u.c.out.put(kindActivate, &a)
}

// Close forgets a unit's instance. What is under way is still delivered.
func (g *Generation) Close(unit string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	u := g.units[unit]
	if u == nil || u.closed {
		return
	}
	u.c.out.put(kindClose, &unit)
	u.c.tree.forget(unit)
	u.opening = false // what it would tell is of no use
	if u.closed = true; u.turn == 0 {
		g.drop(unit)
	}
}

func (g *Generation) drop(unit string) {
	delete(g.units, unit)
	if g.retired && len(g.units) == 0 {
		g.leave()
	}
}

// Retire lets the child end when the last unit closes.
func (g *Generation) Retire() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.retired = true
	if len(g.units) == 0 {
		g.leave()
	}
}

// leave asks the child to go. It runs under mu.
func (g *Generation) leave() {
	if g.child != nil {
		g.child.stop()
		g.child = nil
	}
}

// Stop ends the child after what is in its inbox, and waits for it. Units that are
// open are forgotten. It must not be called from Deliver.
func (g *Generation) Stop() {
	g.mu.Lock()
	g.retired, g.stopped = true, true
	c := g.child
	if c != nil {
		g.leave()
	}
	g.mu.Unlock()
	if c == nil {
		return
	}
	select {
	case <-c.over:
	case <-time.After(g.budget + time.Second):
		c.discard()
		<-c.over
	}
}

// result takes what the child says of a unit, on the goroutine that reads from it. A
// child speaks for its own units only, and once for each activation.
func (g *Generation) result(c *child, r sandbox.Result) {
	g.mu.Lock()
	u := g.units[r.Unit]
	if u == nil || u.c != c || r.Turn != u.turn && r.Turn != 0 {
		g.mu.Unlock()
		return
	}
	gone := r.Lost || r.Interrupted || r.Turn == 0 && r.Error != nil && r.Error.Name == "Diverged"
	switch {
	case r.Turn != 0:
		c.done()
		u.turn = 0
	case u.opening:
		c.done()
		u.opening = false
	}
	if !gone {
		u.await = r.Await
	}
	closed := u.closed
	// A unit that lost its isolate may be told so before its activation's own result.
	if (gone || closed) && u.turn == 0 {
		g.drop(r.Unit)
	}
	g.mu.Unlock()
	if closed && r.Turn == 0 {
		return
	}
	g.deliver(r)
}

// owed says whether an activation of that child has no result yet.
func (g *Generation) owed(c *child) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, u := range g.units {
		if u.c == c && (u.turn != 0 || u.opening) {
			return true
		}
	}
	return false
}

// mayWrite says whether a batch is by a unit of that child whose turn it is.
func (g *Generation) mayWrite(c *child, unit string, turn uint64) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	u := g.units[unit]
	return u != nil && u.c == c && u.turn == turn
}

// turnOf is the turn of a unit's activation under way, 0 for none.
func (g *Generation) turnOf(c *child, unit string) uint64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	if u := g.units[unit]; u != nil && u.c == c {
		return u.turn
	}
	return 0
}
