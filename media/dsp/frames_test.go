package dsp_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/callwright/callwright/media/dsp"
	"github.com/callwright/callwright/media/kernel"
)

// live resamples in, frame by frame.
func live(t *testing.T, from, to int, in []int16) []int16 {
	t.Helper()
	var banks dsp.Banks
	f, err := banks.Filter(from, to, dsp.Quick)
	if err != nil {
		t.Fatal(err)
	}
	n, m := from/50, to/50
	r, all, out := dsp.NewFrames(f, kernel.Best(), n, m), []int16{}, make([]int16, m)
	for ; len(in) >= n; in = in[n:] {
		r.Resample(out, in)
		all = append(all, out...)
	}
	if n := testing.AllocsPerRun(20, func() { r.Resample(out, make([]int16, 960)[:from/50]) }); n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
	return all
}

func TestFramesKeepTonesAndStopAliases(t *testing.T) {
	room := []int{8000, 16000, 32000, 48000}
	for _, from := range room {
		for _, to := range room {
			if from == to {
				continue
			}
			t.Run(fmt.Sprintf("%d to %d", from, to), func(t *testing.T) {
				lower := float64(min(from, to))
				for _, hz := range []float64{100, 1000, 10 * math.Floor(0.041*lower)} {
					out := live(t, from, to, dsp.Sine(from, from/2, hz, 20000))
					if len(out) != to/2 {
						t.Fatalf("%d samples, want %d", len(out), to/2)
					}
					tone, rest := residue(out[len(out)/4:][:to/10], to, hz)
					if snr := 10 * math.Log10(tone/rest); snr < 60 {
						t.Errorf("%v Hz: signal to noise is %.1f dB", hz, snr)
					}
					if gain := 10 * math.Log10(tone/(20000*20000/2)); math.Abs(gain) > 0.2 {
						t.Errorf("%v Hz: gain is %.2f dB", hz, gain)
					}
				}
				stops := -60.0
				if from > 3*to {
					stops = -55 // rounding of the many small coefficients
				}
				full := dsp.Level(dsp.Sine(8000, 8000, 440, 20000))
				for hz := 0.575 * lower; hz < float64(from)/2; hz *= 1.07 { // Quick stops from here on
					out := live(t, from, to, dsp.Sine(from, from/4, hz, 20000))
					if db := dsp.Level(out[len(out)/4:len(out)*3/4]) - full; db > stops {
						t.Errorf("%v Hz comes through at %.1f dB", hz, db)
					}
				}
				quiet := live(t, from, to, make([]int16, from/10))
				loud := make([]int16, from/5)
				for i := range loud {
					loud[i] = 12345
				}
				loud = live(t, from, to, loud)
				if dsp.Level(quiet) != dsp.Silence || loud[len(loud)-1] != 12345 || loud[len(loud)-2] != 12345 {
					t.Errorf("silence becomes %.1f dBov, a constant of 12345 %d", dsp.Level(quiet), loud[len(loud)-1])
				}
				burst := live(t, from, to, dsp.Sine(from, from/5, 1000, 20000))
				b, _ := dsp.NewBank(from, to, dsp.Quick)
				if at := dsp.Onset(burst, to, -20); at > b.Delay()+to/1000 {
					t.Errorf("heard after %d samples, delay says %d", at, b.Delay())
				}
			})
		}
	}
}

func BenchmarkFrames(b *testing.B) {
	var banks dsp.Banks
	for _, c := range [][2]int{{8000, 16000}, {16000, 8000}, {48000, 8000}} {
		b.Run(fmt.Sprintf("%d to %d", c[0], c[1]), func(b *testing.B) {
			f, _ := banks.Filter(c[0], c[1], dsp.Quick)
			r := dsp.NewFrames(f, kernel.Best(), c[0]/50, c[1]/50)
			in, out := make([]int16, c[0]/50), make([]int16, c[1]/50)
			b.ReportAllocs()
			for b.Loop() {
				r.Resample(out, in)
			}
		})
	}
}
