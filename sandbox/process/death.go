package process

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/callwright/callwright/sandbox"
)

// first gives the generation its first child and waits for what the program exports.
func (g *Generation) first() error {
	c, err := g.host()
	if err != nil {
		return err
	}
	defer g.pool.ahead()
	select {
	case g.exports = <-c.loaded:
	case <-c.over:
		return g.diedLoading(c)
	}
	if err := g.exports.err(); err != nil {
		c.discard()
		<-c.over
		return err
	}
	c.dog.watch(g.budget)
	g.mu.Lock()
	g.child = c
	g.mu.Unlock()
	c.gen.Store(g)
	select {
	case <-c.over: // perhaps before it knew whose it is
		g.died(c)
	default:
	}
	return nil
}

func (l *loaded) err() error {
	if l.Author != nil {
		return l.Author
	}
	if l.Other != "" {
		return fmt.Errorf("process: %s", l.Other)
	}
	return nil
}

// host takes a child and has it load the program; what is put behind waits for that.
func (g *Generation) host() (*child, error) {
	c, err := g.pool.take()
	if err != nil {
		return nil, err
	}
	c.tree.only = g.order.Options.StateOnly
	c.dog.load(g.order.Options.LoadBudget)
	c.expect()
	c.out.put(kindLoad, &g.order)
	return c, nil
}

// diedLoading is the author's error when the top level swelled or hung.
func (g *Generation) diedLoading(c *child) error {
	if !c.fate.own() {
		return fmt.Errorf("%w while it loaded %s: %s %s", ErrDied, g.App(), c.fate.Status, c.fate.Said)
	}
	return c.fate.blame(g.program, "while its top level ran")
}

// died settles the accounts of a child, on its reader's goroutine: nothing more comes
// from it.
func (g *Generation) died(c *child) {
	g.mu.Lock()
	if g.stopped || c.settled {
		g.mu.Unlock()
		return
	}
	c.settled = true
	if c == g.child {
		g.child = nil
	}
	guilty := g.guilty(c)
	if !c.fate.Stopped {
		g.report(c, guilty)
		if g.child == nil && (!g.retired || len(g.units) > 0) {
			g.replace(guilty == "" && !c.fate.spent())
		}
	}
	var out []sandbox.Result
	for _, name := range slices.Sorted(maps.Keys(g.units)) {
		if u := g.units[name]; u.c == c {
			out = g.bereave(out, name, u, name == guilty)
		}
	}
	if g.retired && len(g.units) == 0 {
		time.AfterFunc(linger, g.unneeded)
	}
	g.mu.Unlock()
	for _, r := range out {
		g.deliver(r)
	}
}

// report tells the operator. A child that gave itself up is no news: the unit is.
func (g *Generation) report(c *child, guilty string) {
	if c.fate.spent() {
		return
	}
	g.pool.cfg.Log.Warn("script host ended", "app", g.App(), "version", g.Version(), "status", c.fate.Status,
		"hung", c.fate.Hung, "unit", guilty, "line", c.fate.Place, "said", firstLine(c.fate.Said))
}

// linger is how long a retired generation keeps its child for units that were lost.
const linger = 5 * time.Second

func (g *Generation) unneeded() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.units) == 0 {
		g.leave()
	}
}

// guilty is the unit that the board names. Its text may be cut there.
func (g *Generation) guilty(c *child) string {
	if c.fate.Unit == "" {
		return ""
	}
	for name, u := range g.units {
		if u.c == c && name[:min(len(name), boardText)] == c.fate.Unit {
			return name
		}
	}
	return ""
}

// replace puts the next child in the dead one's place, or refuses. It runs under mu.
func (g *Generation) replace(innocent bool) {
	now := time.Now()
	g.deaths = slices.DeleteFunc(g.deaths, func(t time.Time) bool { return now.Sub(t) > retryAfter })
	if innocent {
		g.deaths = append(g.deaths, now)
	}
	if len(g.deaths) >= mortal {
		g.refuse(fmt.Sprintf("its script host ended %d times within %v", mortal, retryAfter))
		return
	}
	c, err := g.host()
	if err != nil {
		g.refuse("no script host could be started: " + err.Error())
		return
	}
	c.gen.Store(g)
	g.child = c
	go g.reload(c)
}

// reload waits until a replacement has loaded. What failed then is no author's error:
// the same program has loaded before.
func (g *Generation) reload(c *child) {
	defer g.pool.ahead()
	select {
	case <-c.over:
	case l := <-c.loaded:
		c.dog.watch(g.budget)
		if err := l.err(); err != nil {
			g.pool.cfg.Log.Error("a script that had loaded does not load again", "app", g.App(), "error", err)
			c.discard()
		}
	}
}

// refuse ends the service of this generation; other apps run on. It runs under mu.
func (g *Generation) refuse(why string) {
	g.refused = &sandbox.ScriptError{App: g.App(), Name: "InternalError", Message: "the app is not served any more: " + why}
	g.pool.cfg.Log.Error("app refused until it is loaded anew", "app", g.App(), "version", g.Version(), "why", why)
}

// bereave adds what one unit of a dead child is told. It runs under mu.
func (g *Generation) bereave(out []sandbox.Result, name string, u *resident, guilty bool) []sandbox.Result {
	delete(g.units, name)
	r := sandbox.Result{Unit: name, Turn: u.turn, Lost: true}
	switch {
	case guilty:
		r = sandbox.Result{Unit: name, Turn: u.turn, Settled: true, Interrupted: true, Error: u.c.fate.blame(g.program, "")}
		if r.Error.Line == 0 {
			place(r.Error, g.program, u.await)
		}
	case g.refused != nil:
		r = g.refusal(name, u.turn)
	}
	if u.closed && u.turn == 0 {
		return out
	}
	if u.opening && guilty && u.turn != 0 { // it fell in its replay, with the next input behind it
		r.Turn = 0
		return append(out, r, sandbox.Result{Unit: name, Turn: u.turn, Lost: true})
	}
	return append(out, r)
}

// blame is the error of a unit that cost the child.
func (f *fate) blame(p *sandbox.Program, when string) *sandbox.ScriptError {
	e := &sandbox.ScriptError{App: p.App}
	switch {
	case f.Hung:
		e.Name, e.Message = "Budget", "ran on inside one call to the script engine and was ended"
	case strings.Contains(f.Said, "memory") || strings.Contains(f.Said, "allocat"):
		e.Name, e.Message = "Memory", "took more memory than the app may have"
	case strings.Contains(f.Said, "stack"):
		e.Name, e.Message = "RangeError", "maximum call stack size exceeded"
	default:
		e.Name, e.Message = "InternalError", "the script engine failed: "+firstLine(f.Said, f.Status)
	}
	if when != "" {
		e.Message += " " + when
	}
	place(e, p, f.Place)
	return e
}

func firstLine(texts ...string) string {
	for _, t := range texts {
		if line, _, _ := strings.Cut(t, "\n"); line != "" {
			return line
		}
	}
	return ""
}

// place puts an error where an operation was begun, "main.js:12:9".
func place(e *sandbox.ScriptError, p *sandbox.Program, at string) {
	rest, column, ok := cutLast(at)
	file, line, ok2 := cutLast(rest)
	if !ok || !ok2 {
		return
	}
	e.File, e.Line, e.Column = file, line, column
	lines := strings.Split(p.Sources()[file], "\n")
	if line >= 1 && line <= len(lines) {
		e.Source = strings.TrimSpace(lines[line-1])
	}
}

func cutLast(s string) (string, int, bool) {
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		return "", 0, false
	}
	n, err := strconv.Atoi(s[i+1:])
	return s[:i], n, err == nil
}
