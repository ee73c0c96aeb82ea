package main

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/callwright/callwright/engine/api"
)

// generation is a script that waits in calls, and tells those to 2000 what it is.
func generation(name string) string {
	return `export const routes = ['1000', '2000'];
export default async function (call) {
  if (call.to.user === '2000') return call.reject('busy', { reason: '` + name + `' });
  await call.answer();
  await call.gather({ max: 1, timeout: '1h' });
}
`
}

const riskyGood = `export const routes = ['6'];
export default call => call.reject('busy', { reason: 'good' });
`

const riskyBad = `export const routes = ['6'];
export default call => { throw new TypeError('always'); };
`

// answers wants calls to a number refused with that reason.
func (e *liveEngine) answers(t *testing.T, user, want string) {
	t.Helper()
	if got := e.probe(t, user); got != want {
		t.Errorf("%s is answered %q, want %q", user, got, want)
	}
}

func (e *liveEngine) probe(t *testing.T, user string) string {
	t.Helper()
	reason, err := askVersion(t.Context(), netip.MustParseAddrPort(e.address(t, "udp")), user)
	if err != nil {
		t.Fatal(err)
	}
	return reason
}

// versionsUp counts the answered calls by version.
func (e *liveEngine) versionsUp(t *testing.T) map[string]int {
	t.Helper()
	var got struct{ Calls []api.CallView }
	f := clientFlags{http: e.HTTP, data: filepath.Join(e.dir, "data")}
	if err := f.ask(t.Context(), "GET", "/v1/calls", &got); err != nil {
		t.Fatal(err)
	}
	up := map[string]int{}
	for _, c := range got.Calls {
		if c.State == "answered" { // not one that is being refused
			up[c.Version]++
		}
	}
	return up
}

// put uploads a script's text.
func (e *liveEngine) put(t *testing.T, app, text string) {
	t.Helper()
	f := clientFlags{http: e.HTTP, data: filepath.Join(e.dir, "data")}
	c, err := f.connect()
	if err != nil {
		t.Fatal(err)
	}
	req, _ := http.NewRequestWithContext(t.Context(), "PUT", c.base+"/v1/scripts/"+app, strings.NewReader(text))
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("Content-Type", "text/javascript")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("PUT: %s", resp.Status)
	}
}

// Versions change under live calls, by a save, an upload, a rollback, and a trial that is
// rolled back for its errors: each call stays on its own, none is dropped.
func TestGenerationsUnderLiveCalls(t *testing.T) {
	t.Parallel()
	e := startEngine(t, map[string]string{
		"main.js": generation("v1"), "risky.js": riskyGood,
		"risky.yaml": "reload: {canary: 50, rollback: {errors: 2, within: 10m}}\n",
	})
	events := e.follow(t, "events", "-f")
	load, err := newCallLoad(netip.MustParseAddrPort(e.address(t, "udp")), 4) // a starved machine refuses more
	if err != nil {
		t.Fatal(err)
	}
	const calls = 20
	load.calls = calls
	err = load.during(t.Context(), 0, func(context.Context) error {
		for range calls {
			line(t, events, "call.answered")
		}
		e.changeUnderCalls(t, events, calls)
		e.tryAndFail(t, events)
		if up := e.versionsUp(t); len(up) != 1 {
			t.Errorf("at the end, calls are on %v", up)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := load.tally(); len(got.waits) != calls || got.failed+got.ended > 0 {
		t.Errorf("%d calls were answered, %d failed, %d ended", len(got.waits), got.failed, got.ended)
	}
}

// changeUnderCalls goes through versions of main while calls are on its first.
func (e *liveEngine) changeUnderCalls(t *testing.T, events <-chan string, calls int) {
	t.Helper()
	first := e.versionsUp(t)
	e.answers(t, "2000", "v1")
	e.save(t, "main.js", generation("v2"))
	line(t, events, "script.loaded", "app=main")
	e.answers(t, "2000", "v2")
	e.save(t, "main.js", "export default (")
	line(t, events, "script.refused", "app=main")
	e.answers(t, "2000", "v2")
	e.put(t, "main", generation("v3"))
	e.answers(t, "2000", "v3")
	e.wants(t, []string{"main: version"}, "rollback", "main")
	e.answers(t, "2000", "v2")
	if up := e.versionsUp(t); len(up) != 1 || fmt.Sprint(up) != fmt.Sprint(first) {
		t.Errorf("calls that were on %v are on %v", first, up)
	}
	e.wants(t, []string{" " + strconv.Itoa(calls) + " ", "api", "file"}, "versions", "main")
	for version := range first {
		e.wants(t, []string{version}, "calls")
	}
}

// tryAndFail saves what fails, for half of the calls, until it is taken back.
func (e *liveEngine) tryAndFail(t *testing.T, events <-chan string) {
	t.Helper()
	e.answers(t, "6", "good")
	e.save(t, "risky.js", riskyBad)
	line(t, events, "app=risky", "trial")
	good := 0
	for bad := 0; bad < 2; {
		if e.probe(t, "6") == "good" {
			good++
		} else {
			bad++
		}
		if good > 200 {
			t.Fatal("200 calls went by the version on trial")
		}
	}
	line(t, events, "app=risky", "rolled back")
	for range 20 {
		e.answers(t, "6", "good")
	}
	e.wants(t, []string{"2 calls failed"}, "versions", "risky")
}
