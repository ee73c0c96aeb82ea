package prompt

import (
	"io"
	"os"

	"github.com/callwright/callwright/media/dsp"
	"github.com/callwright/callwright/media/wav"
)

// file is a WAVE file at the Playback's rate.
type file struct {
	f     *os.File
	r     *wav.Reader
	bank  *dsp.Bank // nil: the rates are equal
	conv  *dsp.Resampler
	in    []int16
	out   []int16 // memory of ready
	ready []int16 // converted, not given out yet
	ended bool
}

func newFile(f *os.File, r *wav.Reader, bank *dsp.Bank) *file {
	s := &file{f: f, r: r, bank: bank}
	if bank != nil {
		s.conv = dsp.NewAligned(bank)
		s.in = make([]int16, 960)
		s.out = make([]int16, max(bank.MaxOut(len(s.in)), bank.MaxTail()))
	}
	return s
}

func (s *file) Read(out []int16) (int, error) {
	if s.bank == nil {
		return s.r.Read(out)
	}
	for len(s.ready) == 0 {
		if err := s.convert(); err != nil {
			return 0, err
		}
	}
	n := copy(out, s.ready)
	s.ready = s.ready[n:]
	return n, nil
}

func (s *file) convert() error {
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

func (s *file) Close() error { return s.f.Close() }
