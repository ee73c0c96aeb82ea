package prompt

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/media/dsp"
	"github.com/callwright/callwright/media/kernel"
	"github.com/callwright/callwright/media/wav"
)

// listener pulls frames of a playback, as a tick does.
type listener struct {
	p     *Playback
	heard []int16
	end   chan Result
}

func listen(o Options) *listener {
	if o.Rate == 0 {
		o.Rate = 8000
	}
	o.Banks, o.Kernels = &dsp.Banks{}, kernel.Best()
	l := &listener{end: make(chan Result, 1)}
	l.p = Start(o, func(r Result) { l.end <- r })
	return l
}

func (l *listener) pull(frames int) {
	out := make([]int16, l.p.o.Rate/50)
	for range frames {
		time.Sleep(20 * time.Millisecond)
		clear(out)
		l.p.Pull(out)
		l.heard = append(l.heard, out...)
	}
}

func steady(ms uint32, hz float64) *control.Source {
	return &control.Source{Body: &control.Source_Tone{Tone: &control.Tone{Segments: []*control.Tone_Segment{{Hz: []float64{hz}, Ms: ms}}}}}
}

func tail(l *listener, hz float64) float64 {
	return dsp.Goertzel(l.heard[len(l.heard)-800:], 8000, hz)
}

func TestSeekGoesThereWithoutAClick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := listen(Options{Sources: []*control.Source{steady(1000, 400), steady(1000, 700)}})
		l.pull(20)
		if a := tail(l, 400); a < 1000 {
			t.Fatalf("400 Hz at %.0f", a)
		}
		l.p.Seek(1200 * time.Millisecond)
		l.p.Seek(1500 * time.Millisecond)
		l.pull(15)
		if tail(l, 400) > 20 || tail(l, 700) < 1000 {
			t.Errorf("after the seek 400 Hz at %.0f, 700 at %.0f", tail(l, 400), tail(l, 700))
		}
		l.p.Seek(0)
		l.pull(15)
		if tail(l, 400) < 1000 {
			t.Errorf("back at the start 400 Hz at %.0f", tail(l, 400))
		}
		l.p.Seek(1900 * time.Millisecond)
		l.pull(20)
		if r := <-l.end; r.Reason != Finished {
			t.Errorf("%+v", r)
		}
		for i := 1; i < len(l.heard); i++ { // 700 Hz at 8 kHz, of the tone's own amplitude
			if d := math.Abs(float64(l.heard[i]) - float64(l.heard[i-1])); d > 6000 {
				t.Fatalf("a click of %.0f at %d ms", d, i/8)
			}
		}
	})
}

// A seek works still when the whole list is read already.
func TestSeekBackFromTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := listen(Options{Sources: []*control.Source{steady(300, 500)}})
		l.pull(8)
		l.p.Seek(0)
		l.pull(12)
		if len(l.end) > 0 {
			t.Fatal("it has ended")
		}
		l.pull(10)
		if r := <-l.end; r.Reason != Finished || r.Played < 440*time.Millisecond {
			t.Errorf("%+v", r)
		}
	})
}

func TestAdjustAndSpeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := listen(Options{Sources: []*control.Source{steady(5000, 500)}})
		l.pull(20)
		before := tail(l, 500)
		l.p.Adjust(-20)
		l.pull(20)
		if after := tail(l, 500); math.Abs(after-before/10) > before/50 {
			t.Errorf("%.0f became %.0f", before, after)
		}
		l.p.Adjust(math.NaN())
		l.pull(20)
		if after := tail(l, 500); math.Abs(after-before) > before/50 {
			t.Errorf("a gain that is none: %.0f became %.0f", before, after)
		}
		l.p.Stop(Gone)
		<-l.end
	})
	dir := t.TempDir()
	writeWave(t, filepath.Join(dir, "a.wav"), dsp.Sine(8000, 8000, 600, 8000))
	root, _ := os.OpenRoot(dir)
	defer root.Close()
	synctest.Test(t, func(t *testing.T) {
		for _, speed := range []float64{.5, 1.25, 2} {
			l := listen(Options{Speed: speed, Roots: Roots{Prompts: root}, Sources: []*control.Source{
				{Body: &control.Source_File{File: &control.File{Path: "a.wav"}}}}})
			l.pull(20)
			if a := tail(l, 600*speed); math.Abs(a-8000) > 500 {
				t.Errorf("at speed %v the tone of 600 Hz is at %.0f of 8000 where it should be", speed, a)
			}
			l.pull(90)
			if r := <-l.end; math.Abs(r.Played.Seconds()-1/speed) > 0.03 {
				t.Errorf("at speed %v a second takes %v", speed, r.Played)
			}
		}
	})
}

// A file system that hangs holds up the one who reads it: the tick goes on and control
// gets its end.
func TestAStalledFileSystemStallsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := make(chan struct{})
		l := listen(Options{Sources: []*control.Source{{}}, opener: func(*control.Source) (source, error) {
			<-stuck
			return nil, errors.New("thawed")
		}})
		l.pull(50)
		l.p.Stop(Stopped)
		l.pull(5)
		select {
		case r := <-l.end:
			if r.Reason != Stopped {
				t.Errorf("%+v", r)
			}
		default:
			t.Error("a playback whose file hangs cannot be stopped")
		}
		close(stuck)
	})
}

// A file of one sample, for ever: no file is opened for each sample.
func TestALoopOverNearlyNothingIsBounded(t *testing.T) {
	opened := atomic.Int64{}
	synctest.Test(t, func(t *testing.T) {
		l := listen(Options{Loops: Forever, Sources: []*control.Source{{Body: &control.Source_File{}}}, opener: func(*control.Source) (source, error) {
			opened.Add(1)
			return &file{r: &memory{[]int16{1}}}, nil
		}})
		l.pull(50)
		l.p.Stop(Gone)
		<-l.end
	})
	if n := opened.Load(); n > 200 {
		t.Errorf("%d opens for a second of sound", n)
	}
}

func writeWave(t *testing.T, path string, s []int16) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := wav.NewWriter(f, 8000, 1)
	if err == nil {
		err = w.Write(s)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestRawFilesAreReadByTheirNames(t *testing.T) {
	for name, want := range map[string]int{"a.ulaw": 8000, "a.sln": 8000, "a.SLN16": 16000, "http://x/y.alaw?k=1": 8000} {
		s, rate, err := readerOf(name, strings.NewReader("abcde"))
		if err != nil || rate != want {
			t.Fatalf("%s: %d, %v", name, rate, err)
		}
		out := make([]int16, 10)
		n, _ := s.Read(out)
		if _, err := s.Read(out); err != io.EOF {
			t.Errorf("%s: %v after %d samples", name, err, n)
		}
	}
}

// web is a server of one WAVE file, and a cache.
func webCache(t *testing.T, h http.HandlerFunc) (*Cache, string) {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	c, err := NewCache(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c, s.URL
}

func TestWebFilesAreFetchedOnceAndBounded(t *testing.T) {
	asked := atomic.Int64{}
	c, at := webCache(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		switch r.URL.Path {
		case "/endless":
			for buf := make([]byte, 1<<20); ; {
				if _, err := w.Write(buf); err != nil {
					return
				}
			}
		case "/away":
			http.Redirect(w, r, "http://127.0.0.1:1/x", http.StatusFound)
		case "/none":
			http.NotFound(w, r)
		default:
			io.WriteString(w, "RIFF and so on")
		}
	})
	get := func(path string, private, fresh bool) (string, error) {
		f, err := c.web(context.Background(), &control.Web{Url: at + path, Private: private, Fresh: fresh})
		if err != nil {
			return "", err
		}
		defer f.Close()
		b, err := io.ReadAll(f)
		return string(b), err
	}
	for range 3 {
		if s, err := get("/a.wav", true, false); s != "RIFF and so on" || err != nil {
			t.Fatalf("%q %v", s, err)
		}
	}
	if asked.Load() != 1 {
		t.Errorf("asked %d times", asked.Load())
	}
	if get("/a.wav", true, true); asked.Load() != 2 {
		t.Errorf("a fresh one was wanted: asked %d times", asked.Load())
	}
	for path, want := range map[string]string{"/endless": "more than 64 MiB", "/away": "not granted", "/none": "404"} {
		if _, err := get(path, true, false); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
	if _, err := get("/b.wav", false, false); err == nil || !strings.Contains(err.Error(), "not a public address") {
		t.Errorf("a private address: %v", err)
	}
	for _, url := range []string{"file:///etc/passwd", "http://a:b@x/", "ftp://x/y"} {
		if _, err := c.web(context.Background(), &control.Web{Url: url}); err == nil {
			t.Errorf("%s was fetched", url)
		}
	}
	c.most = 1
	get("/c.wav", true, false)
	if left, _ := filepath.Glob(filepath.Join(c.root.Name(), "*")); len(left) != 1 {
		t.Errorf("beyond its bound the cache keeps %v", left)
	}
}

func TestACommandSpeaks(t *testing.T) {
	spoken := filepath.Join(t.TempDir(), "spoken")
	script := filepath.Join(t.TempDir(), "voice")
	os.WriteFile(script, []byte("#!/bin/sh\necho \"$@\" >> "+spoken+"\nprintf RIFF\ncat\n"), 0o755)
	say, err := NewSpeaker(script + " -v {voice} -l {lang}")
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewCache(t.TempDir(), say)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, s := range []*control.Speech{{Text: "hello; rm -rf /", Voice: "ann"}, {Text: "hello; rm -rf /", Voice: "ann"},
		{Text: "x", Voice: "-o/etc", Language: "en-GB"}} {
		f, err := c.speech(context.Background(), s)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(f)
		f.Close()
		if string(b) != "RIFF"+s.Text {
			t.Errorf("%q", b)
		}
	}
	if b, _ := os.ReadFile(spoken); string(b) != "-v ann\n-l en-GB\n" {
		t.Errorf("spoken %q", b)
	}
	if _, err := NewSpeaker("no-such-voice --stdout"); err == nil {
		t.Error("a command that is not there is taken")
	}
	bad, _ := NewSpeaker("sh -c false")
	c.say = bad
	if _, err := c.speech(context.Background(), &control.Speech{Text: "y"}); err == nil {
		t.Error("a command that fails is believed")
	}
	if _, err := c.speech(context.Background(), &control.Speech{Text: strings.Repeat("y", maxText+1)}); err == nil {
		t.Error("a text without end is spoken")
	}
}

func TestAnEngineSpeaksByHTTP(t *testing.T) {
	_, at := webCache(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		io.WriteString(w, strings.Join([]string{r.Method, string(b), r.Header.Get("Content-Type"), r.Header.Get("X-Voice"), r.Header.Get("Content-Language")}, "|"))
	})
	say, err := NewSpeaker(at)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := say.Speak(context.Background(), &control.Speech{Text: "<speak/>", Ssml: true, Voice: "ann", Language: "en"}, &out); err != nil ||
		out.String() != "POST|<speak/>|application/ssml+xml|ann|en" {
		t.Errorf("%q %v", out.String(), err)
	}
}
