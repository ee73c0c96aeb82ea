package main

import (
	"time"

	"github.com/callwright/callwright/media/dsp"
	"github.com/callwright/callwright/media/kernel"
)

// manyMembers is the room by which the cost at any size is measured.
const manyMembers = 200

// arithmetic measures a member-frame from code to code, without network and tick: by
// the machine's best kernels, and beside them by the plain twins.
func arithmetic(best *kernel.Kernels) []figure {
	figures := kernelFigures(best, "")
	if plain := kernel.Plain(); plain.Name != best.Name {
		figures = append(figures, kernelFigures(plain, ".plain")...)
	}
	return figures
}

func kernelFigures(k *kernel.Kernels, suffix string) []figure {
	const unit = "ns a member-frame"
	at := with(machine(), "kernels", k.Name)
	return []figure{
		{"mixer.g711.three_party" + suffix + ".ns", nsEach(3, threeFrame(k)), unit, at},
		{"mixer.g711.any_size" + suffix + ".ns", nsEach(manyMembers, roomFrame(k, manyMembers, 160, 1, k.DecodeULaw, k.EncodeULaw)), unit, with(at, "room", manyMembers)},
		{"mixer.l16_16k.three_party" + suffix + ".ns", nsEach(3, roomFrame(k, 3, 320, 2, k.DecodeL16, k.EncodeL16)), unit, at},
	}
}

// threeFrame is a frame of three members of G.711 with a gain of -3 dB each.
func threeFrame(k *kernel.Kernels) func() {
	var in, out [3][]byte
	for i := range in {
		in[i], out[i] = make([]byte, 160), make([]byte, 160)
		k.EncodeULaw(in[i], dsp.Sine(8000, 160, 300+float64(i), 8000))
	}
	by := kernel.FromDB(-3)
	gains := [3]kernel.Gain{by, by, by}
	return func() { k.ThreeULaw(&out, &in, &gains) }
}

// roomFrame is decode, sum, subtract, gain and encode of a room of any size.
func roomFrame(k *kernel.Kernels, members, samples, width int, decode func([]int16, []byte), encode func([]byte, []int16)) func() {
	sum, out, back := make([]int32, samples), make([]int16, samples), make([]byte, samples*width)
	in, wire := make([][]int16, members), make([][]byte, members)
	for i := range in {
		in[i], wire[i] = make([]int16, samples), make([]byte, samples*width)
		encode(wire[i], dsp.Sine(samples*50, samples, 300+float64(i), 8000))
	}
	by := kernel.FromDB(-3)
	return func() {
		clear(sum)
		for i := range in {
			decode(in[i], wire[i])
		}
		k.Sum(sum, in)
		for i := range in {
			k.SubtractClamp(out, sum, in[i])
			k.Gain(out, by, by)
			encode(back, out)
		}
	}
}

// nsEach runs a frame again and again for a fifth of a second, and gives the time of
// one of its members.
func nsEach(members int, frame func()) float64 {
	for rounds := 1; ; rounds *= 2 {
		began := time.Now()
		for range rounds {
			frame()
		}
		if took := time.Since(began); took > 200*time.Millisecond {
			return float64(took.Nanoseconds()) / float64(rounds) / float64(members)
		}
	}
}
