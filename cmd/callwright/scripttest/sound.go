package scripttest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/callwright/callwright/media/dsp"
	"github.com/callwright/callwright/media/wav"
)

// sound is what a phone says or should hear: frequencies, or the samples of a file.
type sound struct {
	name string
	hz   []float64
	pcm  []int16
}

// readSound understands 440, 'tone:350+440' and 'prompts/a.wav'.
func (b *bench) readSound(what any) (*sound, error) {
	switch w := what.(type) {
	case float64:
		return checkTone(&sound{name: strconv.FormatFloat(w, 'f', -1, 64) + " Hz", hz: []float64{w}})
	case string:
		if spec, ok := strings.CutPrefix(w, "tone:"); ok {
			s := &sound{name: w}
			for f := range strings.SplitSeq(spec, "+") {
				hz, err := strconv.ParseFloat(f, 64)
				if err != nil {
					return nil, fmt.Errorf("%q: %w", w, errWhat)
				}
				s.hz = append(s.hz, hz)
			}
			return checkTone(s)
		}
		return b.readFile(w)
	}
	return nil, errWhat
}

func checkTone(s *sound) (*sound, error) {
	for _, hz := range s.hz {
		if hz < 50 || hz >= rate/2 {
			return nil, fmt.Errorf("%s: a phone hears 50 to %d Hz", s.name, rate/2)
		}
	}
	return s, nil
}

func (b *bench) readFile(name string) (*sound, error) {
	if !filepath.IsLocal(name) {
		return nil, fmt.Errorf("%q is not in the scripts directory", name)
	}
	f, err := os.Open(filepath.Join(b.dir, name))
	if err != nil {
		return nil, fmt.Errorf("%q: %w", name, err)
	}
	defer f.Close()
	r, err := wav.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", name, err)
	}
	pcm, err := readAll(r)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", name, err)
	}
	return &sound{name: name, pcm: pcm}, nil
}

// readAll gives a file's samples at the phone's rate.
func readAll(r *wav.Reader) (pcm []int16, err error) {
	in := make([]int16, 960)
	var convert *dsp.Resampler
	var out []int16
	if r.Rate != rate {
		bank, err := dsp.NewBank(r.Rate, rate, dsp.Fine)
		if err != nil {
			return nil, err
		}
		convert = dsp.NewAligned(bank)
		out = make([]int16, max(bank.MaxOut(len(in)), bank.MaxTail()))
	}
	for err == nil {
		var n int
		n, err = r.Read(in)
		if convert == nil {
			pcm = append(pcm, in[:n]...)
		} else {
			pcm = append(pcm, out[:convert.Resample(out, in[:n])]...)
		}
	}
	if convert != nil {
		pcm = append(pcm, out[:convert.Flush(out)]...)
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return pcm, err
}

// voice makes a speech of a sound; a tone lasts d.
func (s *sound) voice(d time.Duration) *speech {
	sp := &speech{said: make(chan struct{})}
	if s.hz != nil {
		tone := dsp.NewOscillator(rate, 8000, s.hz...)
		left := int(d * rate / time.Second)
		sp.read = func(frame []int16) bool {
			tone.Fill(frame)
			left -= len(frame)
			return left > 0
		}
		return sp
	}
	rest := s.pcm
	sp.read = func(frame []int16) bool {
		n := copy(frame, rest)
		rest = rest[n:]
		return len(rest) > 0
	}
	return sp
}
