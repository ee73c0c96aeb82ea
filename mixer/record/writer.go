package record

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/callwright/callwright/media/wav"
	"github.com/callwright/callwright/mixer/ring"
)

const (
	quietLevel = 1 << 15 / 178.0 // -45 dBov: below it a piece counts as silence
	kept       = 100             // ms of silence that Trim leaves behind the last sound
)

// writer is the goroutine's half of a Recording. It counts in samples of a channel.
type writer struct {
	o      *Options
	f      file
	w      *wav.Writer
	buf    []int16
	max    int64 // 0: no limit
	silent int64 // longest silence allowed, 0: no limit
	piece  int64 // samples judged at once: 20 ms
	sound  int64 // end of the last piece that was not silent
}

// file is what a recording is written to.
type file interface {
	wav.Existing
	io.Closer
	Stat() (fs.FileInfo, error)
}

func create(o *Options) (*writer, error) {
	open := o.open
	if open == nil {
		open = func() (file, error) { return createFile(o.Root, o.Path) }
	}
	f, err := open()
	if err != nil {
		return nil, fmt.Errorf("%w %q: %w", ErrPath, o.Path, err)
	}
	w, err := begin(f, o)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%w %q: %w", ErrPath, o.Path, err)
	}
	samples := func(d time.Duration) int64 { return d.Milliseconds() * int64(o.Rate) / 1000 }
	return &writer{
		o: o, f: f, w: w, buf: make([]int16, o.Rate/4*o.channels()),
		max: samples(o.Max), silent: samples(o.MaxSilence), piece: int64(o.Rate / 50), sound: w.Samples(),
	}, nil
}

func begin(f file, o *Options) (*wav.Writer, error) {
	if !o.Append {
		return wav.NewWriter(f, o.Rate, o.channels())
	}
	st, err := f.Stat()
	if err != nil {
		return nil, plain(err)
	}
	return wav.Append(f, st.Size(), o.Rate, o.channels())
}

// createFile looks before it opens, for to open a FIFO would wait for its reader.
func createFile(root *os.Root, path string) (*os.File, error) {
	if root == nil {
		return nil, errors.New("this mixer has no such root")
	}
	name := filepath.FromSlash(path)
	if dir := filepath.Dir(name); dir != "." {
		if err := root.MkdirAll(dir, 0o750); err != nil {
			return nil, plain(err)
		}
	}
	if st, err := root.Stat(name); err == nil && !st.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	f, err := root.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o640)
	return f, plain(err)
}

// plain drops the path, which the caller says already, and the system call's name.
func plain(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err
	}
	return err
}

// drain writes what waits in the ring. A reason says that the recording is over.
func (w *writer) drain(r *ring.Samples) (reason string, err error) {
	for {
		n := r.Get(w.buf)
		if n == 0 {
			return "", nil
		}
		if reason, err = w.write(w.buf[:n]); reason != "" || err != nil {
			return reason, err
		}
	}
}

// write appends samples up to the first limit they reach.
func (w *writer) write(samples []int16) (reason string, err error) {
	ch := int64(w.o.channels())
	n, at := int64(len(samples))/ch, w.w.Samples()
	if w.max > 0 && at+n >= w.max {
		n, reason = w.max-at, Limit
	}
	for from := int64(0); from < n; from += w.piece {
		to := min(from+w.piece, n)
		if loud(samples[from*ch : to*ch]) {
			w.sound = at + to
		} else if w.silent > 0 && at+to-w.sound >= w.silent {
			n, reason = to, Silence
		}
	}
	if err := w.w.Write(samples[:n*ch]); err != nil {
		if errors.Is(err, wav.ErrFull) {
			return Limit, nil
		}
		return "", plain(err)
	}
	return reason, nil
}

// loud judges the root of the mean square.
func loud(samples []int16) bool {
	sum := 0.0
	for _, x := range samples {
		sum += float64(x) * float64(x)
	}
	return math.Sqrt(sum/float64(len(samples))) > quietLevel
}

// finish trims and measures the file.
func (w *writer) finish(reason string, cause error) Result {
	if w.o.Trim {
		if err := w.w.Truncate(w.sound + int64(kept*w.o.Rate/1000)); err != nil && cause == nil {
			reason, cause = Failed, plain(err)
		}
	}
	if cause != nil { // what a full disk took of the last write is no part of it
		_ = w.f.Truncate(w.w.Bytes())
	}
	res := Result{
		Reason: reason,
		Length: time.Duration(w.w.Samples()) * time.Second / time.Duration(w.o.Rate),
		Bytes:  w.w.Bytes(),
	}
	sum, err := w.hash()
	if err != nil && cause == nil {
		res.Reason, cause = Failed, plain(err)
	}
	res.SHA256 = sum
	if cause != nil {
		res.Err = fmt.Errorf("%w %q: %w", ErrPath, w.o.Path, cause)
	}
	return res
}

// hash reads the file again: its header was rewritten to the last.
func (w *writer) hash() (string, error) {
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(w.f, 0, w.w.Bytes())); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func (w *writer) close() { w.f.Close() }
