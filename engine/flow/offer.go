package flow

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/callwright/callwright/sandbox"
)

// Limits of what an app's run does for others.
const (
	askTime   = 10 * time.Second
	maxAsked  = 1_000    // at once, of one app
	maxAskLen = 64 << 10 // bytes of arguments
)

// asker waits for an answer of an app: an operation of another unit, or a Request.
type asker struct {
	unit    string
	op      uint32
	request string
}

// request is told by the control API: a function of an app's api is called.
func (f *Flows) request(in Request) {
	f.askApp(asker{request: in.ID}, in.App, in.Function, in.Args)
}

// askApp calls a function that an app exports as api, in that app's own run.
func (f *Flows) askApp(who asker, app, function string, args json.RawMessage) {
	u, refusal := f.offering(app, function)
	switch {
	case refusal != nil:
		f.tellAsker(who, sandbox.Answer{Error: refusal})
		return
	case len(args) > maxAskLen:
		f.tellAsker(who, sandbox.Answer{Error: coded("RangeError", "too-large",
			fmt.Sprintf("%s.%s: arguments of %d bytes, at most %d", app, function, len(args), maxAskLen))})
		return
	case len(u.served) >= maxAsked:
		f.tellAsker(who, sandbox.Answer{Error: coded("Busy", "busy", fmt.Sprintf("app %s has %d calls to answer", app, len(u.served)))})
		return
	}
	f.ask(u, who, sandbox.Input{Object: "api", Event: function, Value: args})
}

// ask puts a question to a run that has room for it; its answer is told to who asks.
func (f *Flows) ask(u *unit, who asker, in sandbox.Input) {
	if u.served == nil {
		u.served = map[uint32]asker{}
	}
	u.asks++
	u.served[u.asks] = who
	f.emit(Arm{Timer: askTimer(u, u.asks), After: askTime})
	in.Kind, in.Ask = sandbox.Called, u.asks
	f.deliver(u, in)
}

// offering finds the run of an app that has the function, or says why not.
func (f *Flows) offering(app, function string) (*unit, *sandbox.HostError) {
	u := f.runOf(app)
	if u == nil {
		return nil, coded("Error", "no-app", fmt.Sprintf("there is no app %q%s", app, didYouMean(app, f.appNames())))
	}
	if !slices.Contains(u.api, function) {
		if len(u.api) == 0 {
			return nil, coded("Error", "no-function", fmt.Sprintf("app %s offers no functions (export const api = { … })", app))
		}
		return nil, coded("Error", "no-function", fmt.Sprintf("app %s offers no function %q%s", app, function, didYouMean(function, u.api)))
	}
	if u.closed {
		return nil, coded("Error", "gone", fmt.Sprintf("app %s does not run: its top level failed", app))
	}
	return u, nil
}

// runOf is the app unit of that name, nil without.
func (f *Flows) runOf(app string) *unit {
	for _, u := range f.apps {
		if u.app == app {
			return u
		}
	}
	return nil
}

func (f *Flows) appNames() (names []string) {
	for _, u := range f.apps {
		names = append(names, u.app)
	}
	return names
}

// answerAsker passes on what the app's function gave; false: nobody had asked.
func (f *Flows) answerAsker(u *unit, a sandbox.Answer) bool {
	who, ok := u.served[a.Ask]
	if !ok {
		return false
	}
	delete(u.served, a.Ask)
	f.emit(Disarm{askTimer(u, a.Ask)})
	f.tellAsker(who, a)
	return true
}

func (f *Flows) tellAsker(who asker, a sandbox.Answer) {
	if who.request != "" {
		f.emit(Reply{ID: who.request, Value: a.Value, Error: a.Error})
		return
	}
	f.toOp(who.unit, who.op, answered{a})
}

// refuseAskers answers all that the app's run owes when it cannot any more.
func (f *Flows) refuseAskers(u *unit, why string) {
	for _, n := range sortedAsks(u.served) {
		f.answerAsker(u, sandbox.Answer{Ask: n, Error: coded("Error", "gone", "app "+u.app+": "+why)})
	}
}

// refuseCurrent answers those whose calls were in the activation that is given up.
func (f *Flows) refuseCurrent(u *unit, why string) {
	for _, in := range u.current.Inputs {
		if in.Object != "" && in.Kind == sandbox.Called || in.Kind == sandbox.Evaluate {
			f.answerAsker(u, sandbox.Answer{Ask: in.Ask, Error: coded("Error", "gone", "app "+u.app+": "+why)})
		}
	}
}

// askOverdue answers for an app that takes too long. What it says later is dropped.
func (f *Flows) askOverdue(u *unit, n uint32) {
	f.answerAsker(u, sandbox.Answer{Ask: n, Error: coded("Timeout", "timeout", fmt.Sprintf("app %s has not answered in %v", u.app, askTime))})
}

const askTimerName = "ask/"

func askTimer(u *unit, n uint32) TimerID {
	return TimerID{Unit: u.id, Name: askTimerName + strconv.FormatUint(uint64(n), 10)}
}

func readAskTimer(name string) (n uint32, ok bool) {
	digits, ok := strings.CutPrefix(name, askTimerName)
	v, err := strconv.ParseUint(digits, 10, 32)
	return uint32(v), ok && err == nil
}

func sortedAsks(m map[uint32]asker) []uint32 {
	list := make([]uint32, 0, len(m))
	for n := range m {
		list = append(list, n)
	}
	slices.Sort(list)
	return list
}

// coded is an error that carries a stable code beside its name and text.
func coded(name, code, text string) *sandbox.HostError {
	return &sandbox.HostError{Name: name, Message: text, Props: encode(map[string]string{"code": code})}
}

func didYouMean(word string, names []string) string {
	if n := nearest(word, names); n != "" {
		return fmt.Sprintf("; the nearest is %q", n)
	}
	return ""
}
