package prompt

import (
	"io"

	"github.com/callwright/callwright/media/dsp"
)

// samples is sound at some rate, as a file or memory has it.
type samples interface {
	// Read and Skip are as those of a source.
	Read(out []int16) (int, error)
	Skip(n int64) (int64, error)
}

// file is samples brought to the Playback's rate.
type file struct {
	r     samples
	c     io.Closer // nil: nothing is open
	bank  *dsp.Bank // nil: the rates are equal
	conv  *dsp.Resampler
	in    []int16
	out   []int16 // memory of ready
	ready []int16 // converted, not given out yet
	ended bool
}

// convert makes a source of samples of a rate, played at the Playback's speed.
func (o *Options) convert(r samples, rate int, c io.Closer) (source, error) {
	if o.Speed != 0 && o.Speed != 1 {
		rate = (int(float64(rate)*o.Speed) + 100) / 200 * 200 // so that a small filter does
	}
	bank, err := o.Banks.Get(rate, o.Rate, dsp.Fine)
	if err != nil {
		return nil, err
	}
	s := &file{r: r, c: c, bank: bank}
	if bank != nil {
		s.conv = dsp.NewAligned(bank)
		s.in = make([]int16, 960)
		s.out = make([]int16, max(bank.MaxOut(len(s.in)), bank.MaxTail()))
	}
	return s, nil
}

func (s *file) Read(out []int16) (int, error) {
	if s.bank == nil {
		return s.r.Read(out)
	}
	for len(s.ready) == 0 {
		if err := s.more(); err != nil {
			return 0, err
		}
	}
	n := copy(out, s.ready)
	s.ready = s.ready[n:]
	return n, nil
}

func (s *file) more() error {
	if s.ended {
		return io.EOF
	}
	n, err := s.r.Read(s.in)
	switch {
	case err == io.EOF:
		s.ended = true
		s.ready = s.out[:s.conv.Flush(s.out)]
	case err != nil:
		return err
	default:
		s.ready = s.out[:s.conv.Resample(s.out, s.in[:n])]
	}
	return nil
}

func (s *file) Skip(n int64) (int64, error) {
	if s.bank == nil {
		return s.r.Skip(n)
	}
	from, to := int64(s.bank.From), int64(s.bank.To)
	if n > 1<<62/from {
		n = 1 << 62 / from
	}
	skipped, err := s.r.Skip(n * from / to)
	return min(n, (skipped*to+from-1)/from), err
}

func (s *file) Close() error {
	if s.c == nil {
		return nil
	}
	return s.c.Close()
}
