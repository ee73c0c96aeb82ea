package dsp_test

import (
	"math"
	"testing"
	"time"

	"github.com/callwright/callwright/media/dsp"
)

func near(got, want, by float64) bool { return math.Abs(got-want) <= by }

func TestOscillatorHasNoSeam(t *testing.T) {
	whole, pieces := make([]int16, 1000), make([]int16, 1000)
	dsp.NewOscillator(8000, 5000, 350, 440).Fill(whole)
	o := dsp.NewOscillator(8000, 5000, 350, 440)
	for at := 0; at < 1000; at += 7 {
		o.Fill(pieces[at:min(at+7, 1000)])
	}
	for i := range whole {
		if whole[i] != pieces[i] {
			t.Fatalf("sample %d is %d in pieces, %d whole", i, pieces[i], whole[i])
		}
	}
	for _, hz := range []float64{350, 440} {
		if a := dsp.Goertzel(whole, 8000, hz); !near(a, 5000, 100) {
			t.Errorf("%v Hz has amplitude %.0f, want 5000", hz, a)
		}
	}
}

func TestGoertzelTellsTonesApart(t *testing.T) {
	in := dsp.Sine(8000, 1600, 1000, 10000)
	for hz, want := range map[float64]float64{1000: 10000, 1020: 0, 980: 0, 2000: 0, 440: 0} {
		if a := dsp.Goertzel(in, 8000, hz); !near(a, want, 50) {
			t.Errorf("%v Hz has amplitude %.0f, want %.0f", hz, a, want)
		}
	}
	if dsp.Goertzel(nil, 8000, 440) != 0 || dsp.Goertzel([]int16{1}, 8000, 440) != 0 {
		t.Error("nothing heard something")
	}
	if !dsp.Hears(in, 8000, 1000) || dsp.Hears(in, 8000, 1100) || dsp.Hears(make([]int16, 800), 8000, 1000) {
		t.Error("Hears is wrong")
	}
}

func TestLevel(t *testing.T) {
	square := []int16{32767, -32767, 32767, -32767}
	if l := dsp.Level(square); !near(l, 0, 0.01) {
		t.Errorf("full-scale square is %.2f dBov", l)
	}
	if l := dsp.Level(dsp.Sine(8000, 8000, 1000, 32767)); !near(l, -3.01, 0.02) {
		t.Errorf("full-scale sine is %.2f dBov", l)
	}
	if l := dsp.Level(nil); l != dsp.Silence {
		t.Errorf("nothing is %.2f dBov", l)
	}
}

func TestOnset(t *testing.T) {
	for _, rate := range []int{8000, 16000} {
		in := append(make([]int16, 1234), dsp.Sine(rate, 800, 500, 10000)...)
		in[700] = 3000 // a click is no onset
		if at := dsp.Onset(in, rate, -25); at < 1234 || at > 1234+rate/1000 {
			t.Errorf("onset at %d, want 1234", at)
		}
	}
	if at := dsp.Onset(make([]int16, 500), 8000, -40); at != -1 {
		t.Errorf("onset of silence at %d", at)
	}
}

// feed steps v with frames of 20 ms and gives the times at which Talking changed.
func feed(v *dsp.VAD, at *time.Duration, in []int16) (changes []time.Duration) {
	for len(in) >= 160 {
		var e uint64
		for _, x := range in[:160] {
			e += uint64(int64(x) * int64(x))
		}
		*at += 20 * time.Millisecond
		if v.Step(e, 160, 8000) {
			changes = append(changes, *at)
		}
		in = in[160:]
	}
	return changes
}

func TestVAD(t *testing.T) {
	var v dsp.VAD
	var at time.Duration
	if c := feed(&v, &at, make([]int16, 8000)); len(c) != 0 {
		t.Fatalf("silence talks at %v", c)
	}
	if c := feed(&v, &at, dsp.Sine(8000, 160, 300, 20000)); len(c) != 0 {
		t.Fatalf("a click of 20 ms talks at %v", c)
	}
	feed(&v, &at, make([]int16, 8000))
	start := at
	if c := feed(&v, &at, dsp.Sine(8000, 80000, 300, 3000)); len(c) != 1 || c[0]-start > 60*time.Millisecond {
		t.Fatalf("10 s of sound change talking at %v after %v, want once within 60 ms", c, start)
	}
	for range 10 { // pauses between words are part of talking
		if c := feed(&v, &at, append(make([]int16, 3200), dsp.Sine(8000, 1600, 300, 3000)...)); len(c) != 0 {
			t.Fatalf("a pause of 400 ms ended talking at %v", c)
		}
	}
	start = at
	c := feed(&v, &at, make([]int16, 16000))
	if len(c) != 1 || c[0]-start < 480*time.Millisecond || c[0]-start > 540*time.Millisecond {
		t.Fatalf("silence after %v ends talking at %v, want 500 ms later", start, c)
	}
}

func TestVADIgnoresSteadyNoise(t *testing.T) {
	var v dsp.VAD
	var at time.Duration
	feed(&v, &at, dsp.Sine(8000, 8000*20, 300, 200)) // -47 dBov, then up to -44
	if c := feed(&v, &at, dsp.Sine(8000, 8000*5, 300, 280)); len(c) != 0 || v.Talking {
		t.Errorf("noise of -44 dBov talks at %v", c)
	}
	if c := feed(&v, &at, dsp.Sine(8000, 8000, 300, 5000)); len(c) != 1 {
		t.Errorf("speech over noise changes talking at %v", c)
	}
}
