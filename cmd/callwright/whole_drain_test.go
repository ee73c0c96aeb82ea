package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/callwright/callwright/engine/fleet"
	"github.com/callwright/callwright/media/dsp"
	"github.com/callwright/callwright/media/wav"
)

const draining = `import { conference } from 'callwright';
export default async call => {
  await call.answer();
  if (call.to.user === '1') return call.play('tone:1000/60000');
  const room = await conference('r', { rate: 16000 });
  room.on('mixer-changed', e => console.log('mixer changed', e.gapMs));
  const m = await room.join(call, { muted: call.to.user === '4', gainIn: call.to.user === '3' ? -12 : 0 });
  if (call.to.user === '2') room.record({ file: 'meeting' });
  await m.left;
};`

// A mixer is drained under a conference, a prompt and a recording: all go on elsewhere,
// nobody hears a gap, and members are as they were.
func TestADrainedMixerLosesNothing(t *testing.T) {
	inWorld(t, map[string]string{"main.js": draining}, func(w *world) {
		recordings := t.TempDir()
		w.ends["mixer-1"]()
		w.brain.bury("mixer-1")
		time.Sleep(successorTime)
		w.startMixer("mixer-1", recordings)
		time.Sleep(time.Second)
		prompted, a, b, muted := w.dials("1", 0), w.dials("2", 500), w.dials("3", 700), w.dials("4", 900)
		time.Sleep(3 * time.Second)
		w.startMixer("mixer-2", recordings)
		time.Sleep(time.Second)
		heard := make(chan [4][]int16)
		go func() {
			var all [4][]int16
			done := make(chan int)
			for i, c := range []*caller{prompted, a, b, muted} {
				go func() { all[i] = c.listen(3 * time.Second); done <- i }()
			}
			for range all {
				<-done
			}
			heard <- all
		}()
		time.Sleep(time.Second)
		r, err := w.brain.engine.Drain(context.Background(), "mixer-1")
		if err != nil || len(r.Calls) != 4 || len(r.Rooms) != 1 || len(r.Lost) != 0 {
			t.Fatalf("%+v %v", r, err)
		}
		all := <-heard
		for i, name := range []string{"who hears a prompt", "a", "b", "who is muted"} {
			gap := longestGap(all[i])
			t.Logf("%s: longest gap %v", name, gap)
			if gap > 40*time.Millisecond {
				t.Errorf("%s hears a gap of %v", name, gap)
			}
			if n := len(all[i]); n < 3*8000-320 || n > 3*8000+320 {
				t.Errorf("%s hears %d ms in 3 s", name, n/8)
			}
		}
		late := func(c []int16, hz float64) float64 { return dsp.Goertzel(c[len(c)-8000:], 8000, hz) }
		if x := late(all[1], 700); x < 1500 || x > 2500 {
			t.Errorf("b is heard at %.0f, want 2000: its gain is lost", x)
		}
		if x := late(all[1], 900); x > 50 {
			t.Errorf("who is muted is heard at %.0f", x)
		}
		if x := late(all[0], 1000); x < 1000 {
			t.Errorf("the prompt is heard at %.0f", x)
		}
		w.ends["mixer-1"]() // nobody misses it
		w.brain.bury("mixer-1")
		time.Sleep(time.Second)
		for _, c := range []*caller{prompted, a, b, muted} {
			c.hangup()
		}
		time.Sleep(3 * time.Second)
		wantRecorded(t, filepath.Join(recordings, "meeting.wav"), 8*time.Second)
		if _, err := w.brain.engine.Drain(context.Background(), "sbc-1"); !errors.Is(err, fleet.ErrNoOther) {
			t.Errorf("the only SBC is drained: %v", err)
		}
	})
}

// A mixer dies and another is there: nobody's call ends, and the gap is short.
func TestADeadMixersCallsGoOnElsewhere(t *testing.T) {
	inWorld(t, map[string]string{"main.js": draining}, func(w *world) {
		w.startMixer("mixer-2", t.TempDir())
		prompted, a, b := w.dials("1", 0), w.dials("2", 500), w.dials("3", 700)
		time.Sleep(3 * time.Second)
		heard := make(chan [3]int)
		go func() {
			var all [3]int
			done := make(chan int)
			for i, c := range []*caller{prompted, a, b} {
				go func() { all[i] = len(c.listen(3 * time.Second)); done <- i }()
			}
			for range all {
				<-done
			}
			heard <- all
		}()
		time.Sleep(time.Second)
		w.crash("mixer-1")
		for i, n := range <-heard {
			if n < 3*8000-800 {
				t.Errorf("caller %d hears %d ms in 3 s", i, n/8)
			}
		}
		a.hears("a", a.listen(time.Second), []float64{700}, []float64{500})
		prompted.hears("who hears a prompt", prompted.listen(time.Second), []float64{1000}, nil)
		for _, c := range []*caller{prompted, a, b} {
			if r := c.hangup(); r.EndedBy != "caller" {
				t.Errorf("ended by %s: %s", r.EndedBy, r.Cause)
			}
		}
	})
}

// wantRecorded wants a file to have lost less than 200 ms of so much, and to hold a tone.
func wantRecorded(t *testing.T, path string, least time.Duration) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := wav.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]int16, 60*r.Rate)
	n := 0
	for {
		k, err := r.Read(out[n:])
		if n += k; err != nil {
			break
		}
	}
	if got := time.Duration(n) * time.Second / time.Duration(r.Rate); got < least-200*time.Millisecond || got > least+time.Second {
		t.Errorf("%v are recorded, want %v", got, least)
	}
	if a := dsp.Goertzel(out[n-2*r.Rate:n-r.Rate], r.Rate, 500); a < 4000 {
		t.Errorf("in the last second but one 500 Hz is at %.0f", a)
	}
}

// An SBC is drained under a conference, a prompt, a bridge and a call that rings: each
// phone hears of its new address in a re-INVITE, and nobody hears more than a click.
func TestADrainedSBCLosesNothing(t *testing.T) {
	scripts := dialFlow(`'sip:b@10.0.0.11'`, `{}`)
	scripts["main.js"] = draining
	inWorld(t, scripts, func(w *world) {
		callee := w.waits(1100, nil)
		bridged, prompted, a, b := w.dials("200", 900), w.dials("1", 0), w.dials("2", 500), w.dials("3", 700)
		time.Sleep(2 * time.Second)
		w.starts("sbc-2")
		time.Sleep(100 * time.Millisecond)
		var heard sync.WaitGroup
		for who, c := range map[string]*caller{"bridged": bridged, "callee": callee, "prompted": prompted, "a": a} {
			heard.Go(func() {
				if gap := longestGap(c.listen(2 * time.Second)); gap > 80*time.Millisecond {
					t.Errorf("%s hears a gap of %v", who, gap)
				}
			})
		}
		time.Sleep(time.Second)
		r, err := w.brain.engine.Drain(context.Background(), "sbc-1")
		if err != nil || len(r.Streams) != 5 || len(r.Lost) != 0 {
			t.Errorf("%+v %v", r, err)
		}
		heard.Wait()
		w.crash("sbc-1") // nobody misses it
		bridged.hears("bridged", bridged.listen(time.Second), []float64{1100}, []float64{900})
		callee.hears("callee", callee.listen(time.Second), []float64{900}, []float64{1100})
		a.hears("a", a.listen(time.Second), []float64{700}, []float64{500})
		for who, c := range map[string]*caller{"bridged": bridged, "prompted": prompted, "a": a, "b": b} {
			c.leaves(who)
		}
		<-callee.done
	})
}
