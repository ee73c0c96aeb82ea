package record_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callwright/callwright/media/dsp"
	"github.com/callwright/callwright/media/kernel"
	"github.com/callwright/callwright/media/wav"
	"github.com/callwright/callwright/mixer/record"
)

// booth records a member who says 500 Hz and hears 900 Hz.
type booth struct {
	dir     string
	root    *os.Root
	in, out *dsp.Oscillator
	end     *record.Result
}

func newBooth(t *testing.T) *booth {
	t.Helper()
	b := &booth{dir: t.TempDir(), in: dsp.NewOscillator(8000, 8000, 500), out: dsp.NewOscillator(8000, 6000, 900)}
	root, err := os.OpenRoot(b.dir)
	if err != nil {
		t.Fatal(err)
	}
	b.root = root
	t.Cleanup(func() { root.Close() })
	return b
}

func (b *booth) start(o record.Options) *record.Recording {
	o.Root, o.Rate, o.Kernels = b.root, 8000, kernel.Best()
	b.end = nil
	return record.Start(o, func(r record.Result) { b.end = &r })
}

// tick pushes frames, 20 ms apart, silent ones if so.
func (b *booth) tick(r *record.Recording, frames int, silent bool) {
	in, out := make([]int16, 160), make([]int16, 160)
	for range frames {
		time.Sleep(20 * time.Millisecond)
		if !silent {
			b.in.Fill(in)
			b.out.Fill(out)
		}
		r.Push(in, out)
	}
}

// read gives a file's samples by channel.
func (b *booth) read(t *testing.T, name string) [][]int16 {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(b.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	if b.end != nil {
		sum := sha256.Sum256(raw)
		if b.end.SHA256 != hex.EncodeToString(sum[:]) || b.end.Bytes != int64(len(raw)) {
			t.Errorf("%+v is not of this file of %d bytes", b.end, len(raw))
		}
	}
	if _, err := wav.NewReader(strings.NewReader(string(raw))); err != nil {
		t.Fatal(err)
	}
	if promised := binary.LittleEndian.Uint32(raw[40:]); int(promised) > len(raw)-44 {
		t.Errorf("header promises %d bytes of %d", promised, len(raw)-44)
	}
	ch := make([][]int16, raw[22])
	for i := 44; i+1 < len(raw); i += 2 {
		k := (i - 44) / 2 % len(ch)
		ch[k] = append(ch[k], int16(binary.LittleEndian.Uint16(raw[i:])))
	}
	return ch
}

func wantTones(t *testing.T, what string, samples []int16, in, out float64) {
	t.Helper()
	for hz, want := range map[float64]float64{500: in, 900: out} {
		if a := dsp.Goertzel(samples, 8000, hz); math.Abs(a-want) > 100 {
			t.Errorf("%s: %v Hz at %.0f, want %.0f", what, hz, a, want)
		}
	}
}

func TestLegs(t *testing.T) {
	for name, c := range map[string]struct {
		leg    record.Leg
		stereo bool
		want   [][2]float64 // by channel: amplitude of in and of out
	}{
		"in.wav":     {record.In, false, [][2]float64{{8000, 0}}},
		"out.wav":    {record.Out, true, [][2]float64{{0, 6000}}},
		"both.wav":   {record.Both, false, [][2]float64{{8000, 6000}}},
		"stereo.wav": {record.Both, true, [][2]float64{{8000, 0}, {0, 6000}}},
	} {
		b := newBooth(t)
		synctest.Test(t, func(t *testing.T) {
			r := b.start(record.Options{Path: "deep/er/" + name, Leg: c.leg, Stereo: c.stereo})
			b.tick(r, 100, false)
			r.Stop(record.Stopped)
			r.Stop(record.Gone)
			synctest.Wait()
			if b.end == nil || b.end.Reason != record.Stopped || b.end.Length != 2*time.Second || b.end.Err != nil {
				t.Fatalf("%s: %+v", name, b.end)
			}
		})
		ch := b.read(t, "deep/er/"+name)
		if len(ch) != len(c.want) || len(ch[0]) != 16000 {
			t.Fatalf("%s: %d channels of %d samples", name, len(ch), len(ch[0]))
		}
		for i := range ch {
			wantTones(t, name, ch[i], c.want[i][0], c.want[i][1])
		}
	}
}

func TestPlayableWhileWritten(t *testing.T) {
	b := newBooth(t)
	synctest.Test(t, func(t *testing.T) {
		r := b.start(record.Options{Path: "a.wav"})
		synctest.Wait()
		for i := range 50 {
			ch := b.read(t, "a.wav")
			if have, least := len(ch[0]), (i-10)*160; have < least {
				t.Fatalf("after %d frames the file has %d samples, want %d", i, have, least)
			}
			b.tick(r, 1, false)
			synctest.Wait()
		}
		r.Stop(record.Gone)
		synctest.Wait()
		if b.end.Reason != record.Gone || len(b.read(t, "a.wav")[0]) != 8000 {
			t.Errorf("%+v", b.end)
		}
	})
}

func TestLimitSilenceTrimPause(t *testing.T) {
	for name, c := range map[string]struct {
		o      record.Options
		reason string
		length time.Duration
	}{
		"limit":   {record.Options{Max: 515 * time.Millisecond}, record.Limit, 515 * time.Millisecond},
		"silence": {record.Options{MaxSilence: time.Second}, record.Silence, 2 * time.Second},
		"trimmed": {record.Options{MaxSilence: time.Second, Trim: true}, record.Silence, 1100 * time.Millisecond},
		"none":    {record.Options{Trim: true}, record.Stopped, 1100 * time.Millisecond},
	} {
		b := newBooth(t)
		synctest.Test(t, func(t *testing.T) {
			c.o.Path = "a.wav"
			r := b.start(c.o)
			b.tick(r, 50, false)
			b.tick(r, 100, true)
			r.Stop(record.Stopped)
			synctest.Wait()
			if b.end.Reason != c.reason || b.end.Length != c.length {
				t.Errorf("%s: %+v, want %s after %v", name, b.end, c.reason, c.length)
			}
			b.read(t, "a.wav")
		})
	}
	b := newBooth(t)
	synctest.Test(t, func(t *testing.T) {
		r := b.start(record.Options{Path: "a.wav"})
		b.tick(r, 10, false)
		r.Pause(true)
		b.tick(r, 50, false)
		r.Pause(false)
		b.tick(r, 10, false)
		r.Stop(record.Stopped)
		synctest.Wait()
		if b.end.Length != 400*time.Millisecond {
			t.Errorf("%+v with a pause, want 400 ms", b.end)
		}
	})
}

func TestWhereNothingCanBeWritten(t *testing.T) {
	b := newBooth(t)
	os.Mkdir(filepath.Join(b.dir, "dir"), 0o700)
	outside := t.TempDir()
	os.Symlink(outside, filepath.Join(b.dir, "out"))
	if err := syscall.Mkfifo(filepath.Join(b.dir, "fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, says := range map[string]string{
		"../a.wav": "escapes", filepath.Join(outside, "a.wav"): "escapes", "out/a.wav": "escapes", "": "",
		"dir": "not a regular file", "fifo": "not a regular file", "fifo/a.wav": "",
	} {
		synctest.Test(t, func(t *testing.T) {
			b.start(record.Options{Path: path})
			synctest.Wait()
			if b.end == nil || b.end.Reason != record.Failed || !errors.Is(b.end.Err, record.ErrPath) ||
				!strings.Contains(b.end.Err.Error(), says) {
				t.Errorf("%q: %+v, want an error with %q", path, b.end, says)
			}
		})
	}
	if left, _ := os.ReadDir(outside); len(left) != 0 {
		t.Errorf("a recording got out: %v", left)
	}
}

// The disk may stop taking anything in the middle; what there is stays a file.
func TestWriteErrorMidway(t *testing.T) {
	b := newBooth(t)
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		r := b.start(record.Options{Path: "a.wav"})
		b.tick(r, 20, false)
		limit := old
		limit.Cur = 8000
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
			t.Fatal(err)
		}
		b.tick(r, 50, false)
		syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old)
		synctest.Wait()
		if b.end == nil || b.end.Reason != record.Failed || b.end.Length == 0 {
			t.Errorf("%+v, want an error after some sound", b.end)
		}
		r.Stop(record.Gone)
	})
}

func TestSlowFileIsCounted(t *testing.T) {
	b := newBooth(t)
	synctest.Test(t, func(t *testing.T) {
		r := b.start(record.Options{Path: "a.wav", Leg: record.Both, Stereo: true})
		frame := make([]int16, 160)
		for range 200 { // all at once: the goroutine sleeps
			r.Push(frame, frame)
		}
		if r.Overruns() == 0 {
			t.Error("no frame was lost of 4 s in a ring of 1 s")
		}
		if n := testing.AllocsPerRun(100, func() { r.Push(frame, frame) }); n != 0 {
			t.Errorf("%v allocations a frame", n)
		}
		r.Stop(record.Stopped)
	})
}
