package flow

import (
	"fmt"
	"slices"
	"strings"

	"github.com/callwright/callwright/sandbox"
)

const (
	tryUnit     = "try:" // before a call's name: the instance that tries its history
	triesAtOnce = 16
	maxTries    = 5 // of one call whose flow goes on meanwhile
)

// Adopt asks that the live calls of one version of an app move to another one, each when
// its history, run on the new code, ends in the same operations. An Adopted tells what
// came of it.
type Adopt struct{ App, From, To string }

// Switch tells that a call's run is of another version from here on.
type Switch struct{ Unit, App, From, To string }

// Adopted ends an Adopt. Kept counts calls that stay on the old version, by the reason.
type Adopted struct {
	App, From, To string
	Moved         int
	Kept          map[string]int
}

func (Adopt) input()    {}
func (Switch) action()  {}
func (Adopted) action() {}

// adoption is an Adopt under way.
type adoption struct {
	Adopt
	left  []string // units not tried yet
	tried map[string]trial1
	moved int
	kept  map[string]int
}

// trial1 is one call's history as it is being tried.
type trial1 struct {
	j     Journal
	turn  uint64
	tries int
}

func (f *Flows) adopt(in Adopt) {
	a := &adoption{Adopt: in, tried: map[string]trial1{}, kept: map[string]int{}}
	for _, id := range keysSorted(f.units) {
		if u := f.units[id]; u.kind == sandbox.CallUnit && u.app == in.App && u.version == in.From && !u.closed {
			a.left = append(a.left, id)
		}
	}
	f.adoptions = append(f.adoptions, a)
	f.tryMore(a)
}

// tryMore tries the next calls, and tells when all have been.
func (f *Flows) tryMore(a *adoption) {
	for len(a.left) > 0 && len(a.tried) < triesAtOnce {
		id := a.left[0]
		a.left = a.left[1:]
		f.try1(a, id, 0)
	}
	if len(a.left)+len(a.tried) > 0 {
		return
	}
	f.adoptions = slices.DeleteFunc(f.adoptions, func(x *adoption) bool { return x == a })
	f.emit(Adopted{App: a.App, From: a.From, To: a.To, Moved: a.moved, Kept: a.kept})
}

// try1 runs a call's history on the new code, in an instance beside its own.
func (f *Flows) try1(a *adoption, id string, tries int) {
	u := f.units[id]
	switch {
	case u == nil || u.closed || u.version != a.From:
		return // it has ended
	case u.settled || len(u.history.Inputs) == 0 || u.strayed:
		a.kept["its flow is not under way"]++
		return
	}
	j := Journal{Await: u.await, Settled: u.settled, Stands: u.standing(), History: u.history}
	a.tried[id] = trial1{j: j, turn: u.history.Turn, tries: tries}
	f.emit(Open{App: a.App, Version: a.To, Unit: tryUnit + id, Kind: u.kind, Seed: u.history.Seed,
		History: &History{Version: HistoryVersion, Seed: u.history.Seed, Ops: u.history.Ops, Turn: u.history.Turn, Inputs: j.Trial()}})
}

// tried is told how a trial stands; false: the result is none's.
func (f *Flows) tried(r sandbox.Result) bool {
	id, is := strings.CutPrefix(r.Unit, tryUnit)
	if !is {
		return false
	}
	for _, a := range f.adoptions {
		t, ok := a.tried[id]
		if !ok {
			continue
		}
		delete(a.tried, id)
		f.emit(Close{App: a.App, Version: a.To, Unit: r.Unit})
		f.judged(a, id, t, r)
		f.tryMore(a)
		break
	}
	return true
}

func (f *Flows) judged(a *adoption, id string, t trial1, r sandbox.Result) {
	u := f.units[id]
	switch {
	case u == nil || u.closed || u.version != a.From:
		return
	case r.Lost || u.busy || u.history.Turn != t.turn:
		if t.tries < maxTries {
			f.try1(a, id, t.tries+1)
			return
		}
		a.kept["its flow did not wait while it was tried"]++
		return
	}
	if err := t.j.judge(r); err != nil {
		a.kept[err.Error()]++
		return
	}
	a.moved++
	f.moveTo(u, a.To, r)
}

// moveTo gives a call's run to another version, whose instance is made by the same
// history once more: the one that was tried bears another name.
func (f *Flows) moveTo(u *unit, version string, r sandbox.Result) {
	from := u.version
	if !u.dormant {
		f.emit(Close{App: u.app, Version: from, Unit: u.id})
	}
	f.emit(Switch{Unit: u.id, App: u.app, From: from, To: version})
	u.version, u.await = version, r.Await
	if !u.dormant {
		f.reopen(u)
	}
	heard := map[subject]bool{}
	for _, l := range r.Listens {
		heard[subject{l.Object, l.Event}] = l.On
	}
	for at := range u.listens {
		if !heard[at] {
			f.listen(u, sandbox.Listen{Object: at.object, Event: at.event})
		}
	}
	for at, on := range heard {
		if on && !u.listens[at] {
			f.listen(u, sandbox.Listen{Object: at.object, Event: at.event, On: true})
		}
	}
	f.touch(u)
}

// Text is what came of it in a line, for the operator.
func (a Adopted) Text() string {
	kept := 0
	for _, n := range a.Kept {
		kept += n
	}
	text := fmt.Sprintf("%d calls moved from %s", a.Moved, a.From)
	if kept > 0 {
		text += fmt.Sprintf(", %d stay on it", kept)
	}
	return text
}
