package main

import (
	"context"
	"strings"
	"testing"
	"time"
)

// restart crashes the brain and starts its successor after a while.
func (w *world) restart(away time.Duration) {
	w.t.Helper()
	w.crashBrain()
	time.Sleep(away)
	if err := w.restartBrain(); err != nil {
		w.t.Fatal(err)
	}
	time.Sleep(500 * time.Millisecond)
}

// A brain dies under a conference: not a frame is missing, the next brain has the calls
// in it, and their ends end them.
func TestAConferenceOutlivesItsBrain(t *testing.T) {
	inWorld(t, shipped(t), func(w *world) {
		a, b := w.dials("7001", 500), w.dials("7001", 700)
		time.Sleep(2 * time.Second)
		a.hears("a", a.listen(time.Second), []float64{700}, []float64{500})
		w.restart(300 * time.Millisecond)
		a.hears("a afterwards", a.listen(time.Second), []float64{700}, []float64{500})
		if got := strings.Count(w.log.text(), "msg=recovered calls=2"); got != 1 {
			t.Errorf("told of a recovery %d times", got)
		}
		calls, err := w.brain.engine.Calls(context.Background())
		if err != nil || len(calls) != 2 || calls[0].Room == "" || calls[0].Await == "" {
			t.Errorf("%v, calls %+v", err, calls)
		}
		a.hangup()
		if a.report.EndedBy != "caller" {
			t.Errorf("a: ended by %s, %s", a.report.EndedBy, a.report.Cause)
		}
		time.Sleep(time.Second)
		if calls, _ := w.brain.engine.Calls(context.Background()); len(calls) != 1 {
			t.Errorf("%d calls are left, want one", len(calls))
		}
		b.hangup()
	})
}

// The menu's way into a conference, with the brain killed after each step of it: the
// caller types on, and is in the conference with the other one at the end.
func TestTheMenuOutlivesItsBrain(t *testing.T) {
	steps := []string{"", "2", "1", "2", "3", "4#"}
	for kill := range len(steps) + 1 {
		t.Run(strings.Join(steps[:kill], "")+"!", func(t *testing.T) {
			inWorld(t, shipped(t), func(w *world) {
				b := w.dials("7001", 700)
				a := w.dials("1000", 500)
				time.Sleep(2 * time.Second)
				for i, keys := range steps {
					if i == kill {
						w.restart(250 * time.Millisecond)
					}
					if keys != "" {
						a.press <- keys
						time.Sleep(600 * time.Millisecond)
					}
				}
				if kill == len(steps) {
					w.restart(250 * time.Millisecond)
				}
				time.Sleep(2 * time.Second)
				calls, err := w.brain.engine.Calls(context.Background())
				if err != nil || len(calls) != 2 {
					t.Fatalf("%v, %d calls", err, len(calls))
				}
				for _, c := range calls {
					if c.To.User == "1000" && c.Room == "" {
						t.Errorf("the caller is not in the conference but at %s", c.Await)
					}
				}
				a.hangup()
				b.hangup()
			})
		})
	}
}

// Keys that are pressed while no brain is there are told to the next one, once each.
func TestKeysPressedMeanwhileAreNotLost(t *testing.T) {
	scripts := map[string]string{"main.js": `export const routes = ['1000'];
export default async call => {
  await call.answer();
  const r = await call.gather({ max: 6, timeout: '20s', interDigitTimeout: '20s' });
  console.log('typed', r.digits);
  await call.play('tone:440/1000');
};`}
	inWorld(t, scripts, func(w *world) {
		a := w.dials("1000", 0)
		time.Sleep(time.Second)
		a.press <- "12"
		time.Sleep(time.Second)
		w.crashBrain()
		a.press <- "34"
		time.Sleep(time.Second)
		if err := w.restartBrain(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		a.press <- "56"
		time.Sleep(time.Second)
		if !strings.Contains(w.log.text(), "typed 123456") {
			t.Error("the script did not get the keys 123456")
		}
		a.hangup()
	})
}

// A call that rings when its brain dies goes on ringing, and is answered at its time.
func TestARingingCallOutlivesItsBrain(t *testing.T) {
	scripts := map[string]string{"main.js": `import { sleep } from 'callwright';
export const routes = ['1000'];
export default async call => {
  await call.ring();
  await sleep('5s');
  await call.answer();
  await call.play('tone:440/10000');
};`}
	inWorld(t, scripts, func(w *world) {
		a, b := w.dials("1000", 0), w.dials("1000", 0)
		began := time.Now()
		time.Sleep(time.Second)
		w.restart(300 * time.Millisecond)
		b.hangup() // a CANCEL
		if b.report.Status != 487 {
			t.Errorf("the caller who gave up got %d", b.report.Status)
		}
		time.Sleep(time.Until(began.Add(5500 * time.Millisecond)))
		a.hears("a", a.listen(time.Second), []float64{440}, nil)
		a.hangup()
		if a.report.Status != 200 {
			t.Errorf("the caller who waited got %d", a.report.Status)
		}
	})
}
