package dsp_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/callwright/callwright/media/dsp"
)

var rates = []int{8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000}

// through resamples in by pieces of awkward sizes.
func through(t *testing.T, b *dsp.Bank, in []int16) []int16 {
	t.Helper()
	r := dsp.NewAligned(b)
	out := make([]int16, 0, b.MaxOut(len(in))+b.MaxTail())
	for size := 1; len(in) > 0; size = size%977 + 61 {
		k := min(size, len(in))
		piece := make([]int16, b.MaxOut(k))
		out = append(out, piece[:r.Resample(piece, in[:k])]...)
		in = in[k:]
	}
	tail := make([]int16, b.MaxTail())
	return append(out, tail[:r.Flush(tail)]...)
}

// residue is what is left of in when the best fitting sine of hz is taken out.
func residue(in []int16, rate int, hz float64) (tone, rest float64) {
	var s, c float64
	for i, x := range in {
		p := 2 * math.Pi * hz * float64(i) / float64(rate)
		s += float64(x) * math.Sin(p)
		c += float64(x) * math.Cos(p)
	}
	s, c = 2*s/float64(len(in)), 2*c/float64(len(in))
	for i, x := range in {
		p := 2 * math.Pi * hz * float64(i) / float64(rate)
		d := float64(x) - s*math.Sin(p) - c*math.Cos(p)
		rest += d * d
	}
	return (s*s + c*c) / 2, rest / float64(len(in))
}

func TestResamplerKeepsTonesAndStopsAliases(t *testing.T) {
	for _, from := range rates {
		for _, to := range []int{8000, 16000} {
			if from == to {
				continue
			}
			t.Run(fmt.Sprintf("%d to %d", from, to), func(t *testing.T) {
				b, err := dsp.NewBank(from, to, dsp.Fine)
				if err != nil {
					t.Fatal(err)
				}
				lower := float64(min(from, to))
				for _, hz := range []float64{100, 1000, 10 * math.Floor(0.041*lower)} {
					in := dsp.Sine(from, from/2, hz, 20000)
					out := through(t, b, in)
					if want := (len(in)*to + from - 1) / from; len(out) != want {
						t.Fatalf("%d samples became %d, want %d", len(in), len(out), want)
					}
					middle := out[len(out)/4:][:to/10] // whole periods
					tone, rest := residue(middle, to, hz)
					if snr := 10 * math.Log10(tone/rest); snr < 60 {
						t.Errorf("%v Hz: signal to noise is %.1f dB", hz, snr)
					}
					if gain := 10 * math.Log10(tone/(20000*20000/2)); math.Abs(gain) > 0.2 {
						t.Errorf("%v Hz: gain is %.2f dB", hz, gain)
					}
				}
				for hz := float64(to)/2 + 50; hz < float64(from)/2; hz *= 1.13 {
					out := through(t, b, dsp.Sine(from, from/4, hz, 20000))
					middle := out[len(out)/4 : len(out)*3/4]
					if db := dsp.Level(middle) - dsp.Level(dsp.Sine(8000, 8000, 440, 20000)); db > -60 {
						t.Errorf("%v Hz comes through at %.1f dB", hz, db)
					}
				}
			})
		}
	}
}

// A tone must come out where it went in, not some milliseconds later.
func TestAlignedHasNoDelay(t *testing.T) {
	b, _ := dsp.NewBank(44100, 8000, dsp.Fine)
	in := append(make([]int16, 44100/2), dsp.Sine(44100, 44100/2, 1000, 20000)...)
	out := through(t, b, in)
	if at := dsp.Onset(out, 8000, -20); at < 3990 || at > 4010 {
		t.Errorf("onset at sample %d, want 4000", at)
	}
}

func TestResamplerClamps(t *testing.T) {
	b, _ := dsp.NewBank(8000, 16000, dsp.Fine)
	square := make([]int16, 800)
	for i := range square {
		square[i] = 32767
		if i/20%2 == 1 {
			square[i] = -32768
		}
	}
	for i, x := range through(t, b, square)[100:1500] { // overshoot must not wrap around
		if y := square[(i+100)/2]; (x > 0) != (y > 0) && (i+100)%40 > 8 && (i+100)%40 < 32 {
			t.Fatalf("sample %d is %d where the input is %d", i+100, x, y)
		}
	}
}

func TestBankRefusesOddRates(t *testing.T) {
	for _, c := range [][2]int{{0, 8000}, {8000, 0}, {7919, 48000}, {-8000, 8000}} {
		if _, err := dsp.NewBank(c[0], c[1], dsp.Fine); err == nil {
			t.Errorf("a bank from %d to %d Hz", c[0], c[1])
		}
	}
	var s dsp.Banks
	a, _ := s.Get(8000, 16000, dsp.Quick)
	if b, _ := s.Get(8000, 16000, dsp.Quick); a != b {
		t.Error("the same bank was made twice")
	}
	if b, err := s.Get(8000, 8000, dsp.Quick); b != nil || err != nil {
		t.Error("a bank between equal rates")
	}
}
