package record

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callwright/callwright/media/kernel"
	"github.com/callwright/callwright/media/wav"
)

// faulty is a file whose writes may be held up, or fail when it is full.
type faulty struct {
	*os.File
	full  int64 // bytes the disk has; 0: enough
	holds atomic.Bool
	stuck chan struct{} // until it is closed, if it holds
}

func (f *faulty) WriteAt(p []byte, at int64) (int, error) {
	if f.holds.Load() {
		<-f.stuck
	}
	if f.full > 0 && at+int64(len(p)) > f.full {
		n, _ := f.File.WriteAt(p[:max(0, f.full-at)], at)
		return n, &fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}
	}
	return f.File.WriteAt(p, at)
}

func record(t *testing.T, path string, f *faulty, o Options) (*Recording, chan Result) {
	t.Helper()
	end := make(chan Result, 1)
	o.Rate, o.Kernels, o.Path = 8000, kernel.Best(), filepath.Base(path)
	o.open = func() (file, error) {
		var err error
		f.File, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		return f, err
	}
	return Start(o, func(r Result) { end <- r }), end
}

func push(r *Recording, frames int, value int16) {
	in := make([]int16, 160)
	for i := range in {
		in[i] = value
	}
	for range frames {
		time.Sleep(20 * time.Millisecond)
		r.Push(in, in)
	}
}

func samplesOf(t *testing.T, path string) []int16 {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := wav.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]int16, 1<<20)
	n := 0
	for {
		k, err := r.Read(out[n:])
		if n += k; err != nil {
			return out[:n]
		}
	}
}

func TestAFullDiskEndsItWithWhatThereIs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.wav")
	synctest.Test(t, func(t *testing.T) {
		r, end := record(t, path, &faulty{full: 10_001}, Options{})
		push(r, 100, 7)
		res := <-end
		if res.Reason != Failed || !strings.Contains(res.Err.Error(), "no space left") || res.Bytes == 0 || res.SHA256 == "" {
			t.Fatalf("%+v", res)
		}
		st, _ := os.Stat(path)
		if st.Size() != res.Bytes {
			t.Errorf("the file has %d bytes, the recording %d", st.Size(), res.Bytes)
		}
	})
	if s := samplesOf(t, path); len(s) < 3200 {
		t.Errorf("only %d samples are left of it", len(s))
	}
}

// The tick never waits for a file, and control waits for a while only.
func TestAStalledFileSystemStallsNeitherTickNorControl(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.wav")
	synctest.Test(t, func(t *testing.T) {
		f := &faulty{stuck: make(chan struct{})}
		r, end := record(t, path, f, Options{})
		push(r, 20, 7)
		f.holds.Store(true)
		began := time.Now()
		push(r, 100, 7)
		if d := time.Since(began); d != 2*time.Second {
			t.Errorf("100 frames took %v", d)
		}
		if r.Overruns() == 0 {
			t.Error("what could not be kept is not counted")
		}
		r.Stop(Stopped)
		if res := <-end; res.Reason != Failed || !strings.Contains(res.Err.Error(), "not answered") {
			t.Errorf("%+v", res)
		}
		close(f.stuck)
	})
}

func TestAppendGoesOnWhereAnotherDied(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.wav")
	synctest.Test(t, func(t *testing.T) {
		r, end := record(t, path, &faulty{}, Options{})
		push(r, 50, 1)
		r.Stop(Gone)
		<-end
		f, _ := os.OpenFile(path, os.O_RDWR, 0)
		f.WriteAt([]byte{9}, 44+2*8000) // half a sample, and a header that never heard of it
		f.Close()
		r, end = record(t, path, &faulty{}, Options{Append: true})
		push(r, 25, 2)
		r.Mask(true)
		push(r, 25, 2)
		r.Mask(false)
		r.Stop(Stopped)
		if res := <-end; res.Length != 2*time.Second || res.Err != nil {
			t.Errorf("%+v", res)
		}
	})
	s := samplesOf(t, path)
	if len(s) != 16000 || s[7999] != 1 || s[8000] != 2 || s[11999] != 2 || s[12000] != 0 || s[15999] != 0 {
		t.Errorf("%d samples: %d %d %d %d", len(s), s[7999], s[8000], s[11999], s[12000])
	}
	synctest.Test(t, func(t *testing.T) {
		r, end := record(t, path, &faulty{}, Options{Append: true, Leg: Both, Stereo: true})
		push(r, 20, 2)
		if res := <-end; res.Reason != Failed || !strings.Contains(res.Err.Error(), "of 1 channels") {
			t.Errorf("another format: %+v", res)
		}
		r.Stop(Gone)
	})
	if again := samplesOf(t, path); len(again) != len(s) {
		t.Errorf("what was refused has changed the file to %d samples", len(again))
	}
}
