package sandbox

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
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
	u.divergedAt(anotherOp(in.Op, in.What, in.Hash, p), p.place)
	return false
}

// anotherOp tells an operation of the history and the one the code has begun instead.
// Of the same name they differ in their object or arguments.
func anotherOp(n uint32, was string, hash uint16, p *pending) string {
	if was == p.label {
		return fmt.Sprintf("operation %d is %s with other arguments than in its history (%04x, was %04x)", n, p.label, p.hash, hash)
	}
	if was == "" {
		was = "another one"
	}
	return fmt.Sprintf("operation %d is now %s (%04x), in its history it was %s (%04x)", n, p.label, p.hash, was, hash)
}

// checkKnown: an answer to an operation that was never begun does not fit either.
func (u *unit) checkKnown(in *Input) {
	if u.replay != nil && in.Op > u.ops {
		u.divergedAt(fmt.Sprintf("the history answers operation %d, %s (%04x), the code began only %d",
			in.Op, cmp.Or(in.What, "an operation"), in.Hash, u.ops), u.await())
	}
}

// checkStanding compares what is under way with what must be.
func (u *unit) checkStanding(in *Input) {
	for _, s := range in.Standing {
		i := u.find(s.N)
		if i < 0 {
			u.divergedAt(fmt.Sprintf("operation %d, %s, is under way, the code has none of that number", s.N, cmp.Or(s.What, "an operation")), u.await())
			return
		}
		if p := u.pending[i]; p.hash != s.Hash {
			u.divergedAt(anotherOp(s.N, s.What, s.Hash, p), p.place)
			return
		}
	}
	if len(u.pending) > len(in.Standing) {
		for _, p := range u.pending {
			if !slices.ContainsFunc(in.Standing, func(s Standing) bool { return s.N == p.n }) {
				u.divergedAt(fmt.Sprintf("operation %d, %s, waits, in its history nothing does", p.n, p.label), p.place)
				return
			}
		}
	}
}

// takeOver makes the operations that go on the new instance's own: their objects can be
// awaited and told of, and new ones are numbered behind them. Functions are too, for
// those of the instance before may still be asked.
func (u *unit) takeOver(in *Input) {
	u.ops, u.callback = in.Op, in.Op*callbacksPerOp
	for _, s := range in.Standing {
		p, resolve, reject := u.r.rt.NewPromise()
		q := &pending{n: s.N, hash: s.Hash, label: s.What, resolve: resolve, reject: reject}
		if s.Class != "" {
			q.handle = u.object("op:"+strconv.FormatUint(uint64(s.N), 10), s.Class, nil)
			q.handle.did = p
		}
		u.pending = append(u.pending, q)
	}
}

// callbacksPerOp is how many functions an operation gives at most, on average over the
// life of an instance, without one of a later instance bearing the number of another.
const callbacksPerOp = 64

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
