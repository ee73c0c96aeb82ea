package ring

import "sync/atomic"

// Samples is a queue of samples. Positions only grow; each side writes its own and
// reads the other's, which also publishes the samples between them.
type Samples struct {
	buf    []int16
	closed atomic.Bool
	put    atomic.Uint64 // written by the producer
	_      [48]byte      // the two positions on cache lines of their own
	got    atomic.Uint64 // written by the consumer
}

// NewSamples makes a ring of at least n samples.
func NewSamples(n int) *Samples { return &Samples{buf: make([]int16, powerOfTwo(n))} }

func powerOfTwo(n int) int {
	size := 1
	for size < n {
		size *= 2
	}
	return size
}

// Put appends as much of in as there is room for and says how much. Producer only.
func (r *Samples) Put(in []int16) int {
	at := r.put.Load()
	n := min(len(in), len(r.buf)-int(at-r.got.Load()))
	first := copy(r.buf[at&uint64(len(r.buf)-1):], in[:n])
	copy(r.buf, in[first:n])
	r.put.Store(at + uint64(n))
	return n
}

// Get moves up to len(out) samples to out and says how many. Consumer only.
func (r *Samples) Get(out []int16) int {
	at := r.got.Load()
	n := min(len(out), int(r.put.Load()-at))
	first := copy(out[:n], r.buf[at&uint64(len(r.buf)-1):])
	copy(out[first:n], r.buf)
	r.got.Store(at + uint64(n))
	return n
}

// Drop forgets what waits. Consumer only.
func (r *Samples) Drop() { r.got.Store(r.put.Load()) }

// Len is how many samples wait; the other side may change it meanwhile, to the
// better for the side that asks.
func (r *Samples) Len() int { return int(r.put.Load() - r.got.Load()) }

// Free is how many samples Put would take.
func (r *Samples) Free() int { return len(r.buf) - r.Len() }

// Close says that nothing more will be put. Producer only.
func (r *Samples) Close() { r.closed.Store(true) }

// Closed says whether nothing more comes. A consumer asks before its Get: then what
// Get gives, if short, was the end.
func (r *Samples) Closed() bool { return r.closed.Load() }
