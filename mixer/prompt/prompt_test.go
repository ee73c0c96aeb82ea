package prompt_test

import (
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/media/dsp"
	"github.com/callwright/callwright/media/kernel"
	"github.com/callwright/callwright/media/wav"
	"github.com/callwright/callwright/mixer/prompt"
)

func file(path string) *control.Source {
	return &control.Source{Body: &control.Source_File{File: &control.File{Path: path}}}
}

func tone(ms uint32, hz ...float64) *control.Source {
	return &control.Source{Body: &control.Source_Tone{Tone: &control.Tone{
		Segments: []*control.Tone_Segment{{Hz: hz, Ms: ms}}}}}
}

func silence(ms uint32) *control.Source {
	return &control.Source{Body: &control.Source_SilenceMs{SilenceMs: ms}}
}

// stage is a directory of prompts and what was heard of a playback.
type stage struct {
	dir   string
	roots prompt.Roots
	banks dsp.Banks
	heard []int16
	end   *prompt.Result
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{dir: t.TempDir()}
	root, err := os.OpenRoot(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	s.roots.Prompts = root
	return s
}

// write makes a WAVE file of 16 bit samples.
func (s *stage) write(t *testing.T, name string, rate, channels int, samples []int16) {
	t.Helper()
	f, err := os.Create(filepath.Join(s.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := wav.NewWriter(f, rate, channels)
	if err == nil {
		err = w.Write(samples)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (s *stage) start(o prompt.Options) *prompt.Playback {
	if o.Rate == 0 {
		o.Rate = 8000
	}
	o.Roots, o.Banks, o.Kernels = s.roots, &s.banks, kernel.Best()
	s.heard, s.end = nil, nil
	return prompt.Start(o, func(r prompt.Result) { s.end = &r })
}

// listen pulls a frame every 20 ms, as a tick does, up to the end or so many frames.
func (s *stage) listen(p *prompt.Playback, rate, frames int) {
	out := make([]int16, rate/50)
	for range frames {
		time.Sleep(20 * time.Millisecond)
		synctest.Wait()
		if s.end != nil {
			return
		}
		if p.Pull(out) {
			s.heard = append(s.heard, out...)
		}
		synctest.Wait()
	}
}

// play runs o to its end in virtual time.
func (s *stage) play(t *testing.T, o prompt.Options) prompt.Result {
	t.Helper()
	var r prompt.Result
	synctest.Test(t, func(t *testing.T) {
		p := s.start(o)
		s.listen(p, max(o.Rate, 8000), 5000)
		if s.end == nil {
			p.Stop(prompt.Gone)
			synctest.Wait()
			t.Error("did not end in 100 s")
		}
		if u := p.Underruns(); u != 0 {
			t.Errorf("%d underruns", u)
		}
		r = *s.end
	})
	return r
}

func TestFilesOfEachRateSoundAtTheirPitch(t *testing.T) {
	s := newStage(t)
	for _, rate := range []int{8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000} {
		for _, channels := range []int{1, 2} {
			one := dsp.Sine(rate, rate/2, 1000, 10000)
			var samples []int16
			for _, x := range one {
				samples = append(samples, slices.Repeat([]int16{x}, channels)...)
			}
			s.write(t, "a.wav", rate, channels, samples)
			for _, to := range []int{8000, 16000} {
				r := s.play(t, prompt.Options{Rate: to, Sources: []*control.Source{file("a.wav")}})
				if r.Reason != prompt.Finished || r.Played.Round(time.Millisecond) != 500*time.Millisecond {
					t.Fatalf("%d Hz to %d: %+v", rate, to, r)
				}
				if a := dsp.Goertzel(s.heard[:to/2], to, 1000); math.Abs(a-10000) > 100 {
					t.Errorf("%d Hz, %d channels to %d: 1 kHz at %.0f, want 10000", rate, channels, to, a)
				}
			}
		}
	}
}

// The list must sound as one: cut a sine into files and nothing may be heard of it.
func TestListIsGapless(t *testing.T) {
	s := newStage(t)
	whole := dsp.Sine(8000, 8000, 400, 10000) // 50 whole periods
	s.write(t, "a.wav", 8000, 1, whole[:2357])
	s.write(t, "b.wav", 8000, 1, whole[2357:2358])
	s.write(t, "empty.wav", 8000, 1, nil)
	s.write(t, "c.wav", 8000, 1, whole[2358:])
	list := []*control.Source{file("a.wav"), file("b.wav"), file("empty.wav"), file("c.wav")}
	r := s.play(t, prompt.Options{Sources: list, Loops: 3})
	if r.Reason != prompt.Finished || r.Played != 3*time.Second {
		t.Fatalf("%+v", r)
	}
	if !slices.Equal(s.heard, slices.Repeat(whole, 3)) {
		t.Error("three rounds differ from the whole")
	}
}

func TestMixedListLoopsOffsetAndGain(t *testing.T) {
	s := newStage(t)
	s.write(t, "a.wav", 16000, 1, dsp.Sine(16000, 8000, 500, 10000))
	list := []*control.Source{file("a.wav"), silence(250), tone(250, 700)} // 1 s a round
	for offset, want := range map[time.Duration]time.Duration{
		0: 3 * time.Second, 250 * time.Millisecond: 2750 * time.Millisecond,
		2750 * time.Millisecond: 250 * time.Millisecond, time.Minute: 0,
	} {
		r := s.play(t, prompt.Options{Sources: list, Loops: 3, Offset: offset, GainDB: -20})
		if r.Reason != prompt.Finished || r.Played.Round(time.Millisecond) != want {
			t.Errorf("from %v on: %+v, want %v", offset, r, want)
		}
		if want == 0 {
			continue
		}
		last := s.heard[len(s.heard)-2000:]
		if a := dsp.Goertzel(last, 8000, 700); math.Abs(a-1038) > 60 { // -13 dBov, 20 dB less
			t.Errorf("from %v on: 700 Hz at %.0f", offset, a)
		}
	}
}

func TestForeverStopPauseGone(t *testing.T) {
	s := newStage(t)
	s.write(t, "a.wav", 8000, 1, dsp.Sine(8000, 800, 400, 10000))
	synctest.Test(t, func(t *testing.T) {
		p := s.start(prompt.Options{Sources: []*control.Source{file("a.wav")}, Loops: prompt.Forever,
			Offset: 49 * 24 * time.Hour})
		s.listen(p, 8000, 50)
		if s.end != nil || len(s.heard) != 50*160 || p.Underruns() != 0 {
			t.Fatalf("end %v after %d samples", s.end, len(s.heard))
		}
		p.Pause(true)
		s.listen(p, 8000, 50)
		if len(s.heard) != 50*160 || p.Played() != time.Second {
			t.Errorf("paused it played %d samples", len(s.heard))
		}
		p.Pause(false)
		s.listen(p, 8000, 10)
		p.Stop(prompt.Stopped)
		p.Stop(prompt.Gone)
		s.listen(p, 8000, 10)
		if s.end == nil || s.end.Reason != prompt.Stopped || len(s.heard) != 61*160 {
			t.Errorf("%+v after %d samples", s.end, len(s.heard))
		}
		for i := len(s.heard) - 160; i < len(s.heard); i++ {
			if d := int(s.heard[i]) - int(s.heard[i-1]); d > 3500 || d < -3500 {
				t.Errorf("the stop clicks: %d", d)
			}
		}
		if last := s.heard[len(s.heard)-1]; last > 100 || last < -100 {
			t.Errorf("it stops at %d instead of fading", last)
		}
		p = s.start(prompt.Options{Sources: []*control.Source{tone(0, 400)}})
		p.Stop(prompt.Gone) // nobody pulls any more
		synctest.Wait()
		if s.end == nil || s.end.Reason != prompt.Gone {
			t.Errorf("%+v", s.end)
		}
	})
}

func TestWhatCannotBePlayedSaysWhy(t *testing.T) {
	s := newStage(t)
	outside := filepath.Join(t.TempDir(), "secret.wav")
	s.write(t, "ok.wav", 8000, 1, make([]int16, 80))
	raw, _ := os.ReadFile(filepath.Join(s.dir, "ok.wav"))
	for name, content := range map[string][]byte{
		outside: raw, filepath.Join(s.dir, "not.wav"): []byte("ID3 this is some MP3 or other"),
		filepath.Join(s.dir, "cut.wav"): raw[:20],
	} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	binary.LittleEndian.PutUint16(raw[34:], 24)
	os.WriteFile(filepath.Join(s.dir, "24.wav"), raw, 0o600)
	os.Symlink(outside, filepath.Join(s.dir, "link.wav"))
	os.Mkdir(filepath.Join(s.dir, "dir.wav"), 0o700)
	if err := syscall.Mkfifo(filepath.Join(s.dir, "fifo.wav"), 0o600); err != nil {
		t.Fatal(err)
	}
	rel, _ := filepath.Rel(s.dir, outside)
	for path, says := range map[string]string{
		"missing.wav": "no such file", "not.wav": "not a RIFF/WAVE", "cut.wav": "ends before", "24.wav": "24 bits",
		"dir.wav": "not a regular file", "fifo.wav": "not a regular file", "": "", "../ok.wav": "escapes",
		rel: "escapes", outside: "escapes", "link.wav": "escapes", "a\x00b": "",
	} {
		r := s.play(t, prompt.Options{Sources: []*control.Source{tone(100, 440), file(path)}})
		if r.Reason != prompt.Failed || !errors.Is(r.Err, prompt.ErrFile) || !strings.Contains(r.Err.Error(), says) {
			t.Errorf("%q: %+v, want an error with %q", path, r, says)
		}
		if len(s.heard) != 800 {
			t.Errorf("%q: %d samples of what came before were heard, want 800", path, len(s.heard))
		}
	}
	recordings := &control.Source{Body: &control.Source_File{File: &control.File{Root: control.File_RECORDINGS, Path: "ok.wav"}}}
	for name, src := range map[string]*control.Source{
		"no body": {}, "no segments": tone(0), "unplayable tone": tone(100, 1e9), "no root": recordings,
	} {
		if name == "no segments" {
			src.GetTone().Segments = nil
		}
		if r := s.play(t, prompt.Options{Sources: []*control.Source{src}}); r.Reason != prompt.Failed || r.Err == nil {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func TestNothingToPlayEnds(t *testing.T) {
	s := newStage(t)
	s.write(t, "empty.wav", 44100, 1, nil)
	for _, list := range [][]*control.Source{nil, {silence(0)}, {file("empty.wav")}} {
		for _, loops := range []uint32{0, 5, prompt.Forever} {
			if r := s.play(t, prompt.Options{Sources: list, Loops: loops}); r.Reason != prompt.Finished || r.Played != 0 {
				t.Errorf("%d loops of %v: %+v", loops, list, r)
			}
		}
	}
}

func TestPullAllocatesNothing(t *testing.T) {
	s := newStage(t)
	synctest.Test(t, func(t *testing.T) {
		p := s.start(prompt.Options{Sources: []*control.Source{tone(0, 440)}})
		synctest.Wait()
		out := make([]int16, 160)
		if n := testing.AllocsPerRun(100, func() { p.Pull(out) }); n != 0 {
			t.Errorf("%v allocations a frame", n)
		}
		p.Stop(prompt.Gone)
	})
}
