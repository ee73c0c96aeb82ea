package prompt

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/media/dsp"
	"github.com/callwright/callwright/media/kernel"
	"github.com/callwright/callwright/mixer/ring"
)

// Options say what to play and how.
type Options struct {
	Rate    int // of the frames pulled
	Sources []*control.Source
	Loops   uint32        // of the whole list; 0 and 1: once; Forever
	Offset  time.Duration // whole milliseconds
	GainDB  float64

	Roots   Roots
	Banks   *dsp.Banks
	Kernels *kernel.Kernels
}

// Reasons of an end.
const (
	Finished = "finished"
	Stopped  = "stopped"
	Gone     = "gone"
	Failed   = "error"
)

// Result is how a Playback ended.
type Result struct {
	Reason string
	Err    error         // with Failed
	Played time.Duration // of sound that was pulled, without the offset
}

const (
	ahead     = 500 * time.Millisecond // the ring's size
	refill    = 100 * time.Millisecond // how often it is filled
	lastFrame = 60 * time.Millisecond  // time for a tick to fade out what is stopped
)

// Playback is one list that plays.
type Playback struct {
	o    Options
	ring *ring.Samples
	gain kernel.Gain

	begun, ended   bool // tick's
	pulled         atomic.Int64
	underruns      atomic.Uint64
	paused, fading atomic.Bool
	drained        chan struct{} // told by the tick, at the end of the ring or the fade

	once sync.Once
	why  string // before halt is closed
	halt chan struct{}
}

// Start begins to play; done is called once, at the end.
func Start(o Options, done func(Result)) *Playback {
	p := &Playback{
		o: o, gain: kernel.FromDB(o.GainDB),
		ring:    ring.NewSamples(int(ahead.Milliseconds()) * o.Rate / 1000),
		drained: make(chan struct{}, 1),
		halt:    make(chan struct{}),
	}
	go func() {
		reason, err := p.run()
		done(Result{Reason: reason, Err: err, Played: p.Played()})
	}()
	return p
}

// Stop ends it, with a fade of one frame; reason is Stopped or Gone.
func (p *Playback) Stop(reason string) {
	p.once.Do(func() {
		p.why = reason
		p.fading.Store(true)
		close(p.halt)
	})
}

// Pause holds it where it is, or lets it go on.
func (p *Playback) Pause(paused bool) { p.paused.Store(paused) }

// Played is how much sound was pulled so far.
func (p *Playback) Played() time.Duration {
	return time.Duration(p.pulled.Load()) * time.Second / time.Duration(p.o.Rate)
}

// Underruns is how many frames the tick wanted that were not there in time.
func (p *Playback) Underruns() uint64 { return p.underruns.Load() }

// run fills the ring until the list or the patience of control ends.
func (p *Playback) run() (string, error) {
	l := &list{o: &p.o, sources: p.o.Sources, loops: p.o.Loops}
	defer l.close()
	timer := time.NewTimer(refill)
	defer timer.Stop()
	err := l.skip(p.o.Offset.Milliseconds() * int64(p.o.Rate) / 1000)
	buf := make([]int16, 1024)
	for err == nil {
		if err = p.fill(l, buf); err != nil {
			break
		}
		timer.Reset(refill)
		select {
		case <-timer.C:
		case <-p.halt:
			return p.cutShort()
		}
	}
	p.ring.Close()
	select {
	case <-p.drained:
	case <-p.halt:
		return p.cutShort()
	}
	if errors.Is(err, io.EOF) {
		return Finished, nil
	}
	return Failed, err
}

// fill reads until the ring is full.
func (p *Playback) fill(l *list, buf []int16) error {
	for {
		free := p.ring.Free()
		if free == 0 {
			return nil
		}
		n, err := l.Read(buf[:min(free, len(buf))])
		p.o.Kernels.Gain(buf[:n], p.gain, p.gain)
		p.ring.Put(buf[:n])
		if err != nil {
			return err
		}
		select {
		case <-p.halt:
			return nil
		default:
		}
	}
}

// cutShort waits for the fade, but not for a tick that does not come.
func (p *Playback) cutShort() (string, error) {
	if p.why == Gone {
		return p.why, nil
	}
	patience := time.NewTimer(lastFrame)
	defer patience.Stop()
	select {
	case <-p.drained:
	case <-patience.C:
	}
	return p.why, nil
}

// Pull fills out, one frame, and says whether there is any sound in it. Tick only.
func (p *Playback) Pull(out []int16) bool {
	if p.ended {
		return false
	}
	fading, closed := p.fading.Load(), p.ring.Closed()
	if p.paused.Load() {
		if fading {
			p.end()
		}
		return false
	}
	n := p.ring.Get(out)
	clear(out[n:])
	p.pulled.Add(int64(n))
	switch {
	case fading:
		p.o.Kernels.Gain(out, kernel.Unity, 0)
		p.end()
	case closed && p.ring.Len() == 0:
		p.end()
	case n == len(out):
		p.begun = true
	case p.begun:
		p.underruns.Add(1)
	}
	return n > 0
}

func (p *Playback) end() {
	p.ended = true
	select {
	case p.drained <- struct{}{}:
	default:
	}
}
