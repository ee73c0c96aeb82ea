package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A soak is as long as one has time for; without flags it is a slice that shows that it
// would run.
var (
	soakTime = flag.Duration("soak", 5*time.Second, "how long TestSoak calls")
	soakRate = flag.Int("soak.rate", 10, "its calls a second")
)

// soakScript gathers, plays, keeps state, and hangs up within 300 ms.
func soakScript(n int) string {
	return fmt.Sprintf(`import { sleep } from 'callwright';
const version = %d;
export const routes = ['1000'];
export default async function (call) {
  await call.answer();
  state.calls = (state.calls ?? 0) + 1;
  call.vars.version = version;
  await call.play('tone:440/100');
  await sleep('100ms');
  await call.hangup();
}
`, n)
}

// TestSoak calls at a steady rate with a reload every second: no call fails, and what
// the engine's processes hold does not grow.
func TestSoak(t *testing.T) {
	t.Setenv(actEnv, "1")
	e, clean, err := benchedWith(t.Context(), soakScript(0), "process")
	if err != nil {
		t.Fatal(err)
	}
	defer clean()
	load, err := newCallLoad(e.sip, *soakRate)
	if err != nil {
		t.Fatal(err)
	}
	var begin, end map[string]int
	reloads := 0
	err = load.during(t.Context(), *soakTime/10, func(ctx context.Context) error {
		every := time.NewTicker(time.Second)
		defer every.Stop()
		limit := time.After(*soakTime)
		begin = e.resident(t)
		for {
			select {
			case <-every.C:
				reloads++
				e.saveSoak(t, reloads)
				if now := e.resident(t); *soakTime >= time.Minute && reloads%10 == 0 {
					t.Logf("after %d s: %d calls, resident %v KB", reloads, load.tally().ended, now)
				}
				if reloads == int(*soakTime/(3*time.Second)) {
					begin = e.resident(t)
				}
			case <-limit:
				end = e.resident(t)
				return nil
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	got := load.tally()
	t.Logf("%d calls, %d reloads; resident KB from %v to %v", got.ended, reloads, begin, end)
	if want := int(soakTime.Seconds()) * *soakRate / 2; got.failed > 0 || got.ended < want {
		t.Errorf("%d calls failed (%v); %d ended well, want %d at least", got.failed, got.why(), got.ended, want)
	}
	for role := range end {
		if *soakTime < time.Minute {
			break // versions are kept up for a while after their last call: not yet steady
		}
		// What a garbage collector leaves lying is no growth.
		if bound := begin[role]*3/2 + 64<<10; end[role] > bound {
			t.Errorf("%s grew from %d to %d KB", role, begin[role], end[role])
		}
	}
	clean()
	if log := e.log.String(); strings.Contains(log, "level=ERROR") || strings.Contains(log, "panic") {
		t.Errorf("the engine's log has errors: %s", lastLine([]byte(log)))
	}
}

func (e *benched) saveSoak(t *testing.T, n int) {
	t.Helper()
	path := filepath.Join(e.dir, "scripts", "bench.js")
	if err := os.WriteFile(path+".new", []byte(soakScript(n)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// resident is the memory of the engine's processes by role, in KB; of a role with
// several, the sum.
func (e *benched) resident(t *testing.T) map[string]int {
	t.Helper()
	all := map[string]int{}
	for role, ps := range e.processes() {
		for _, p := range ps {
			b, _ := os.ReadFile(filepath.Join(p.dir, "status")) // none: it has ended
			if _, rest, ok := strings.Cut(string(b), "VmRSS:"); ok {
				kb, _ := strconv.Atoi(strings.Fields(rest)[0])
				all[role] += kb
			}
		}
	}
	return all
}
