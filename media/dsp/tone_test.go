package dsp_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/callwright/callwright/media/dsp"
)

func TestParseTone(t *testing.T) {
	for in, want := range map[string]dsp.Tone{
		"tone:440":             {Segments: []dsp.Segment{{Hz: []float64{440}}}, Times: 1},
		"tone:350+440/1000":    {Segments: []dsp.Segment{{Hz: []float64{350, 440}, MS: 1000}}, Times: 1},
		"tone:425/200,0/200x3": {Segments: []dsp.Segment{{Hz: []float64{425}, MS: 200}, {MS: 200}}, Times: 3},
		"tone:0/50,1004.5":     {Segments: []dsp.Segment{{MS: 50}, {Hz: []float64{1004.5}}}, Times: 1},
	} {
		got, err := dsp.ParseTone(in)
		if err != nil || !got.Equal(&want) {
			t.Errorf("%s: got %+v, %v; want %+v", in, got, err, want)
		}
	}
	for in, says := range map[string]string{
		"440":                        "want like",
		"tone:":                      "no frequency",
		"tone:a":                     `"a" is no frequency`,
		"tone:440/":                  "after / want",
		"tone:440/-1":                "after / want",
		"tone:440/99999999":          "99999999 ms",
		"tone:440/100x":              "after x want",
		"tone:440/100x0":             "after x want",
		"tone:440/100x99999":         "10000 times",
		"tone:440,0/100":             "must be the last",
		"tone:440x2":                 "must be the last",
		"tone:1e9/100":               "Hz, want 20 to 4000",
		"tone:NaN/100":               "Hz, want",
		"tone:5/100":                 "5 Hz",
		"tone:300+400+500+600+700":   "5 frequencies",
		"tone:440/100,,440/100":      "no frequency",
		"tone:440/10" + long(",0/1"): "65 segments",
		"tone:" + long("440000000"):  "want",
	} {
		if _, err := dsp.ParseTone(in); !errors.Is(err, dsp.ErrTone) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: error is %v, want it to say %q", in, err, says)
		} else if len(err.Error()) > 400 {
			t.Errorf("error is %d bytes long", len(err.Error()))
		}
	}
}

func long(s string) string { return strings.Repeat(s, 64) }

func play(p *dsp.Player, limit int) []int16 {
	var out []int16
	buf := make([]int16, 77)
	for len(out) < limit {
		n, err := p.Read(buf)
		out = append(out, buf[:n]...)
		if err == io.EOF {
			break
		}
	}
	return out
}

func TestPlayerKeepsTheCadence(t *testing.T) {
	tone, _ := dsp.ParseTone("tone:425/200,0/300,700+900/100x2")
	out := play(dsp.NewPlayer(tone, 8000), 1e6)
	if len(out) != 2*600*8 || tone.MS() != 1200 {
		t.Fatalf("%d samples, %d ms, want 9600, 1200", len(out), tone.MS())
	}
	for round := range 2 {
		r := out[round*4800:]
		if !dsp.Hears(r[:1600], 8000, 425) || !dsp.Hears(r[4000:4800], 8000, 700) || !dsp.Hears(r[4000:4800], 8000, 900) {
			t.Errorf("round %d lacks a tone", round)
		}
		if l := dsp.Level(r[1600:4000]); l != dsp.Silence {
			t.Errorf("the pause has %.1f dBov", l)
		}
		if l := dsp.Level(r[200:1400]); !near(l, dsp.ToneLevel, 0.3) {
			t.Errorf("one sine has %.1f dBov, want %v", l, dsp.ToneLevel)
		}
		if l := dsp.Level(r[4050:4750]); !near(l, dsp.ToneLevel, 0.7) {
			t.Errorf("two sines have %.1f dBov, want %v", l, dsp.ToneLevel)
		}
	}
	for i := 1; i < len(out); i++ { // the steepest step of these sines
		if d := int(out[i]) - int(out[i-1]); d > 9000 || d < -9000 {
			t.Fatalf("click at sample %d: %d to %d", i, out[i-1], out[i])
		}
	}
}

func TestPlayerSkipsAsIfItHadPlayed(t *testing.T) {
	tone, _ := dsp.ParseTone("tone:425/200,0/300x5")
	whole := play(dsp.NewPlayer(tone, 8000), 1e6)
	for _, n := range []int64{0, 1, 1600, 4000, 4001, 9000, 19999, 20000, 1 << 50} {
		p := dsp.NewPlayer(tone, 8000)
		got, _ := p.Skip(n)
		want := min(n, int64(len(whole)))
		rest := play(p, 1e6)
		if got != want || len(rest) != len(whole)-int(want) {
			t.Errorf("skipping %d of %d passes %d and leaves %d", n, len(whole), got, len(rest))
		} else if n%4000 == 0 && !slices.Equal(rest, whole[want:]) {
			t.Errorf("after skipping %d the rest sounds different", n)
		}
	}
	for _, endless := range []*dsp.Tone{
		{Segments: []dsp.Segment{{Hz: []float64{440}}}, Times: 1},
		{Segments: []dsp.Segment{{Hz: []float64{440}, MS: 100}, {MS: 1}}},
	} {
		p := dsp.NewPlayer(endless, 8000)
		if n, _ := p.Skip(1 << 50); n != 1<<50 || len(play(p, 8000)) < 8000 || endless.MS() != -1 {
			t.Errorf("%+v ends", endless)
		}
	}
}

func FuzzParseTone(f *testing.F) {
	for _, s := range []string{"tone:440", "tone:350+440/1000", "tone:425/200,0/200x3", "tone:0/1x2", "tone:+/x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		tone, err := dsp.ParseTone(s)
		if err != nil {
			return
		}
		if err := tone.Check(); err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		play(dsp.NewPlayer(tone, 8000), 8000)
	})
}
