package kernel_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/callwright/callwright/media/kernel"
	"github.com/callwright/callwright/media/kernel/kerneltest"
)

// random sums stay in what 1000 members can reach.
func sums(r *rand.Rand, n int) []int32 {
	s := make([]int32, n)
	for i := range s {
		s[i] = int32(r.IntN(2*32768*1000) - 32768*1000)
	}
	return s
}

func TestMixingIsWideSubtractsOwnAndClampsLast(t *testing.T) {
	kerneltest.Each(t, func(t *testing.T, k *kernel.Kernels) {
		r := rand.New(rand.NewPCG(1, 2))
		for _, n := range kerneltest.Lengths() {
			for off := range 4 {
				in, own, sum := kerneltest.Samples(r, n, off), kerneltest.Samples(r, n, off), sums(r, n)
				got, out := kerneltest.Guard[int32](n, off), kerneltest.Guard[int16](n, off)
				copy(got.S, sum)
				k.Accumulate(got.S, in)
				k.SubtractClamp(out.S, sum, own)
				for i := range n {
					if want := sum[i] + int32(in[i]); got.S[i] != want {
						t.Fatalf("n %d: sum[%d] = %d, want %d", n, i, got.S[i], want)
					}
					if want := limited(int64(sum[i]) - int64(own[i])); out.S[i] != want {
						t.Fatalf("n %d: out[%d] = %d, want %d", n, i, out.S[i], want)
					}
				}
				k.Clamp(out.S, sum)
				for i := range n {
					if want := limited(int64(sum[i])); out.S[i] != want {
						t.Fatalf("n %d: clamped[%d] = %d, want %d", n, i, out.S[i], want)
					}
				}
				copy(out.S, own)
				k.Add(out.S, in)
				for i := range n {
					if want := limited(int64(own[i]) + int64(in[i])); out.S[i] != want {
						t.Fatalf("n %d: added[%d] = %d, want %d", n, i, out.S[i], want)
					}
				}
				got.Intact(t)
				out.Intact(t)
			}
		}
	})
}

func limited(x int64) int16 {
	return int16(max(math.MinInt16, min(math.MaxInt16, x)))
}

func TestGain(t *testing.T) {
	kerneltest.Each(t, func(t *testing.T, k *kernel.Kernels) {
		r := rand.New(rand.NewPCG(3, 4))
		for _, n := range kerneltest.Lengths() {
			for _, g := range [][2]kernel.Gain{
				{kernel.Unity, kernel.Unity}, {0, 0}, {kernel.MaxGain, kernel.MaxGain},
				{kernel.FromDB(-6), kernel.FromDB(-6)}, {0, kernel.Unity}, {kernel.MaxGain, 0},
			} {
				in := kerneltest.Samples(r, n, 1)
				out, plain := kerneltest.Guard[int16](n, 1), slices.Clone(in)
				copy(out.S, in)
				k.Gain(out.S, g[0], g[1])
				kernel.Plain().Gain(plain, g[0], g[1])
				out.Intact(t)
				if !slices.Equal(out.S, plain) {
					t.Fatalf("gain %d to %d over %d samples differs from plain", g[0], g[1], n)
				}
				if g[0] == kernel.Unity && g[1] == kernel.Unity && !slices.Equal(out.S, in) {
					t.Fatalf("unity changed samples")
				}
			}
		}
		ramp := slices.Repeat([]int16{10000}, 160)
		k.Gain(ramp, 0, kernel.Unity)
		if !slices.IsSorted(ramp) || ramp[0] > 100 || ramp[159] < 9950 {
			t.Errorf("ramp goes from %d to %d, want 0 to 10000, never down", ramp[0], ramp[159])
		}
	})
	for db, want := range map[float64]kernel.Gain{0: 2048, -200: 0, 100: kernel.MaxGain,
		math.NaN(): kernel.Unity, math.Inf(-1): 0, math.Inf(1): kernel.MaxGain, 20: 20480} {
		if got := kernel.FromDB(db); got != want {
			t.Errorf("FromDB(%v) = %d, want %d", db, got, want)
		}
	}
}

func TestLevels(t *testing.T) {
	kerneltest.Each(t, func(t *testing.T, k *kernel.Kernels) {
		r := rand.New(rand.NewPCG(5, 6))
		for _, n := range kerneltest.Lengths() {
			in := kerneltest.Samples(r, n, 3)
			var energy uint64
			peak := 0
			for _, x := range in {
				energy += uint64(int64(x) * int64(x))
				peak = max(peak, int(math.Abs(float64(x))))
			}
			if got := k.Energy(in); got != energy {
				t.Fatalf("energy of %d samples = %d, want %d", n, got, energy)
			}
			if got := k.Peak(in); got != peak {
				t.Fatalf("peak of %d samples = %d, want %d", n, got, peak)
			}
		}
	})
}

func TestCoding(t *testing.T) {
	kerneltest.Each(t, func(t *testing.T, k *kernel.Kernels) {
		p, r := kernel.Plain(), rand.New(rand.NewPCG(7, 8))
		for _, c := range []struct {
			name           string
			width          int
			encode, plainE func([]byte, []int16)
			decode, plainD func([]int16, []byte)
		}{
			{"u-law", 1, k.EncodeULaw, p.EncodeULaw, k.DecodeULaw, p.DecodeULaw},
			{"A-law", 1, k.EncodeALaw, p.EncodeALaw, k.DecodeALaw, p.DecodeALaw},
			{"L16", 2, k.EncodeL16, p.EncodeL16, k.DecodeL16, p.DecodeL16},
		} {
			for _, n := range kerneltest.Lengths() {
				in := kerneltest.Samples(r, n, 1)
				code, want := kerneltest.Guard[byte](c.width*n, 1), make([]byte, c.width*n)
				c.encode(code.S, in)
				c.plainE(want, in)
				if !bytes.Equal(code.S, want) {
					t.Fatalf("%s: %d samples encoded differ from plain", c.name, n)
				}
				back, wantBack := kerneltest.Guard[int16](n, 1), make([]int16, n)
				c.decode(back.S, code.S)
				c.plainD(wantBack, want)
				if !slices.Equal(back.S, wantBack) {
					t.Fatalf("%s: %d samples decoded differ from plain", c.name, n)
				}
				code.Intact(t)
				back.Intact(t)
				if c.width == 2 && !slices.Equal(back.S, in) {
					t.Fatalf("L16 lost something")
				}
			}
		}
	})
	b := make([]byte, 2)
	kernel.Plain().EncodeL16(b, []int16{0x0102})
	if b[0] != 1 || b[1] != 2 {
		t.Errorf("L16 is %v, want network order", b)
	}
}
