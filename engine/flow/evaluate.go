package flow

import (
	"fmt"

	"github.com/callwright/callwright/sandbox"
)

// evaluate gives an operator's code to a unit. It takes the unit's turn like any input,
// so it waits for an activation under way, and no call waits for it longer than for
// one of its own.
func (f *Flows) evaluate(in Evaluate) {
	who := asker{request: in.ID}
	u, refusal := f.lookedInto(in)
	switch {
	case refusal != nil:
		f.tellAsker(who, sandbox.Answer{Error: refusal})
		return
	case len(u.served) >= maxAsked:
		f.tellAsker(who, sandbox.Answer{Error: coded("Busy", "busy", fmt.Sprintf("%s has %d requests to answer", u.id, len(u.served)))})
		return
	}
	if u.served == nil {
		u.served = map[uint32]asker{}
	}
	u.asks++
	u.served[u.asks] = who
	f.emit(Arm{Timer: askTimer(u, u.asks), After: askTime})
	do := sandbox.Input{Kind: sandbox.Evaluate, Ask: u.asks, Value: encode(in.Code)}
	if in.Write {
		do.Event = sandbox.EvaluateWrite
	}
	f.deliver(u, do)
}

// lookedInto finds the unit that is meant, or says why there is none.
func (f *Flows) lookedInto(in Evaluate) (*unit, *sandbox.HostError) {
	u := f.runOf(in.App)
	switch {
	case in.Call != "":
		if u = f.units[in.Call]; u == nil || u.call == nil {
			return nil, coded("Error", "no-call", fmt.Sprintf("there is no call %q", in.Call))
		}
		if in.App != "" && in.App != u.app {
			return nil, coded("Error", "no-call", fmt.Sprintf("call %s is of app %s, not of %s", in.Call, u.app, in.App))
		}
	case u == nil:
		return nil, coded("Error", "no-app", fmt.Sprintf("there is no app %q%s", in.App, didYouMean(in.App, f.appNames())))
	}
	if u.closed {
		return nil, coded("Error", "gone", u.id+" runs no more")
	}
	if f.cfg.MayEvaluate != nil {
		if err := f.cfg.MayEvaluate(u.app); err != nil {
			return nil, coded("Denied", "denied", err.Error())
		}
	}
	return u, nil
}

// batch is how many inputs go out together. An operator's code goes alone: when it
// runs too long, nothing else is given up with it.
func (u *unit) batch() int {
	n := min(len(u.queue), maxBatch)
	for i := range n {
		if u.queue[i].Kind == sandbox.Evaluate {
			return max(i, 1)
		}
	}
	return n
}

// looks: code that changes nothing is no part of the journal.
func looks(in *sandbox.Input) bool {
	return in.Kind == sandbox.Evaluate && in.Event != sandbox.EvaluateWrite
}

func (u *unit) evaluates() bool {
	return len(u.current.Inputs) > 0 && u.current.Inputs[0].Kind == sandbox.Evaluate
}

// gaveUp rebuilds a unit whose instance went down with an operator's code. The code is
// not in its journal, so it stands where it stood.
func (f *Flows) gaveUp(u *unit, why string) {
	f.refuseCurrent(u, why)
	u.history.Turn, u.losses = u.current.Turn, 0
	u.current = sandbox.Activation{}
	f.lost(u)
}
