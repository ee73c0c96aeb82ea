package flow

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/callwright/callwright/sandbox"
)

func budgetRig(t *testing.T, b Budgets) *rig {
	r := newRig(t)
	b.File = "main.yaml"
	r.f.cfg.Budgets = func(app, version string) Budgets { return b }
	return r
}

// A flood of digits for a run that is busy is cut at the budget. What a flow waits for (a
// result, the call's end) is never left out, and both ends of the flood are told.
func TestEventsForABusyRunAreBounded(t *testing.T) {
	r := budgetRig(t, Budgets{Events: 10})
	r.answered("a")
	r.did("a", sandbox.Result{Listens: []sandbox.Listen{{Object: "call", Event: "dtmf", On: true}, {Object: "call", Event: "ended", On: true}},
		Ops: []sandbox.Op{r.op("a", "", "", "sleep", map[string]any{"duration": 1000})}})
	r.digits("a", "1") // and now it is busy
	r.digits("a", strings.Repeat("7", 100))
	r.advance(2 * time.Second) // the sleep is over
	r.hangup("a")
	if n := len(r.f.units["a"].queue); n != 12 {
		t.Errorf("%d inputs wait, want 10 digits, a result and the end", n)
	}
	r.idle("a")
	var results, ended int
	for _, in := range r.inputs["a"] {
		if in.Kind == sandbox.Completed && in.Op == 2 {
			results++
		}
		if in.Event == "ended" {
			ended++
		}
	}
	if results != 1 || ended != 1 {
		t.Errorf("%d results and %d ends came", results, ended)
	}
	if len(r.notes) != 2 || !strings.Contains(r.notes[0].Text, "`budgets: {events: 20}` in main.yaml") || !strings.HasPrefix(r.notes[1].Text, "90 events were left out") {
		t.Errorf("notes %+v", r.notes)
	}
	if got := r.f.LeftOut(); !reflect.DeepEqual(got, []LeftOut{{"main", "events", 90}}) {
		t.Errorf("left out %+v", got)
	}
}

// What all calls of an app share is shared: the call that comes last is refused, with the
// line that helps, and what ends makes room.
func TestAnAppsBudgetIsSharedByItsCalls(t *testing.T) {
	sleep := map[string]any{"duration": 60_000}
	for name, c := range map[string]struct {
		most   Budgets
		method string
		args   map[string]any
	}{
		"app.promises":            {Budgets{Operations: 2}, "sleep", sleep},
		"app.timers":              {Budgets{Timers: 2}, "setTimeout", map[string]any{"ms": 60_000}},
		"app.fetches":             {Budgets{Fetches: 2}, "fetch", map[string]any{"url": "http://a/"}},
		"app.operationsPerSecond": {Budgets{Rate: 2}, "sleep", sleep},
	} {
		t.Run(name, func(t *testing.T) {
			r := budgetRig(t, c.most)
			begin := func(unit string) uint32 {
				r.invite(unit)
				op := r.op(unit, "", "", c.method, c.args)
				r.did(unit, sandbox.Result{Ops: []sandbox.Op{op}, Await: op.Line})
				return op.N
			}
			begin("a")
			begin("b")
			e := r.throws("c", begin("c"), "Busy")
			if want := fmt.Sprintf("`budgets: {app: {%s: 4}}` in main.yaml", name[4:]); !strings.Contains(e.Message, want) || string(e.Props) != `{"budget":"`+name+`"}` {
				t.Errorf("%s %s, want %s", e.Message, e.Props, want)
			}
			r.hangup("a")
			r.f.over(r.f.units["a"])
			r.now = r.now.Add(time.Second)
			if begin("d"); len(r.active["d"].Inputs) > 0 {
				t.Errorf("there is no room again: %+v", r.active["d"].Inputs)
			}
		})
	}
}

// The log of an app has so many lines a second, whichever calls they are of.
func TestAnAppsLogIsBounded(t *testing.T) {
	r := budgetRig(t, Budgets{LogRate: 3})
	for _, unit := range []string{"a", "b"} {
		r.invite(unit)
		r.did(unit, sandbox.Result{Logs: []sandbox.Log{{Level: "info", Text: unit + "1"}, {Level: "info", Text: unit + "2"}}, LeftOut: 1})
	}
	r.now = r.now.Add(time.Second)
	r.invite("c")
	r.did("c", sandbox.Result{Logs: []sandbox.Log{{Level: "info", Text: "c1"}}})
	var said []string
	for _, n := range r.notes {
		text, _, _ := strings.Cut(n.Text, ",")
		said = append(said, text)
	}
	want := []string{"a1", "a2", "b1", "app main says more than 3 log lines a second", "1 log lines of app main were left out before this one", "c1"}
	if !reflect.DeepEqual(said, want) {
		t.Errorf("said %q", said)
	}
	if got := r.f.LeftOut(); !reflect.DeepEqual(got, []LeftOut{{"main", "log-lines", 3}}) {
		t.Errorf("left out %+v", got)
	}
}
