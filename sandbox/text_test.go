package sandbox_test

import (
	stdjson "encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/callwright/callwright/sandbox"
	"github.com/callwright/callwright/sandbox/sandboxtest"
)

func contains(s, part string) bool { return strings.Contains(s, part) }

type json = stdjson.RawMessage

// thrown runs each expression and looks for what it throws. No operation may begin.
func thrown(t *testing.T, cases map[string]string) {
	t.Helper()
	var exprs, fns []string
	for expr := range cases {
		exprs = append(exprs, expr)
		fns = append(fns, "() => { "+expr+" }")
	}
	h := sandboxtest.With(t, sandbox.Options{Faces: faces(), Budget: time.Minute}, map[string]string{"main.js": prologue +
		"const e = call.vars.e = [];\nfor (const f of [" + strings.Join(fns, ",\n") + "])\ntry { f(); e.push('none') } catch (x) { e.push(String(x) + (x instanceof Error ? '' : ' (no Error)')) } }"})
	r := h.Start("a")
	var vars struct{ E []string }
	if err := stdjson.Unmarshal(r.Vars, &vars); err != nil || len(vars.E) != len(exprs) || len(r.Ops) > 0 {
		t.Fatalf("%s %v %+v %v", r.Vars, err, r.Ops, r.Error)
	}
	for i, expr := range exprs {
		if !contains(vars.E[i], cases[expr]) || contains(vars.E[i], "(no Error)") {
			t.Errorf("%s\n\t%s\n\twant %s", expr, vars.E[i], cases[expr])
		}
	}
}
