package process_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/callwright/callwright/sandbox"
	"github.com/callwright/callwright/sandbox/process"
)

// unconfined is the sub-command of a child that asks for whatever its script wants.
const unconfined = "unconfined"

const prying = `import { state } from 'callwright';
const tried = f => { try { return JSON.stringify(f()) ?? 'none' } catch (e) { return e.name } };
export default async call => {
  await call.gather();
  state.apps.crm.n = (state.apps.crm.n ?? 0) + 1;
  state.apps.crm.list = [1]; state.apps.crm.list.push(2);
  const all = state, apps = state.apps, own = state.apps.crm;
  console.log([() => state.secret, () => { state.secret = 1 }, () => apps.other, () => { state.apps = {} }, () => { apps.crm = {} }, () => { delete state.apps },
    () => Object.keys(all), () => all, () => apps, () => 'secret' in all, () => Object.keys(apps), () => 'other' in apps, () => { apps.other.x = 1 },
    () => state.tx(s => s.secret), () => own, () => 'n' in own].map(tried).join(' '));
  await call.gather();
}`

// The brain keeps an app to its place of state, whatever the app's child asks for: what
// is beyond it reads as nothing, and cannot be written.
func TestShareIsKeptByTheParent(t *testing.T) {
	state := sandbox.NewState(nil)
	err := state.Apply(sandbox.Batch{Unit: "brain", Turn: 1, Writes: []sandbox.Write{
		{Path: []string{"secret"}, Value: []byte(`"s"`)}, {Path: []string{"apps"}, Value: []byte(`{"other":{"x":0}}`)}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, way := range []struct{ command, want string }{
		{process.Command, `Denied Denied Denied Denied Denied Denied Denied Denied Denied Denied Denied Denied Denied Denied {"n":1,"list":[1,2]} true`},
		{unconfined, `none TypeError none TypeError TypeError TypeError [] null null false [] false TypeError none {"n":2,"list":[1,2]} true`},
	} {
		pool, err := process.NewPool(process.Config{Faces: faces(), State: state, Command: []string{os.Args[0], way.command}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(pool.Close)
		e := newEngine(t, pool, sandbox.Options{Budget: time.Minute, StateOnly: []string{"apps", "crm"}}, prying)
		r := e.send(way.command, answered(e.send(way.command, start()), "{}"))
		if r.Error != nil || len(r.Logs) != 1 {
			t.Fatalf("%s: %v %+v", way.command, r.Error, r.Logs)
		}
		if got := r.Logs[0].Text; got != way.want {
			t.Errorf("%s:\ngot  %s\nwant %s", way.command, got, way.want)
		}
	}
	if got := snapshot(t, state); !strings.Contains(got, `"root":{"secret":"s","apps":{"other":{"x":0},"crm":{"n":2,"list":[1,2]}}}`) {
		t.Errorf("state is %s", got)
	}
}
