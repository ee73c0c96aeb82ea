package prompt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"

	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/media/dsp"
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
func (o *Options) open(ctx context.Context, s *control.Source) (source, error) {
	if o.opener != nil {
		return o.opener(s)
	}
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
	case *control.Source_Wav:
		return o.read("wav", bytes.NewReader(b.Wav), nil)
	case *control.Source_Web:
		f, err := o.Cache.web(ctx, b.Web)
		return o.cached(b.Web.GetUrl(), f, err)
	case *control.Source_Speech:
		f, err := o.Cache.speech(ctx, b.Speech)
		return o.cached("what is said", f, err)
	case *control.Source_Recall:
		return o.openRecall(b.Recall)
	}
	return nil, fmt.Errorf("%w: %T", ErrSource, s.GetBody())
}

// cached plays a file of the cache.
func (o *Options) cached(name string, f *os.File, err error) (source, error) {
	if err != nil {
		return nil, fmt.Errorf("%w %q: %w", ErrFile, name, err)
	}
	return o.read(name, f, f)
}

// read plays sound as its name says: raw samples, or else WAVE.
func (o *Options) read(name string, r io.Reader, c io.Closer) (source, error) {
	s, rate, err := readerOf(name, r)
	if err == nil {
		var src source
		if src, err = o.convert(s, rate, c); err == nil {
			return src, nil
		}
	}
	if c != nil {
		c.Close()
	}
	return nil, fmt.Errorf("%w %q: %w", ErrFile, name, err)
}

func (o *Options) openRecall(c *control.Recall) (source, error) {
	if o.Recall == nil {
		return &silence{}, nil
	}
	past, rate := o.Recall(c.GetRoom(), c.GetMs())
	if len(past) == 0 {
		return &silence{}, nil
	}
	return o.convert(&memory{past}, rate, nil)
}

// memory is samples that are there.
type memory struct{ left []int16 }

func (m *memory) Read(out []int16) (int, error) {
	n := copy(out, m.left)
	if m.left = m.left[n:]; n == 0 && len(out) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

func (m *memory) Skip(n int64) (int64, error) {
	n = min(n, int64(len(m.left)))
	m.left = m.left[n:]
	return n, nil
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
	return o.read(c.GetPath(), f, f)
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
