package dsp

// Resampler converts one stream of samples, a file's, with a Bank.
type Resampler struct {
	b     *Bank
	hist  []float32 // taps-1 samples kept, then those of the call
	have  int
	pos   int // of the next output's window in hist
	phase int
}

const block = 960 // input samples taken at a time

// NewAligned begins a stream whose output has no delay: it waits for the input it
// needs, and Flush gives what is left at the end.
func NewAligned(b *Bank) *Resampler {
	return &Resampler{b: b, hist: make([]float32, b.taps+block), have: b.taps/2 - 1}
}

// MaxOut is how much room Resample needs for n input samples.
func (b *Bank) MaxOut(n int) int { return (n*b.up+b.down-1)/b.down + 1 }

// MaxTail is how much room Flush needs.
func (b *Bank) MaxTail() int { return b.MaxOut(b.taps / 2) }

// Delay is how many output samples later a live stream (Frames) sounds.
func (b *Bank) Delay() int { return b.taps / 2 * b.up / b.down }

// Resample converts all of in and says how many samples it wrote to out, which must
// hold MaxOut(len(in)) and not overlap in. It allocates nothing.
func (r *Resampler) Resample(out, in []int16) int {
	n := 0
	for len(in) > 0 {
		k := min(len(in), len(r.hist)-r.have)
		for i, x := range in[:k] {
			r.hist[r.have+i] = float32(x)
		}
		r.have += k
		in = in[k:]
		n += r.run(out[n:])
	}
	return n
}

// Flush ends an aligned stream: it gives the output for the last input samples, as
// if silence followed.
func (r *Resampler) Flush(out []int16) int {
	n, zeros := 0, [64]int16{}
	for left := r.b.taps / 2; left > 0; {
		k := min(left, len(zeros))
		n += r.Resample(out[n:], zeros[:k])
		left -= k
	}
	return n
}

func (r *Resampler) run(out []int16) int {
	b, n := r.b, 0
	for r.pos+b.taps <= r.have {
		out[n] = rounded(dot(r.hist[r.pos:r.pos+b.taps], b.h[r.phase*b.taps:]))
		n++
		r.phase += b.down
		for r.phase >= b.up {
			r.phase -= b.up
			r.pos++
		}
	}
	if gone := min(r.pos, r.have); gone > 0 {
		r.have = copy(r.hist, r.hist[gone:r.have])
		r.pos -= gone
	}
	return n
}

// dot keeps four sums so that the additions need not wait for each other.
func dot(x, h []float32) float32 {
	h = h[:len(x)]
	var a, b, c, d float32
	i := 0
	for ; i+4 <= len(x); i += 4 {
		a += x[i] * h[i]
		b += x[i+1] * h[i+1]
		c += x[i+2] * h[i+2]
		d += x[i+3] * h[i+3]
	}
	for ; i < len(x); i++ {
		a += x[i] * h[i]
	}
	return a + b + c + d
}

func rounded(x float32) int16 {
	switch {
	case x >= 32767:
		return 32767
	case x <= -32768:
		return -32768
	}
	return int16(int32(x+32768.5) - 32768)
}
