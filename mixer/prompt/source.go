package prompt

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"

	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/media/dsp"
	"github.com/callwright/callwright/media/wav"
)

// Errors of what cannot be played.
var (
	ErrSource = errors.New("prompt: not a source")
	ErrFile   = errors.New("prompt: cannot play file")
)

// Forever is the number of loops that has no end.
const Forever = math.MaxUint32

// Roots are the directories that files are played from. Either may be nil.
type Roots struct {
	Prompts    *os.Root
	Recordings *os.Root
}

// source is one entry of a list, at the rate of its Playback.
type source interface {
	// Read fills out; at the end it gives 0 and io.EOF.
	Read(out []int16) (int, error)
	// Skip passes over up to n samples and says how many there were.
	Skip(n int64) (int64, error)
	io.Closer
}

// open makes the source that s describes.
func (o *Options) open(s *control.Source) (source, error) {
	switch b := s.GetBody().(type) {
	case *control.Source_File:
		return o.openFile(b.File)
	case *control.Source_Tone:
		t := toneOf(b.Tone)
		if err := t.Check(); err != nil {
			return nil, err
		}
		return noFile{dsp.NewPlayer(t, o.Rate)}, nil
	case *control.Source_SilenceMs:
		return &silence{left: int64(b.SilenceMs) * int64(o.Rate) / 1000}, nil
	}
	return nil, fmt.Errorf("%w: %T", ErrSource, s.GetBody())
}

// toneOf turns the wire's form into a plan: there, 0 and 1 repeats are once.
func toneOf(c *control.Tone) *dsp.Tone {
	t := &dsp.Tone{Times: int(max(1, c.GetRepeats()))}
	if c.GetRepeats() == Forever {
		t.Times = 0
	}
	for _, s := range c.GetSegments() {
		t.Segments = append(t.Segments, dsp.Segment{Hz: s.GetHz(), MS: int(min(s.GetMs(), math.MaxInt32))})
	}
	return t
}

type noFile struct{ *dsp.Player }

func (noFile) Close() error { return nil }

type silence struct{ left int64 }

func (s *silence) Read(out []int16) (int, error) {
	n := min(int64(len(out)), s.left)
	if n == 0 && len(out) > 0 {
		return 0, io.EOF
	}
	clear(out[:n])
	s.left -= n
	return int(n), nil
}

func (s *silence) Skip(n int64) (int64, error) {
	n = min(n, s.left)
	s.left -= n
	return n, nil
}

func (s *silence) Close() error { return nil }

func (o *Options) openFile(c *control.File) (source, error) {
	root := o.Roots.Prompts
	if c.GetRoot() == control.File_RECORDINGS {
		root = o.Roots.Recordings
	}
	f, err := openRegular(root, c.GetPath())
	if err != nil {
		return nil, fmt.Errorf("%w %q: %w", ErrFile, c.GetPath(), err)
	}
	r, err := wav.NewReader(f)
	if err == nil {
		var bank *dsp.Bank
		if bank, err = o.Banks.Get(r.Rate, o.Rate, dsp.Fine); err == nil {
			return newFile(f, r, bank), nil
		}
	}
	f.Close()
	return nil, fmt.Errorf("%w %q: %w", ErrFile, c.GetPath(), err)
}

// openRegular looks before it opens, for to open a FIFO would wait for its writer.
func openRegular(root *os.Root, path string) (*os.File, error) {
	if root == nil {
		return nil, errors.New("this mixer has no such root")
	}
	name := filepath.FromSlash(path)
	st, err := root.Stat(name)
	if err != nil {
		return nil, plain(err)
	}
	if !st.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	f, err := root.Open(name)
	return f, plain(err)
}

// plain drops the path, which the caller says already, and the system call's name.
func plain(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err
	}
	return err
}
