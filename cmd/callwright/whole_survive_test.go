package main

import (
	"maps"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/callwright/callwright/cmd/callwright/phone"
)

// crashed ends workers, and starts processes of their names after a while.
func (w *world) crashed(away time.Duration, names ...string) {
	w.t.Helper()
	for _, name := range names {
		w.crash(name)
	}
	time.Sleep(away)
	w.starts(names...)
}

func (w *world) starts(names ...string) {
	w.t.Helper()
	for _, name := range names {
		start := w.startSBC
		if strings.HasPrefix(name, "mixer-") {
			start = w.wholeEngine.startMixer
		}
		if err := start(name); err != nil {
			w.t.Fatal(err)
		}
	}
}

// crashedWith is crashed for workers that die together with the brain.
func (w *world) crashedWith(away time.Duration, names ...string) {
	w.t.Helper()
	w.crashBrain()
	for _, name := range names {
		w.ends[name]()
	}
	time.Sleep(away)
	w.starts(names...)
	if err := w.restartBrain(); err != nil {
		w.t.Fatal(err)
	}
	time.Sleep(away)
}

// gap wants what happens within a second to cost a caller who hears something no more than
// so much audio.
func (w *world) gap(c *caller, f func(), most time.Duration) {
	w.t.Helper()
	heard := make(chan []int16)
	go func() { heard <- c.listen(1200 * time.Millisecond) }()
	time.Sleep(200 * time.Millisecond)
	f()
	audio := <-heard
	missing := 1200*time.Millisecond - time.Duration(len(audio))*time.Second/8000
	longest := longestGap(audio)
	w.t.Logf("%v are missing, the longest silence is %v", missing, longest)
	if missing > most || longest > most {
		w.t.Errorf("a gap of %v, and %v of silence, want at most %v", missing, longest, most)
	}
}

// ends hangs up, and wants nobody else to have done so before.
func (c *caller) leaves(who string) {
	c.t.Helper()
	if r := c.hangup(); r.EndedBy != "caller" {
		c.t.Errorf("%s: ended by %s, %s", who, r.EndedBy, r.Cause)
	}
}

// deaths are ways of dying under a call, and how much audio each may cost. Without a brain
// nobody tells the successors of streams and members: its absence counts too.
var deaths = map[string]struct {
	most time.Duration
	die  func(w *world)
}{
	"sbc":             {300 * time.Millisecond, func(w *world) { w.crashed(50*time.Millisecond, "sbc-1") }},
	"mixer":           {300 * time.Millisecond, func(w *world) { w.crashed(50*time.Millisecond, "mixer-1") }},
	"sbc and mixer":   {300 * time.Millisecond, func(w *world) { w.crashed(50*time.Millisecond, "sbc-1", "mixer-1") }},
	"sbc and brain":   {500 * time.Millisecond, func(w *world) { w.crashedWith(50*time.Millisecond, "sbc-1") }},
	"mixer and brain": {500 * time.Millisecond, func(w *world) { w.crashedWith(50*time.Millisecond, "mixer-1") }},
}

// Workers die before each step of a menu's way into a conference, and under the conference,
// alone or with the brain: no key is lost, the phones hear one stream with gaps in it, and
// nobody's call ends.
func TestTheMenuOutlivesItsWorkers(t *testing.T) {
	for name, d := range deaths {
		t.Run(name, func(t *testing.T) {
			inWorld(t, shipped(t), func(w *world) {
				steps := []string{"2", "1", "2", "3", "4#"}
				b := w.dials("1000", 700)
				time.Sleep(time.Second)
				b.press <- strings.Join(steps, "")
				a := w.dials("1000", 500)
				time.Sleep(2 * time.Second)
				for _, keys := range steps {
					d.die(w)
					a.press <- keys
					time.Sleep(600 * time.Millisecond)
				}
				time.Sleep(time.Second)
				w.gap(a, func() { d.die(w) }, d.most)
				a.hears("a", a.listen(time.Second), []float64{700}, []float64{500})
				b.hears("b", b.listen(time.Second), []float64{500}, []float64{700})
				a.leaves("a")
				b.leaves("b")
			})
		})
	}
}

// The same while a call rings on both sides, which is answered at its time, and in the
// middle of the talk.
func TestABridgeOutlivesItsWorkers(t *testing.T) {
	for name, d := range deaths {
		t.Run(name, func(t *testing.T) {
			inWorld(t, dialFlow(`'sip:b@10.0.0.11'`, `{ringback: 'de'}`), func(w *world) {
				b := w.waits(700, func(c *phone.Config) { c.Ring, c.Codec = 3*time.Second, "PCMA" })
				a := w.dials("200", 500)
				time.Sleep(time.Second)
				d.die(w)
				time.Sleep(3 * time.Second)
				w.gap(a, func() { d.die(w) }, d.most)
				a.hears("a", a.listen(time.Second), []float64{700}, []float64{500})
				b.hears("b", b.listen(time.Second), []float64{500}, []float64{700})
				a.leaves("a")
				<-b.done
				if b.report.EndedBy != "caller" {
					t.Errorf("b: ended by %s, %s", b.report.EndedBy, b.report.Cause)
				}
			})
		})
	}
}

// An SBC dies for good, and another is there: what it carried goes on at another address,
// of which each phone hears in a re-INVITE.
func TestCallsMoveToAnotherSBC(t *testing.T) {
	scripts := dialFlow(`'sip:b@10.0.0.11'`, `{}`)
	maps.Copy(scripts, shipped(t))
	inWorld(t, scripts, func(w *world) {
		b := w.waits(700, nil)
		a := w.dials("200", 500)
		c, d := w.dials("7001", 900), w.dials("7001", 1100)
		time.Sleep(2 * time.Second)
		w.starts("sbc-2")
		time.Sleep(100 * time.Millisecond)
		w.gap(a, func() { w.crash("sbc-1") }, 60*time.Millisecond)
		a.hears("a", a.listen(time.Second), []float64{700}, []float64{500})
		b.hears("b", b.listen(time.Second), []float64{500}, []float64{700})
		c.hears("c", c.listen(time.Second), []float64{1100}, []float64{900})
		d.hears("d", d.listen(time.Second), []float64{900}, []float64{1100})
		a.leaves("a")
		<-b.done
		c.leaves("c")
		d.leaves("d")
	})
}

const tellsOfDeaths = `import { app, conference } from 'callwright';
app.on('failover', e => console.log('app:', e.role, e.gapMs));
export default async call => {
  call.onResume(e => console.log('call:', e.role, e.gapMs));
  await call.answer();
  const room = await conference('r');
  room.on('mixer-changed', e => console.log('room:', e.gapMs));
  await (await room.join(call)).left;
};`

// Scripts hear of each death once, with the time since the last sign of life, and calls
// that the dead one did not carry hear nothing.
func TestScriptsHearOfDeaths(t *testing.T) {
	inWorld(t, map[string]string{"main.js": tellsOfDeaths}, func(w *world) {
		a := w.dials("1", 0)
		time.Sleep(time.Second)
		w.crashed(50*time.Millisecond, "sbc-1")
		time.Sleep(time.Second)
		w.crashed(50*time.Millisecond, "mixer-1")
		time.Sleep(time.Second)
		w.restart(200 * time.Millisecond)
		for _, line := range []string{`app: sbc \d\d`, `call: sbc \d\d`, `app: mixer \d\d`, `call: mixer \d\d`, `room: \d\d`, `app: brain \d+`, `call: brain \d+`} {
			if n := len(regexp.MustCompile(`msg="`+line+`"`).FindAllString(w.log.text(), -1)); n != 1 {
				t.Errorf("%q is logged %d times", line, n)
			}
		}
		a.leaves("a")
	})
}
