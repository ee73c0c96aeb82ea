package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// counter plays a tone by how many calls there have been: 500 Hz for the first.
const counter = `
export default async call => {
  state.calls ??= { n: 0 };
  state.calls.n++;
  await state.commit();
  await call.answer();
  await call.play('tone:' + (400 + 100 * state.calls.n) + '/60000');
};`

// What scripts keep in state is there for the next call, after a reload, after an
// orderly restart, and when everything was killed.
func TestStateSurvives(t *testing.T) {
	t.Parallel()
	e := startEngine(t, map[string]string{"main.js": counter})
	n := 0
	call := func(when string) {
		t.Helper()
		n++
		o := runProgram(t, program("call", "sip:1@"+e.address(t, "udp"), "--expect", fmt.Sprint(400+100*n)))
		if o.code != 0 {
			t.Fatalf("%s, call %d: exit code %d\n%s%s", when, n, o.code, o.stdout, o.stderr)
		}
	}
	call("at the start")
	call("at the next call")
	at := e.heard(t, 0, "script loaded")
	e.save(t, "main.js", strings.Replace(counter, "60000", "50000", 1))
	e.heard(t, at, "script loaded")
	call("after a reload")
	e.end(t, syscall.SIGTERM)
	e = launch(t, e.dir)
	call("after a restart")
	e.cmd.Process.Kill()
	e.cmd.Wait()
	awaitUnlocked(t, filepath.Join(e.dir, "data"))
	e = launch(t, e.dir)
	call("after a kill")
}
