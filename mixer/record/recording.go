package record

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/callwright/callwright/media/kernel"
	"github.com/callwright/callwright/mixer/ring"
)

// ErrPath is a place where no recording can be written.
var ErrPath = errors.New("record: cannot write")

// Leg is which part of a member is recorded.
type Leg int

const (
	In   Leg = iota // what it says
	Out             // what it hears
	Both            // added up, or with Stereo in left and out right
)

// Options say what to record.
type Options struct {
	Root       *os.Root
	Path       string // slash-separated, below Root; directories are made
	Rate       int    // of the frames pushed
	Leg        Leg
	Stereo     bool          // with Both
	Max        time.Duration // 0: no limit
	MaxSilence time.Duration // 0: no limit
	Trim       bool          // cut silence at the end
	Append     bool          // go on at the end of the file that is there
	Kernels    *kernel.Kernels

	open func() (file, error) // tests'; nil: below Root
}

// channels of the file.
func (o *Options) channels() int {
	if o.Leg == Both && o.Stereo {
		return 2
	}
	return 1
}

// Reasons of an end.
const (
	Stopped = "stopped"
	Limit   = "limit"
	Silence = "silence"
	Gone    = "gone"
	Failed  = "error"
)

// Result is how a Recording ended. Length, Bytes and SHA256 are those of the file,
// as far as there is one.
type Result struct {
	Reason string
	Err    error // with Failed
	Length time.Duration
	Bytes  int64
	SHA256 string // hex
}

const (
	held  = time.Second            // of sound in the ring
	flush = 200 * time.Millisecond // how often it is written
	// patience is how long the end waits for a file system that does not answer.
	patience = 5 * time.Second
)

// Recording is one file being written.
type Recording struct {
	o        Options
	ring     *ring.Samples
	scratch  []int16 // tick's
	overruns atomic.Uint64
	paused   atomic.Bool
	masked   atomic.Bool
	blank    []int16 // a frame of silence, tick's

	once sync.Once
	why  string // before halt is closed
	halt chan struct{}
}

// Start begins to record; done is called once, at the end.
func Start(o Options, done func(Result)) *Recording {
	n := int(held.Milliseconds()) * o.Rate / 1000 * o.channels()
	r := &Recording{
		o: o, ring: ring.NewSamples(n), halt: make(chan struct{}),
		scratch: make([]int16, o.Rate/50*o.channels()), blank: make([]int16, o.Rate/50*o.channels()),
	}
	go func() { done(r.run()) }()
	return r
}

// Stop ends it; reason is Stopped or Gone. What was pushed before is in the file.
func (r *Recording) Stop(reason string) {
	r.once.Do(func() {
		r.why = reason
		close(r.halt)
	})
}

// Pause leaves out what is pushed, until it goes on.
func (r *Recording) Pause(paused bool) { r.paused.Store(paused) }

// Mask writes silence in the place of what is pushed, until it is taken off.
func (r *Recording) Mask(masked bool) { r.masked.Store(masked) }

// Overruns is how many frames were lost because the file was too slow.
func (r *Recording) Overruns() uint64 { return r.overruns.Load() }

// Push takes a frame of what the member says and one of what it hears; of a room the
// mix, and nil. Tick only.
func (r *Recording) Push(in, out []int16) {
	if r.paused.Load() {
		return
	}
	frame := in
	switch {
	case r.masked.Load():
		frame = r.blank
	case r.o.Leg == Out:
		frame = out
	case r.o.Leg == Both && r.o.Stereo:
		frame = r.scratch[:2*len(in)]
		for i := range in {
			frame[2*i], frame[2*i+1] = in[i], out[i]
		}
	case r.o.Leg == Both:
		frame = r.scratch[:len(in)]
		copy(frame, in)
		r.o.Kernels.Add(frame, out)
	}
	if r.ring.Free() < len(frame) { // half a frame would shift the channels
		r.overruns.Add(1)
		return
	}
	r.ring.Put(frame)
}

// run waits for the end. The file is written on a goroutine of its own: one that hangs
// in its file system cannot hold up the end for longer than patience.
func (r *Recording) run() Result {
	end := make(chan Result, 1)
	go func() { end <- r.write() }()
	select {
	case res := <-end:
		return res
	case <-r.halt:
	}
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case res := <-end:
		return res
	case <-limit.C:
		return Result{Reason: Failed, Err: fmt.Errorf("%w %q: the file system has not answered for %v", ErrPath, r.o.Path, patience)}
	}
}

// write writes until a limit, control or an error ends it.
func (r *Recording) write() Result {
	w, err := create(&r.o)
	if err != nil {
		return Result{Reason: Failed, Err: err}
	}
	defer w.close()
	timer := time.NewTimer(flush)
	defer timer.Stop()
	for {
		halted := false
		select {
		case <-timer.C:
		case <-r.halt:
			halted = true
		}
		reason, err := w.drain(r.ring)
		switch {
		case err != nil:
			return w.finish(Failed, err)
		case reason != "":
			return w.finish(reason, nil)
		case halted:
			return w.finish(r.why, nil)
		}
		timer.Reset(flush)
	}
}
