package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const (
	gainBits = 11                  // fraction of a gain
	gainHalf = 1 << (gainBits - 1) // rounds half up
)

func gains() {
	gain()
	ramp()
}

// flatPair is a gain and the rounding as pairs of words, so that one VPMADDWD with
// samples paired with ones scales and rounds.
func flatPair(by reg.Register) reg.VecVirtual {
	half, pair := GP32(), YMM()
	MOVL(by, half)
	ANDL(U32(0xffff), half)
	ORL(U32(gainHalf<<16), half)
	VMOVD(half, pair.AsX())
	VPBROADCASTD(pair.AsX(), pair)
	return pair
}

// scale multiplies 16 samples in place by pairs for the words that unpack low and
// high, and clamps.
func scale(x, low, high reg.VecVirtual) {
	hi := YMM()
	VPUNPCKHWD(eachWord(1), x, hi)
	VPUNPCKLWD(eachWord(1), x, x)
	VPMADDWD(low, x, x)
	VPMADDWD(high, hi, hi)
	VPSRAD(Imm(gainBits), x, x)
	VPSRAD(Imm(gainBits), hi, hi)
	VPACKSSDW(hi, x, x)
}

func gain() {
	function("gainAVX2", "(buf *int16, by int32, n int)", "n is a multiple of 16.")
	buf := param("buf")
	by := Load(Param("by"), GP32())
	n := param("n")
	pair := flatPair(by)
	loop(n, 16, func() {
		x := YMM()
		VMOVDQU(at(buf, 0), x)
		scale(x, pair, pair)
		VMOVDQU(x, at(buf, 0))
		ADDQ(Imm(32), buf)
	})
	end()
}

// ramp carries the gain of each sample with 16 bits of fraction.
func ramp() {
	function("rampAVX2", "(buf *int16, before, step int32, n int)", "n is a multiple of 16; before is the gain before the first sample, with 16 bits of fraction.")
	buf := param("buf")
	before, step := Load(Param("before"), GP32()), Load(Param("step"), GP32())
	n := param("n")
	low, high, by, rise := YMM(), YMM(), YMM(), YMM()
	VMOVD(step, by.AsX())
	VPBROADCASTD(by.AsX(), by)
	VMOVD(before, rise.AsX())
	VPBROADCASTD(rise.AsX(), rise)
	// Unpacking takes samples 0 to 3 and 8 to 11 low, the others high.
	VPMULLD(doubles(1, 2, 3, 4, 9, 10, 11, 12), by, low)
	VPMULLD(doubles(5, 6, 7, 8, 13, 14, 15, 16), by, high)
	VPADDD(rise, low, low)
	VPADDD(rise, high, high)
	VPSLLD(Imm(4), by, by)
	loop(n, 16, func() {
		x, l, h := YMM(), YMM(), YMM()
		for _, p := range [][2]reg.VecVirtual{{low, l}, {high, h}} {
			VPSRLD(Imm(16), p[0], p[1])
			VPOR(eachDouble(gainHalf<<16), p[1], p[1])
			VPADDD(by, p[0], p[0])
		}
		VMOVDQU(at(buf, 0), x)
		scale(x, l, h)
		VMOVDQU(x, at(buf, 0))
		ADDQ(Imm(32), buf)
	})
	end()
}

func doubles(all ...byte) Mem {
	var content []byte
	for _, d := range all {
		content = append(content, d, 0, 0, 0)
	}
	return constant(content)
}
