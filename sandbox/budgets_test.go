package sandbox_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/callwright/callwright/sandbox"
	"github.com/callwright/callwright/sandbox/sandboxtest"
)

// Whoever wants more than a budget allows reads which it is and the line that raises it,
// and a replay comes to the same end.
func TestBudgetsOfAUnit(t *testing.T) {
	for name, body := range map[string]string{
		"timers":              "setTimeout(() => {}, 1)",
		"promises":            "call.gather()",
		"operationsPerSecond": "const n = setTimeout(() => {}, 1); clearTimeout(n)",
		"fetches":             "fetch('http://a/')",
		"callbacks":           "call.gather({ validate: () => true })",
		"listeners":           "call.on(i % 2 ? 'dtmf' : 'ended', () => {})",
	} {
		t.Run(name, func(t *testing.T) {
			few := sandbox.Budgets{}
			*map[string]*int{"timers": &few.Timers, "promises": &few.Operations, "operationsPerSecond": &few.Rate,
				"fetches": &few.Fetches, "callbacks": &few.Callbacks, "listeners": &few.Listeners}[name] = 4
			h := sandboxtest.With(t, sandbox.Options{Faces: withFetch(), Budget: time.Hour, LoadBudget: time.Hour, Budgets: few, Manifest: "a/app.yaml"},
				map[string]string{"main.js": prologue + `let i = 0;
try { for (;; i++) { ` + body + ` } } catch (e) { call.vars.left = [i, e.name, e.budget, e.message] }
try { await sleep(1) } catch {} }`})
			r := h.Start("a")
			want := fmt.Sprintf("the budget %s is 4; a line such as `budgets: {%[1]s: 8}` in a/app.yaml raises it", name)
			if v := string(r.Vars); !strings.Contains(v, `"left":[4,"Busy","`+name+`",`) || !strings.Contains(v, want) {
				t.Errorf("%s %v", v, r.Error)
			}
			if again := h.Reopen("a"); again.Error != nil || again.Await != r.Await {
				t.Errorf("the replay: %+v %v, want %s", again, again.Error, r.Await)
			}
		})
	}
}

func withFetch() []sandbox.Face {
	list := faces()
	list[0].Methods = append(list[0].Methods, sandbox.Method{Name: "fetch", Global: true, Params: []sandbox.Param{{Name: "url", Type: sandbox.String}},
		Options: []sandbox.Option{{Name: "headers", Type: sandbox.Object}}})
	return list
}

// An interval whose function uses the budget up is armed again all the same: it takes the
// place that it had.
func TestIntervalBesideAFlood(t *testing.T) {
	h := sandboxtest.With(t, sandbox.Options{Faces: faces(), Budget: time.Hour, LoadBudget: time.Hour, Budgets: sandbox.Budgets{Operations: 5}},
		map[string]string{"main.js": prologue + `setInterval(() => { try { for (;;) call.gather() } catch (e) { call.vars.threw = e.budget } }, 10); await sleep(1) }`})
	r := h.Start("a")
	r = h.Complete("a", r.Ops[0], "")
	if n := len(r.Ops); n != 5 || r.Ops[n-1].Method != "setTimeout" || string(r.Vars) != `{"threw":"promises"}` {
		t.Errorf("%d operations, %s: %+v", n, r.Vars, r.Ops)
	}
}

// What is left out of the log is counted, and told where there is room again.
func TestLeftOutLinesAreCounted(t *testing.T) {
	h := sandboxtest.With(t, sandbox.Options{Faces: faces(), Budgets: sandbox.Budgets{LogRate: 3}, Manifest: "a.yaml"},
		map[string]string{"main.js": prologue + `for (let i = 0; i < 10; i++) console.log(i); await sleep(1); console.log('last') }`})
	r := h.Start("a")
	if len(r.Logs) != 3 || r.LeftOut != 8 || !strings.Contains(r.Logs[2].Text, "`budgets: {logsPerSecond: 6}` in a.yaml") {
		t.Errorf("left out %d: %+v", r.LeftOut, r.Logs)
	}
	if r = h.Complete("a", r.Ops[0], "null"); len(r.Logs) != 2 || !strings.HasPrefix(r.Logs[0].Text, "8 log lines") || r.Logs[1].Text != "last" || r.LeftOut != 0 {
		t.Errorf("then: %+v", r)
	}
}
