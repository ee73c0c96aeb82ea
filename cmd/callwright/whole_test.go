package main

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callwright/callwright/cmd/callwright/phone"
	"github.com/callwright/callwright/media/dsp"
)

// world is a whole engine within a test's bubble. Its clocks never rest: what it tells
// of times is true of a real one.
type world struct {
	*wholeEngine
	t *testing.T
}

// inWorld runs f in a bubble with a whole engine on these scripts (name to text).
func inWorld(t *testing.T, scripts map[string]string, f func(w *world)) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range scripts {
		writeScript(t, dir, name, text)
	}
	synctest.Test(t, func(t *testing.T) {
		engine, err := startWhole(dir, filepath.Join(t.TempDir(), "recordings"), false, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := engine.Close(); err != nil {
				t.Errorf("the brain ended with %v", err)
			}
			if t.Failed() {
				t.Logf("the engine's log:\n%s", engine.Log())
			}
		}()
		f(&world{wholeEngine: engine, t: t})
	})
}

func writeScript(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// startMixer starts a successor that records elsewhere.
func (w *world) startMixer(name, recordings string) {
	w.t.Helper()
	w.recordings = recordings
	if err := w.wholeEngine.startMixer(name); err != nil {
		w.t.Fatal(err)
	}
}

// caller is a phone in a call: what it heard, and its report once the call is over.
type caller struct {
	t     *testing.T
	press chan string
	hold  chan bool
	end   context.CancelFunc
	done  chan struct{}

	report *phone.Report
	err    error

	mu    sync.Mutex
	heard []int16
	also  func([]int16) // sees each frame as it comes; nil: nobody
}

// dials places a call that speaks a tone of hz (0: silence), and returns at once.
func (w *world) dials(user string, hz float64) *caller {
	w.t.Helper()
	var speak func([]int16)
	if hz > 0 {
		speak = dsp.NewOscillator(8000, 8000, hz).Fill
	}
	return w.dialsAs(user, speak)
}

// dialsAs places a call that speaks what speak fills.
func (w *world) dialsAs(user string, speak func([]int16)) *caller {
	w.t.Helper()
	sip, rtp, hop, err := w.Sockets()
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, end := context.WithCancel(context.Background())
	c := &caller{t: w.t, press: make(chan string), hold: make(chan bool), end: end, done: make(chan struct{})}
	cfg := phone.Config{
		URI: "sip:" + user + "@" + sipAddr.String(), SIP: sip, Hop: hop, RTP: rtp,
		Seed: [32]byte{byte(w.host)}, Speak: speak, Press: c.press, Hold: c.hold, Heard: c.hear,
	}
	w.workers.Go(func() {
		defer close(c.done)
		c.report, c.err = phone.Dial(ctx, cfg)
	})
	return c
}

// waits is a phone that takes a call.
func (w *world) waits(hz float64, how func(*phone.Config)) *caller {
	w.t.Helper()
	sip, rtp, _, err := w.Sockets()
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, end := context.WithCancel(context.Background())
	c := &caller{t: w.t, press: make(chan string), hold: make(chan bool), end: end, done: make(chan struct{})}
	cfg := phone.Config{SIP: sip, RTP: rtp, Seed: [32]byte{byte(w.host), byte(w.host >> 8), 1}, Press: c.press, Hold: c.hold, Heard: c.hear}
	if hz > 0 {
		cfg.Speak = dsp.NewOscillator(8000, 8000, hz).Fill
	}
	if how != nil {
		how(&cfg)
	}
	w.workers.Go(func() {
		defer close(c.done)
		c.report, c.err = phone.Answer(ctx, cfg)
	})
	return c
}

func (c *caller) hear(frame []int16) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.heard = append(c.heard, frame...)
	if c.also != nil {
		c.also(frame)
	}
}

// listen returns what the phone hears in the next while.
func (c *caller) listen(d time.Duration) []int16 {
	c.mu.Lock()
	from := len(c.heard)
	c.mu.Unlock()
	time.Sleep(d)
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]int16(nil), c.heard[from:]...)
}

// hangup ends the call and waits for its report.
func (c *caller) hangup() *phone.Report {
	c.end()
	<-c.done
	return c.report
}

// hears checks the tones of what was heard: want must be in it, others must not.
func (c *caller) hears(who string, audio []int16, want, not []float64) {
	c.t.Helper()
	for _, hz := range want {
		if a := dsp.Goertzel(audio, 8000, hz); a < 2000 {
			c.t.Errorf("%s hears %g Hz at an amplitude of %.0f, want it as loud as spoken", who, hz, a)
		}
	}
	for _, hz := range not {
		if a := dsp.Goertzel(audio, 8000, hz); a > 100 {
			c.t.Errorf("%s hears %g Hz at an amplitude of %.0f, want none", who, hz, a)
		}
	}
}
