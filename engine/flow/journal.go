package flow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/callwright/callwright/sandbox"
)

// JournalFormat is what a journal's file says it is.
const JournalFormat = "callwright-journal"

// keptJournals is how many calls that have ended can still be asked for theirs.
const keptJournals = 64

// Errors of journals read from files.
var (
	ErrJournal = errors.New("flow: not a journal this release can read")
	// ErrDiverged: the code does not fit the journal. The text says where and how.
	ErrDiverged = errors.New("diverged")
)

// Journal is a call's history as a file: see FORMAT.md in engine/parcel. Masked digits are
// not in it.
type Journal struct {
	Format  string  `json:"format"`
	App     string  `json:"app"`
	Made    string  `json:"made"` // version of the app that made it
	Call    string  `json:"call"`
	Await   string  `json:"await,omitempty"`
	Settled bool    `json:"settled,omitempty"` // the flow was through
	Over    bool    `json:"over,omitempty"`    // the call has ended: what was under way is not known
	Stands  []stand `json:"stands,omitempty"`
	History
}

type stand = sandbox.Standing

// Journal gives the journal of a call that is up, or of one of those that ended last;
// false: there is none of that id. It runs on the goroutine of Step.
func (f *Flows) Journal(id string) (Journal, bool) {
	u, over := f.units[id], false
	if c := f.calls[id]; u == nil && c != nil {
		u = c.u
	}
	for i := len(f.past) - 1; u == nil && i >= 0; i-- {
		if f.past[i].id == id {
			u, over = f.past[i], true
		}
	}
	if u == nil {
		return Journal{}, false
	}
	j := Journal{Format: JournalFormat, App: u.app, Made: u.version, Call: id, Await: u.await, Settled: u.settled, Over: over, History: u.history}
	if !over {
		j.Stands = u.standing()
	}
	j.Inputs = make([]sandbox.Input, len(u.history.Inputs))
	for i, in := range u.history.Inputs {
		j.Inputs[i] = u.unmasked(in)
	}
	return j, true
}

// standing are the operations under way, and those that have ended without the flow
// having been told.
func (u *unit) standing() (list []stand) {
	for _, o := range u.pending() {
		list = append(list, stand{N: o.n, Hash: o.hash, What: o.name()})
	}
	for _, in := range append(append([]sandbox.Input{}, u.current.Inputs...), u.queue...) {
		if in.Kind == sandbox.Completed {
			list = append(list, stand{N: in.Op, Hash: in.Hash, What: in.What})
		}
	}
	return list
}

// remember keeps a call's run that is over for a while.
func (f *Flows) remember(u *unit) {
	if u.kind != sandbox.CallUnit {
		return
	}
	if len(f.past) == keptJournals {
		f.past = append(f.past[:0:0], f.past[1:]...)
	}
	f.past = append(f.past, u)
}

// unmasked is an input without what only the script may see.
func (u *unit) unmasked(in sandbox.Input) sandbox.Input {
	if len(u.secrets) == 0 && !in.Masked {
		return in
	}
	hide := func(raw json.RawMessage) json.RawMessage {
		var v any
		if len(raw) == 0 || json.Unmarshal(raw, &v) != nil {
			return raw
		}
		return encode(u.hide(v, in.Masked))
	}
	in.Value, in.Reads = hide(in.Value), hide(in.Reads)
	fields := in.Fields
	in.Fields = nil
	for name, raw := range fields {
		if in.Fields == nil {
			in.Fields = map[string]json.RawMessage{}
		}
		in.Fields[name] = hide(raw)
	}
	return in
}

// hide goes through the texts of a value; names of host objects stay.
func (u *unit) hide(v any, masked bool) any {
	switch v := v.(type) {
	case string:
		if masked && v != "" && strings.Trim(v, "0123456789*#ABCD") == "" {
			return strings.Repeat("•", len(v))
		}
		return u.redact(v)
	case []any:
		for i := range v {
			v[i] = u.hide(v[i], masked)
		}
	case map[string]any:
		for k := range v {
			if !strings.HasPrefix(k, "$") {
				v[k] = u.hide(v[k], masked)
			}
		}
	}
	return v
}

// ReadJournal reads a file. Names it does not know are skipped.
func ReadJournal(text []byte) (Journal, error) {
	var j Journal
	if err := json.Unmarshal(text, &j); err != nil {
		return j, fmt.Errorf("%w: %v", ErrJournal, err)
	}
	switch {
	case j.Format != JournalFormat:
		return j, fmt.Errorf("%w: its format is %q, expected %q: export one by `callwright journal CALL`", ErrJournal, j.Format, JournalFormat)
	case j.Version < 1 || j.Version > HistoryVersion:
		return j, fmt.Errorf("%w: it is of version %d, this release reads up to %d", ErrJournal, j.Version, HistoryVersion)
	case len(j.Inputs) == 0:
		return j, fmt.Errorf("%w: it has no inputs", ErrJournal)
	}
	return j, nil
}

// Trial is the history with, at its end, what must be under way then.
func (j *Journal) Trial() []sandbox.Input {
	inputs := append([]sandbox.Input(nil), j.Inputs...)
	if j.Over {
		return inputs
	}
	at := inputs[len(inputs)-1].At
	return append(inputs, sandbox.Input{Kind: sandbox.Stands, At: at, Standing: j.Stands})
}

// Try runs the journal on an app's present code and says where it stands then. An error
// that is ErrDiverged says why it does not fit; others, that the app cannot be loaded. It
// waits for the script: do not call it from where calls are served.
func (j *Journal) Try(ctx context.Context, app sandbox.AppSource) (await string, err error) {
	told := make(chan sandbox.Result, 4)
	g, err := sandbox.Load(app, sandbox.Options{Faces: Faces(), Isolates: 1, Budget: trialBudget, Deliver: func(r sandbox.Result) { told <- r }})
	if err != nil {
		return "", err
	}
	defer g.Stop()
	g.Open("replay", sandbox.CallUnit, j.Seed, j.Trial(), j.Ops)
	select {
	case r := <-told:
		return r.Await, j.judge(r)
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// trialBudget is generous: a busy machine must not fail a test.
const trialBudget = 5 * time.Second

// judge says why a replay does not stand where the journal ends; nil: it does.
func (j *Journal) judge(r sandbox.Result) error {
	if e := r.Error; e != nil && (e.Name == "Diverged" || r.Interrupted || !j.Settled) {
		at := scriptLine(e)
		if at != "" {
			at += ": "
		}
		return fmt.Errorf("%w: %s%s", ErrDiverged, at, scriptText(e))
	}
	switch {
	case len(r.Ops) > 0:
		o := &r.Ops[0]
		return fmt.Errorf("%w: %s: operation %d, %s, is begun, in the history nothing is", ErrDiverged, o.Line, o.N, o.Method)
	case r.Settled && !j.Settled:
		return fmt.Errorf("%w: the flow is through, in the history it awaited %s", ErrDiverged, orNothing(j.Await))
	case j.Settled && !r.Settled:
		return fmt.Errorf("%w: %s: the flow still waits here, in the history it was through", ErrDiverged, r.Await)
	}
	return nil
}
