package prompt

import (
	"context"
	"errors"
	"io"
	"math"
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
	Speed   float64 // 0.5 to 2, pitch and all; 0: 1
	DuckDB  float64 // how much quieter others shall be meanwhile; 0: not at all

	Roots   Roots
	Banks   *dsp.Banks
	Kernels *kernel.Kernels
	Cache   *Cache // of what comes from elsewhere; nil: nothing does
	// Recall gives the last ms of a room's mix and its rate; nil: rooms keep nothing.
	Recall func(room string, ms uint32) ([]int16, int)

	opener func(*control.Source) (source, error) // tests'
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

// Limits of speed.
const (
	slowest = 0.5
	fastest = 2
)

// Playback is one list that plays.
type Playback struct {
	o    Options
	ring *ring.Samples
	duck kernel.Gain

	level                 kernel.Gain // tick's, as are the next four
	begun, ended, fadesIn bool
	gain                  atomic.Int32 // kernel.Gain wanted
	pulled                atomic.Int64
	underruns             atomic.Uint64
	paused, fading        atomic.Bool
	read                  atomic.Bool   // the list is at its end: what is in the ring is all
	drained               chan struct{} // told by the tick, at the end of the ring or the fade

	seek     chan time.Duration // the last one wanted
	dropping atomic.Bool        // the tick shall empty the ring
	dropped  chan struct{}      // it has

	once   sync.Once
	why    string // before halt is closed
	halt   chan struct{}
	ctx    context.Context // ends with halt
	cancel context.CancelFunc
}

// Start begins to play; done is called once, at the end.
func Start(o Options, done func(Result)) *Playback {
	o.Speed = speedOf(o.Speed)
	p := &Playback{
		o: o, level: kernel.FromDB(o.GainDB), duck: kernel.FromDB(-math.Abs(o.DuckDB)),
		ring:    ring.NewSamples(int(ahead.Milliseconds()) * o.Rate / 1000),
		drained: make(chan struct{}, 1), seek: make(chan time.Duration, 1), dropped: make(chan struct{}, 1),
		halt: make(chan struct{}),
	}
	p.gain.Store(int32(p.level))
	p.ctx, p.cancel = context.WithCancel(context.Background())
	go func() {
		reason, err := p.run()
		p.cancel()
		done(Result{Reason: reason, Err: err, Played: p.Played()})
	}()
	return p
}

// speedOf bounds a speed, in steps of 5 %, so that there are few filters.
func speedOf(x float64) float64 {
	if x == 0 || math.IsNaN(x) {
		return 1
	}
	return math.Round(max(slowest, min(x, fastest))*20) / 20
}

// Stop ends it, with a fade of one frame; reason is Stopped or Gone.
func (p *Playback) Stop(reason string) {
	p.once.Do(func() {
		p.why = reason
		p.fading.Store(true)
		close(p.halt)
		p.cancel()
	})
}

// Pause holds it where it is, or lets it go on.
func (p *Playback) Pause(paused bool) { p.paused.Store(paused) }

// Adjust changes how loud it is.
func (p *Playback) Adjust(gainDB float64) { p.gain.Store(int32(kernel.FromDB(gainDB))) }

// Seek goes to an offset from the beginning of the list, in a few frames.
func (p *Playback) Seek(offset time.Duration) {
	for {
		select {
		case p.seek <- offset:
			return
		default:
		}
		select { // a former wish that nobody has taken yet
		case <-p.seek:
		default:
		}
	}
}

// Duck is how loud others shall be while it sounds.
func (p *Playback) Duck() kernel.Gain { return p.duck }

// Played is how much sound was pulled so far.
func (p *Playback) Played() time.Duration {
	return time.Duration(p.pulled.Load()) * time.Second / time.Duration(p.o.Rate)
}

// Underruns is how many frames the tick wanted that were not there in time.
func (p *Playback) Underruns() uint64 { return p.underruns.Load() }

// run waits for the end. The list is read on a goroutine of its own: a file system or a
// server that hangs holds up that one, and nobody else.
func (p *Playback) run() (string, error) {
	failed := make(chan error, 1)
	go func() { failed <- p.feed() }()
	select {
	case <-p.drained:
		if !p.fading.Load() {
			return Finished, nil
		}
		<-p.halt
		return p.why, nil
	case <-p.halt:
		return p.cutShort()
	case err := <-failed:
		p.read.Store(true) // what came before is heard
		select {
		case <-p.drained:
			return Failed, err
		case <-p.halt:
			return p.cutShort()
		}
	}
}

// feed keeps the ring full until the playback ends.
func (p *Playback) feed() error {
	l, err := p.open(p.o.Offset)
	defer func() { l.close() }()
	timer := time.NewTimer(refill)
	defer timer.Stop()
	buf := make([]int16, 1024)
	for {
		if err == nil {
			err = p.fill(l, buf)
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		p.read.Store(err != nil)
		timer.Reset(refill)
		select {
		case <-timer.C:
		case <-p.ctx.Done():
			return nil
		case at := <-p.seek:
			p.read.Store(false)
			if !p.empty() {
				return nil
			}
			l.close()
			l, err = p.open(at)
		}
	}
}

// open begins the list at an offset.
func (p *Playback) open(at time.Duration) (*list, error) {
	l := &list{o: &p.o, ctx: p.ctx, sources: p.o.Sources, loops: p.o.Loops}
	return l, l.skip(int64(float64(at.Milliseconds()) * float64(p.o.Rate) / 1000 / p.o.Speed))
}

// empty has the tick drop what is in the ring; false: it ended meanwhile.
func (p *Playback) empty() bool {
	p.dropping.Store(true)
	select {
	case <-p.dropped:
		return true
	case <-p.ctx.Done():
		return false
	}
}

// fill reads until the ring is full.
func (p *Playback) fill(l *list, buf []int16) error {
	for p.ctx.Err() == nil && len(p.seek) == 0 {
		free := p.ring.Free()
		if free == 0 {
			return nil
		}
		n, err := l.Read(buf[:min(free, len(buf))])
		p.ring.Put(buf[:n])
		if err != nil {
			return err
		}
	}
	return nil
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
	fading, read := p.fading.Load(), p.read.Load()
	if p.dropping.Load() {
		return p.drop(out)
	}
	if p.paused.Load() {
		if fading {
			p.end()
		}
		return false
	}
	n := p.ring.Get(out)
	clear(out[n:])
	p.pulled.Add(int64(n))
	p.shape(out, fading)
	switch {
	case fading, read && p.ring.Len() == 0:
		p.end()
	case n == len(out):
		p.begun = true
	case p.begun:
		p.underruns.Add(1)
	}
	return n > 0
}

// shape gives a frame its gain; the first after a seek fades in, the last fades out.
func (p *Playback) shape(out []int16, fading bool) {
	from, to := p.level, kernel.Gain(p.gain.Load())
	p.level = to
	if p.fadesIn {
		p.fadesIn, from = false, 0
	}
	if fading {
		to = 0
	}
	p.o.Kernels.Gain(out, from, to)
}

// drop fades out and forgets what was read before a seek.
func (p *Playback) drop(out []int16) bool {
	n := p.ring.Get(out)
	clear(out[n:])
	p.pulled.Add(int64(n))
	p.o.Kernels.Gain(out, p.level, 0)
	p.ring.Drop()
	p.begun, p.fadesIn = false, true
	p.dropping.Store(false)
	p.dropped <- struct{}{}
	return n > 0
}

func (p *Playback) end() {
	p.ended = true
	select {
	case p.drained <- struct{}{}:
	default:
	}
}
