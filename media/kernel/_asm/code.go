package main

import (
	"math/bits"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// law is one of the two laws of G.711, as far as they differ.
//
// A code, inverted, is a sign, a segment of three bits and a step of four. Its sample
// is (2*step+33) * factor[segment] + offset[segment], in units of 1<<unit.
//
// A sample's magnitude, in the law's precision and with its bias, has a head of eight
// bits. The highest bit set in the head tells segment, and the factor of which the
// product's upper word is the step, with a 16 in front of it where there is one.
type law struct {
	name string

	invert byte // so that bit 7 is set for negative samples
	factor [16]byte
	offset [16]byte // signed
	unit   uint64

	magnitude func(x reg.VecVirtual) (head, weighed reg.VecVirtual)
	highest   byte // factor of a head of 1, times two for each bit less
	none      byte // factor of a head of 0
	finish    func(steps reg.VecVirtual)
}

func laws() []law {
	return []law{{
		name: "ULaw", invert: 0xff, unit: 2,
		factor:    [16]byte{1, 2, 4, 8, 16, 32, 64, 128},
		offset:    [16]byte{223, 223, 223, 223, 223, 223, 223, 223}, // -33
		magnitude: uLawMagnitude, highest: 128, none: 255,
		finish: func(x reg.VecVirtual) { // inverts, and takes the 16 away
			y := YMM()
			VMOVDQU(eachByte(15), y)
			VPSUBB(x, y, x)
		},
	}, {
		name: "ALaw", invert: 0xd5, unit: 3,
		factor:    [16]byte{1, 1, 2, 4, 8, 16, 32, 64},
		offset:    [16]byte{224, 0, 0, 0, 0, 0, 0, 0}, // -32
		magnitude: aLawMagnitude, highest: 64, none: 64,
		finish: func(x reg.VecVirtual) { VPXOR(eachByte(0xd5), x, x) },
	}}
}

// uLawMagnitude takes 14 bits and the bias of 33, at most 0x1fff; its head is never 0.
func uLawMagnitude(x reg.VecVirtual) (head, weighed reg.VecVirtual) {
	head = YMM()
	VPSRLW(Imm(2), x, x)
	VPADDW(eachWord(33), x, x)
	VPMINUW(eachWord(0x1fff), x, x)
	VPSRLW(Imm(5), x, head)
	return head, x
}

// aLawMagnitude takes 13 bits, weighed by four so that the product's upper word
// is the step here too.
func aLawMagnitude(x reg.VecVirtual) (head, weighed reg.VecVirtual) {
	head = YMM()
	VPSRLW(Imm(8), x, head)
	VPSRLW(Imm(2), x, x)
	VPAND(eachWord(0xfffc), x, x)
	return head, x
}

func coding() {
	for _, l := range laws() {
		function("decode"+l.name+"AVX2", "(out *int16, in *byte, n int)", "n is a multiple of 32.")
		out, in, n := param("out"), param("in"), param("n")
		loop(n, 32, func() {
			a, b := l.decode(at(in, 0))
			VMOVDQU(a, at(out, 0))
			VMOVDQU(b, at(out, 32))
			ADDQ(Imm(32), in)
			ADDQ(Imm(64), out)
		})
		end()

		function("encode"+l.name+"AVX2", "(out *byte, in *int16, n int)", "n is a multiple of 32.")
		out, in, n = param("out"), param("in"), param("n")
		loop(n, 32, func() {
			a, b := YMM(), YMM()
			VMOVDQU(at(in, 0), a)
			VMOVDQU(at(in, 32), b)
			VMOVDQU(l.encode(a, b), at(out, 0))
			ADDQ(Imm(64), in)
			ADDQ(Imm(32), out)
		})
		end()
	}
}

// decode gives the samples of 32 codes, the first 16 and the others. Unpacking works
// on each half of a register, so the quarters are put right beforehand.
func (l *law) decode(codes Mem) (reg.VecVirtual, reg.VecVirtual) {
	c, segment, step, offset := YMM(), YMM(), YMM(), YMM()
	VPERMQ(Imm(0xd8), codes, c)
	VPXOR(eachByte(l.invert), c, c)
	VPSRLW(Imm(4), c, segment)
	VPAND(eachByte(7), segment, segment)
	VPAND(eachByte(15), c, step)
	find(steps(), step, step)
	find(l.offset, segment, offset)
	find(l.factor, segment, segment)
	ones := YMM()
	VMOVDQU(eachByte(1), ones)
	var out [2]reg.VecVirtual
	for i, unpack := range []func(ops ...Op){VPUNPCKLBW, VPUNPCKHBW} {
		x, y, sign := YMM(), YMM(), YMM()
		unpack(ones, segment, x)
		unpack(offset, step, y)
		VPMADDUBSW(y, x, x)
		VPSLLW(Imm(l.unit), x, x)
		unpack(c, ones, sign)
		VPSIGNW(sign, x, x)
		out[i] = x
	}
	return out[0], out[1]
}

// encode gives the codes of 32 samples, in a and b, which it overwrites.
func (l *law) encode(a, b reg.VecVirtual) reg.VecVirtual {
	var sign, head, weighed [2]reg.VecVirtual
	for i, x := range []reg.VecVirtual{a, b} {
		sign[i] = YMM()
		VPSRAW(Imm(15), x, sign[i])
		VPXOR(sign[i], x, x)
		head[i], weighed[i] = l.magnitude(x)
	}
	VPACKSSWB(sign[1], sign[0], sign[0])
	VPAND(eachByte(0x80), sign[0], sign[0])
	low, high := YMM(), YMM()
	VPACKUSWB(head[1], head[0], low)
	VPSRLW(Imm(4), low, high)
	VPAND(eachByte(15), low, low)
	VPAND(eachByte(15), high, high)
	segment, factor, other := YMM(), YMM(), YMM()
	find(l.segments(0), low, segment)
	find(l.segments(4), high, other)
	VPMAXUB(other, segment, segment)
	find(l.factors(0, l.none), low, factor)
	find(l.factors(4, 255), high, other)
	VPMINUB(other, factor, factor)
	zero := YMM()
	VPXOR(zero, zero, zero)
	VPUNPCKLBW(factor, zero, low)
	VPUNPCKHBW(factor, zero, high)
	VPMULHUW(low, weighed[0], low)
	VPMULHUW(high, weighed[1], high)
	VPACKUSWB(high, low, low)
	VPADDB(segment, low, low)
	l.finish(low)
	VPXOR(sign[0], low, low)
	VPERMQ(Imm(0xd8), low, low)
	return low
}

// find looks each byte of index, below 16, up in a table.
func find(table [16]byte, index, out reg.VecVirtual) {
	t := YMM()
	VMOVDQU(lookup(table), t)
	VPSHUFB(index, t, out)
}

func steps() (t [16]byte) {
	for i := range t {
		t[i] = byte(2*i + 33)
	}
	return t
}

// segments gives 16 times the place of the highest bit of a nibble that stands shift
// bits up in the head.
func (l *law) segments(shift int) (t [16]byte) {
	for i := 1; i < 16; i++ {
		t[i] = byte(16 * (bits.Len(uint(i)) - 1 + shift))
	}
	return t
}

func (l *law) factors(shift int, none byte) (t [16]byte) {
	t[0] = none
	for i := 1; i < 16; i++ {
		t[i] = l.highest >> (bits.Len(uint(i)) - 1 + shift)
	}
	return t
}
