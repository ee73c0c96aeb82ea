package flow

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/callwright/callwright/engine/keep"
)

// clockwork is an app's own run that is ended and begun again; what is kept stays.
type clockwork struct {
	*world
	kept *keep.Keep
}

func newClockwork(t *testing.T, text string) *clockwork {
	t.Helper()
	c := &clockwork{world: script(t, "import { app, sleep } from 'callwright';\n"+text), kept: keep.New(nil)}
	c.restart()
	return c
}

// restart is a brain that ends and begins, later perhaps.
func (c *clockwork) restart() {
	c.t.Helper()
	now, logs := c.now, c.logs
	if c.f != nil {
		c.step(EndApp{Unit: "app:main"})
		c.settle()
	}
	c.world = c.again()
	c.now, c.logs = now, logs
	c.f = NewFlows(Config{Keep: c.kept})
	c.runApp("main")
}

func (c *clockwork) expect(want ...string) {
	c.t.Helper()
	var got []string
	for _, l := range c.logs {
		_, text, _ := strings.Cut(l, ": ")
		got = append(got, text)
	}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		c.t.Fatalf("got  %q\nwant %q", got, want)
	}
}

const tick = `const t0 = 1800000000000;
app.every('10s', e => console.log('tick', (Date.now() - t0) / 1000 | 0, e.ran, e.skipped));`

func TestEvery(t *testing.T) {
	c := newClockwork(t, tick)
	c.run(35 * time.Second)
	c.expect("tick 10 0 0", "tick 20 1 0", "tick 30 2 0")
}

func TestEveryGoesOnAfterARestart(t *testing.T) {
	c := newClockwork(t, tick)
	c.run(7 * time.Second)
	c.restart()
	c.run(6 * time.Second)
	c.expect("tick 10 0 0") // the period goes on, it does not begin anew
	c.step(EndApp{Unit: "app:main"})
	c.settle()
	c.run(42 * time.Second)
	c.restart() // at 55: four were missed, one makes up for them
	c.run(9 * time.Second)
	c.expect("tick 10 0 0", "tick 55 0 0", "tick 60 1 0")
}

func TestEveryDoesNotOverlap(t *testing.T) {
	c := newClockwork(t, `app.every('1s', async e => { await sleep('2500ms'); console.log(e.skipped); });`)
	c.run(8 * time.Second)
	c.expect("app.every: skipped, for the run before has not ended", "0", "2")
}

func TestEveryIsCanceledAndThrows(t *testing.T) {
	c := newClockwork(t, `let n = 0;
const s = app.every('1s', async () => { if (++n === 2) await s.cancel(); if (n === 1) throw new Error('once'); });
s.then(r => console.log(r.reason, r.ran));
app.every('10ms', () => {}).catch(e => console.log(e.message));`)
	c.run(5 * time.Second)
	c.expect("app.every: a period of 10ms is too short; at least 100ms", "in a callback: Error: once\n    at main.js:3:93", "canceled 1")
}

func TestAt(t *testing.T) {
	const text = `app.at(new Date(1800000020000), () => console.log('twenty')).then(r => console.log(r.ran, r.reason));
app.at('2027-01-15T08:00:40Z', () => console.log('forty'));
app.at(1799999000000, () => console.log('late'));`
	c := newClockwork(t, text)
	c.run(5 * time.Second)
	c.expect("late") // the past is now, once
	c.step(EndApp{Unit: "app:main"})
	c.settle()
	c.run(25 * time.Second)
	c.restart() // twenty was missed
	c.run(time.Second)
	c.expect("late", "twenty", "true due")
	c.restart()
	c.run(20 * time.Second)
	c.expect("late", "twenty", "true due", "false done", "forty")
}

func TestAtOfABadDate(t *testing.T) {
	c := newClockwork(t, `for (const d of ['soon', NaN, {}]) app.at(d, () => {}).catch(e => console.log(e.name));`)
	c.expect("BadOption", "BadOption", "BadOption")
}

func TestSchedulesBelongToTheApp(t *testing.T) {
	w := script(t, `import { app } from 'callwright';
app.every('1s', () => console.log('never'));
export default async call => { try { await app.every('1s', () => {}) } catch (e) { console.log(e.message) } };`)
	w.dial("ann", "main", "1")
	w.run(5 * time.Second)
	if got := fmt.Sprint(w.logs); strings.Contains(got, "never") || !strings.Contains(got, "call it at the top level") {
		t.Fatal(got)
	}
}

func TestSchedulesOutliveTheirIsolate(t *testing.T) {
	for n := 2; n < 8; n++ {
		c := newClockwork(t, tick)
		c.loseAt = n
		c.run(35 * time.Second)
		c.expect("tick 10 0 0", "tick 20 1 0", "tick 30 2 0")
	}
}
