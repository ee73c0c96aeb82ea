package sandbox

import (
	"encoding/json"
	"fmt"
)

// replay is the part of a unit that is being rebuilt from its history: operations up
// to ops are not reported again, state is served from what was read then, and nothing
// is logged, answered or written.
type replay struct {
	ops   uint32
	reads []json.RawMessage
}

// read serves the next recorded entry.
func (p *replay) read(u *unit) json.RawMessage {
	if len(p.reads) == 0 {
		u.diverge("the code reads more of state than its history")
	}
	raw := p.reads[0]
	p.reads = p.reads[1:]
	return raw
}

// failure tells whether the write being replayed failed when it was made.
func (p *replay) failure() (why string, failed bool) {
	if len(p.reads) == 0 {
		return "", false
	}
	var f struct {
		Why *string `json:"!"`
	}
	if json.Unmarshal(p.reads[0], &f) != nil || f.Why == nil {
		return "", false
	}
	p.reads = p.reads[1:]
	return *f.Why, true
}

// diverge notes that the code does not fit the history, and throws, when the script
// is running, so that it does not go on.
func (u *unit) diverge(what string) {
	u.divergedAt(what, u.r.place())
	u.r.throw("Diverged", "%s", what)
}

func (u *unit) divergedAt(what, place string) {
	if u.diverged != nil {
		return
	}
	e := &ScriptError{App: u.r.program.App, Name: "Diverged", Message: what}
	if m := atPlace.FindStringSubmatch(place); m != nil {
		e.place(u.r.program, m[1], m[2], m[3])
	}
	u.diverged = e
}

// checkHash compares the operation that a recorded answer belongs to with the one the
// code has begun under that number.
func (u *unit) checkHash(in *Input, p *pending) bool {
	if u.replay == nil || in.Hash == p.hash {
		return true
	}
	u.divergedAt(fmt.Sprintf("operation %d is now %s (%04x), its history answers another one (%04x)",
		in.Op, p.label, p.hash, in.Hash), p.place)
	return false
}

// checkKnown: an answer to an operation that was never begun does not fit either.
func (u *unit) checkKnown(in *Input) {
	if u.replay != nil && in.Op > u.ops {
		u.divergedAt(fmt.Sprintf("the history answers operation %d (%04x), the code began only %d",
			in.Op, in.Hash, u.ops), u.await())
	}
}

// rebuild feeds a history. Afterwards the unit stands where the one before it stood,
// or diverged says why not.
func (u *unit) rebuild(history []Input, ops uint32) {
	u.replay = &replay{ops: ops}
	for i := range history {
		in := &history[i]
		u.replay.reads = nil
		if len(in.Reads) > 0 {
			if err := json.Unmarshal(in.Reads, &u.replay.reads); err != nil {
				u.divergedAt("the recorded reads of state cannot be read: "+err.Error(), "")
			}
		}
		u.apply(in)
		if u.r.fatal != nil || u.diverged != nil {
			break
		}
		u.varsChanged() // the host was told then
		if _, fired := u.r.watch.stop(); fired {
			u.r.fatal = errBudget
			break
		}
		u.r.tell(u.name, "")
		u.r.watch.start() // each input has the budget of an activation
	}
	if u.diverged == nil && u.r.fatal == nil && u.ops < ops {
		u.divergedAt(fmt.Sprintf("the history has %d operations, the code began %d", ops, u.ops), u.await())
	}
	u.replay = nil
	u.before = nil // what it listens for is told whole
}
