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

// A hold on one place of the tree names no node outside of it, by which it could be read,
// and makes its place without replacing anything.
func TestShareNamesNothingElse(t *testing.T) {
	state := sandbox.NewState(nil)
	err := state.Apply(sandbox.Batch{Unit: "u", Turn: 1, Writes: []sandbox.Write{{Path: []string{"apps"}, Value: []byte(`{"crm":{"n":1},"other":{}}`)}}})
	if err != nil {
		t.Fatal(err)
	}
	r := state.BeginRemote([]string{"apps", "crm"})
	defer r.End("u", 2, false)
	if _, copied := r.Since(0); copied {
		t.Error("the whole tree is copied")
	}
	way, _ := r.Do(sandbox.Access{Do: sandbox.ReadChild, Key: "apps"})
	own, _ := r.Do(sandbox.Access{Do: sandbox.ReadChild, Path: []string{"apps"}, Key: "crm"})
	if string(way.JSON) != "{}" || way.Node != nil || own.Node == nil {
		t.Errorf("on the way %+v, its own %+v", way, own)
	}
	for _, a := range []sandbox.Access{
		{Do: sandbox.Put, Key: "apps", Value: []byte("{}")},
		{Do: sandbox.Put, Path: []string{"apps"}, Key: "crm", Value: []byte("{}")},
		{Do: sandbox.Put, Path: []string{"apps", "other"}, Key: "x", Value: []byte("1")},
		{Do: sandbox.Delete, Path: []string{"apps"}, Key: "crm"},
		{Do: sandbox.SpliceList, Path: []string{"apps"}, Value: []byte("[]")},
	} {
		if _, err := r.Do(a); err == nil {
			t.Errorf("%+v was done", a)
		}
	}
	if _, err := r.Do(sandbox.Access{Do: sandbox.Put, Path: []string{"apps", "crm"}, Key: "n", Value: []byte("2")}); err != nil {
		t.Error(err)
	}
	if _, err := r.Write([]sandbox.Write{{Path: []string{"x"}, Value: []byte("1")}}); err == nil {
		t.Error("a batch of a copy was taken")
	}
}
