package kernel_test

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/callwright/callwright/media/kernel"
	"github.com/callwright/callwright/media/kernel/kerneltest"
)

func TestSumIsThatOfAllMembers(t *testing.T) {
	kerneltest.Each(t, func(t *testing.T, k *kernel.Kernels) {
		r := rand.New(rand.NewPCG(9, 10))
		for _, n := range kerneltest.Lengths() {
			for _, members := range []int{0, 1, 2, 3, 5, 17} {
				var ins [][]int16
				got := kerneltest.Guard[int32](n, members%4)
				want := sums(r, n)
				copy(got.S, want)
				for i := range members {
					in := kerneltest.Samples(r, n+i%3, i) // some are longer than they need be
					ins = append(ins, in)
					for j := range want {
						want[j] += int32(in[j])
					}
				}
				k.Sum(got.S, ins)
				got.Intact(t)
				if !slices.Equal(got.S, want) {
					t.Fatalf("%d members, %d samples: another sum than one by one", members, n)
				}
			}
		}
	})
}

func TestThreeHearTheTwoOthers(t *testing.T) {
	kerneltest.Each(t, func(t *testing.T, k *kernel.Kernels) {
		r := rand.New(rand.NewPCG(11, 12))
		for _, n := range kerneltest.Lengths() {
			var in, out [3][]int16
			var guards [3]*kerneltest.Guarded[int16]
			for i := range 3 {
				in[i] = kerneltest.Samples(r, n, i)
				guards[i] = kerneltest.Guard[int16](n, i)
				out[i] = guards[i].S
			}
			k.Three(&out, &in)
			for i, g := range guards {
				g.Intact(t)
				for j, x := range g.S {
					if want := limited(int64(in[(i+1)%3][j]) + int64(in[(i+2)%3][j])); x != want {
						t.Fatalf("n %d: member %d hears %d at %d, want %d", n, i, x, j, want)
					}
				}
			}
			same := [3][]int16{slices.Clone(in[0]), slices.Clone(in[1]), slices.Clone(in[2])}
			k.Three(&same, &same)
			for i := range same {
				if !slices.Equal(same[i], out[i]) {
					t.Fatalf("n %d: in place member %d hears another mix", n, i)
				}
			}
		}
	})
}

// The fused frame gives what its parts give: decode, add, gain, encode.
func TestThreeCodedIsTheSumOfItsParts(t *testing.T) {
	kerneltest.Each(t, func(t *testing.T, k *kernel.Kernels) {
		p, r := kernel.Plain(), rand.New(rand.NewPCG(13, 14))
		for _, law := range []struct {
			name   string
			three  func(out, in *[3][]byte, gains *[3]kernel.Gain)
			decode func([]int16, []byte)
			encode func([]byte, []int16)
		}{{"u-law", k.ThreeULaw, p.DecodeULaw, p.EncodeULaw}, {"A-law", k.ThreeALaw, p.DecodeALaw, p.EncodeALaw}} {
			for _, n := range kerneltest.Lengths() {
				var in, out [3][]byte
				var said [3][]int16
				var guards [3]*kerneltest.Guarded[byte]
				gains := [3]kernel.Gain{kernel.Unity, kernel.Gain(r.IntN(1 << 15)), [...]kernel.Gain{0, kernel.MaxGain}[n%2]}
				for i := range 3 {
					in[i], said[i] = make([]byte, n+i)[i:], make([]int16, n)
					for j := range in[i] {
						in[i][j] = byte(r.Uint32())
					}
					law.decode(said[i], in[i])
					guards[i] = kerneltest.Guard[byte](n, i)
					out[i] = guards[i].S
				}
				law.three(&out, &in, &gains)
				for i := range 3 {
					mix, want := slices.Clone(said[(i+1)%3]), make([]byte, n)
					p.Add(mix, said[(i+2)%3])
					p.Gain(mix, gains[i], gains[i])
					law.encode(want, mix)
					guards[i].Intact(t)
					if !bytes.Equal(out[i], want) {
						t.Fatalf("%s, n %d: member %d hears something else", law.name, n, i)
					}
				}
			}
		}
	})
}

// Every sample and every code, so that no segment's edge is left to chance.
func TestEverySampleAndCode(t *testing.T) {
	kerneltest.Each(t, func(t *testing.T, k *kernel.Kernels) {
		p := kernel.Plain()
		all, codes := make([]int16, 1<<16), make([]byte, 256)
		for i := range all {
			all[i] = int16(i)
		}
		for i := range codes {
			codes[i] = byte(i)
		}
		for _, law := range []struct {
			name           string
			encode, plainE func([]byte, []int16)
			decode, plainD func([]int16, []byte)
		}{{"u-law", k.EncodeULaw, p.EncodeULaw, k.DecodeULaw, p.DecodeULaw}, {"A-law", k.EncodeALaw, p.EncodeALaw, k.DecodeALaw, p.DecodeALaw}} {
			got, want := make([]byte, len(all)), make([]byte, len(all))
			law.encode(got, all)
			law.plainE(want, all)
			for i := range got {
				if got[i] != want[i] {
					t.Fatalf("%s: %d is encoded as %#x, want %#x", law.name, all[i], got[i], want[i])
				}
			}
			back, wantBack := make([]int16, 256), make([]int16, 256)
			law.decode(back, codes)
			law.plainD(wantBack, codes)
			if !slices.Equal(back, wantBack) {
				t.Fatalf("%s: decodes to %v, want %v", law.name, back, wantBack)
			}
		}
	})
}

func TestInterleave(t *testing.T) {
	kerneltest.Each(t, func(t *testing.T, k *kernel.Kernels) {
		r := rand.New(rand.NewPCG(15, 16))
		for _, n := range kerneltest.Lengths() {
			left, right, out := kerneltest.Samples(r, n, 1), kerneltest.Samples(r, n, 2), kerneltest.Guard[int16](2*n, 3)
			k.Interleave(out.S, left, right)
			out.Intact(t)
			for i := range n {
				if out.S[2*i] != left[i] || out.S[2*i+1] != right[i] {
					t.Fatalf("n %d: pair %d is %d, %d", n, i, out.S[2*i], out.S[2*i+1])
				}
			}
		}
	})
}

func TestResample(t *testing.T) {
	kerneltest.Each(t, func(t *testing.T, k *kernel.Kernels) {
		p, r := kernel.Plain(), rand.New(rand.NewPCG(17, 18))
		for _, c := range [][3]int{{1, 2, 24}, {2, 1, 24}, {3, 1, 16}, {1, 3, 40}, {6, 1, 32}, {1, 6, 96}, {3, 2, 24}, {2, 3, 33}, {4, 1, 16}, {1, 4, 64}} {
			up, down, taps := c[0], c[1], c[2]
			h := make([]float32, up*taps)
			for i := range h {
				h[i] = (r.Float32() - 0.5) * 7.7 / float32(taps)
			}
			f := kernel.NewFilter(up, down, taps, h)
			for _, n := range kerneltest.Lengths() {
				in := kerneltest.Samples(r, f.Needs(n), 1)
				out, want := kerneltest.Guard[int16](n, 1), make([]int16, n)
				k.Resample(out.S, in, f)
				p.Resample(want, in, f)
				out.Intact(t)
				if !slices.Equal(out.S, want) {
					t.Fatalf("%d/%d with %d taps: %d outputs differ from plain", up, down, taps, n)
				}
			}
		}
	})
	// A row that picks its first input: every other input comes out, unchanged.
	f := kernel.NewFilter(1, 2, 1, []float32{1})
	in, out := kerneltest.Samples(rand.New(rand.NewPCG(1, 1)), f.Needs(50), 0), make([]int16, 50)
	kernel.Best().Resample(out, in, f)
	for i, x := range out {
		if x != in[2*i] {
			t.Fatalf("output %d is %d, want %d", i, x, in[2*i])
		}
	}
}

func TestTooShortASlicePanicsBeforeAnythingIsWritten(t *testing.T) {
	kerneltest.Each(t, func(t *testing.T, k *kernel.Kernels) {
		a, s, b := make([]int16, 64), make([]int32, 64), make([]byte, 64)
		short, few := make([]int16, 63), make([]byte, 63)
		for name, f := range map[string]func(){
			"Accumulate":    func() { k.Accumulate(s, short) },
			"Sum":           func() { k.Sum(s, [][]int16{a, short}) },
			"SubtractClamp": func() { k.SubtractClamp(a, s, short) },
			"Add":           func() { k.Add(a, short) },
			"Three":         func() { k.Three(&[3][]int16{a, a, a}, &[3][]int16{a, a, short}) },
			"ThreeULaw":     func() { k.ThreeULaw(&[3][]byte{b, b, b}, &[3][]byte{b, b, few}, &[3]kernel.Gain{}) },
			"DecodeALaw":    func() { k.DecodeALaw(a, few) },
			"EncodeULaw":    func() { k.EncodeULaw(b, short) },
			"DecodeL16":     func() { k.DecodeL16(a, make([]byte, 127)) },
			"Interleave":    func() { k.Interleave(make([]int16, 127), a, a) },
			"Resample":      func() { k.Resample(a, a, kernel.NewFilter(1, 1, 16, make([]float32, 16))) },
		} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%s: reads beyond the end of a slice", name)
					}
				}()
				f()
			}()
		}
	})
}

func TestNothingIsAllocated(t *testing.T) {
	kerneltest.Each(t, func(t *testing.T, k *kernel.Kernels) {
		x, y, s, b := make([]int16, 160), make([]int16, 320), make([]int32, 160), make([]byte, 320)
		threes, coded := &[3][]int16{x, x, x}, &[3][]byte{b, b, b}
		ins, gains := [][]int16{x, x}, &[3]kernel.Gain{kernel.Unity, 1, 2}
		f := kernel.NewFilter(1, 2, 16, make([]float32, 16))
		if n := testing.AllocsPerRun(10, func() {
			k.Accumulate(s, x)
			k.Sum(s, ins)
			k.SubtractClamp(x, s, x)
			k.Clamp(x, s)
			k.Add(x, x)
			k.Gain(x, 1, kernel.Unity)
			k.Three(threes, threes)
			k.ThreeULaw(coded, coded, gains)
			k.ThreeALaw(coded, coded, gains)
			k.Energy(x)
			k.Peak(x)
			k.DecodeULaw(x, b)
			k.EncodeALaw(b[:160], x)
			k.DecodeL16(x, b)
			k.Interleave(y, x, x)
			k.Resample(x[:100], y, f)
			k.Prefetch(x)
			k.Prefetch(x[:0])
		}); n != 0 {
			t.Errorf("%v allocations", n)
		}
	})
}

func TestForcedSet(t *testing.T) {
	t.Setenv(kernel.Forced, "plain")
	if k := kernel.Best(); k.Name != "plain" {
		t.Errorf("%s is used", k.Name)
	}
	t.Setenv(kernel.Forced, "")
	if all := kernel.All(); kernel.Best().Name != all[len(all)-1].Name {
		t.Errorf("%s is used of %d sets", kernel.Best().Name, len(all))
	}
}
