package sandbox_test

import (
	"testing"

	"github.com/callwright/callwright/sandbox"
	"github.com/callwright/callwright/sandbox/sandboxtest"
)

// An app that is confined makes and sees its own place of state, and no other.
func TestStateOnly(t *testing.T) {
	state := sandbox.NewState(nil)
	h := sandboxtest.With(t, sandbox.Options{State: state, StateOnly: []string{"apps", "crm"}}, map[string]string{"main.js": `import { state } from 'callwright';
const tried = f => { try { return JSON.stringify(f()) } catch (e) { return e.name } };
export default () => {
  state.apps.crm.n = (state.apps.crm.n ?? 0) + 1;
  const own = state.apps.crm;
  own.list = [1]; own.list.push(2);
  console.log([() => state.secret, () => { state.secret = 1 }, () => state.apps.other, () => { state.apps = {} }, () => { state.apps.crm = {} }, () => { delete state.apps },
    () => Object.keys(state), () => state, () => state.apps, () => 'secret' in state, () => Object.keys(state.apps), () => { for (const k in state.apps) return k },
    () => state.tx(s => s.secret), () => state.apps.crm, () => 'n' in state.apps.crm].map(tried).join(' '));
}`})
	h.OpenUnit("u", sandbox.CallUnit)
	r := h.Start("u")
	if r.Error != nil || len(r.Logs) != 1 {
		t.Fatalf("%v %+v", r.Error, r.Logs)
	}
	want := `Denied Denied Denied Denied Denied Denied Denied Denied Denied Denied Denied Denied Denied {"n":1,"list":[1,2]} true`
	if got := r.Logs[0].Text; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if r := h.Reopen("u"); r.Error != nil {
		t.Errorf("replayed: %v", r.Error)
	}
}
