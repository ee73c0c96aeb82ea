package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

func levels() {
	energy()
	peak()
}

// energy adds pairs of squares, which fill 32 bits without a sign, into four sums of
// 64 bits.
func energy() {
	function("energyAVX2", "(in *int16, n int) uint64", "n is a multiple of 16.")
	in, n := param("in"), param("n")
	total, low := YMM(), YMM()
	VPXOR(total, total, total)
	VMOVDQU(lowDoubles(), low)
	loop(n, 16, func() {
		x, odd := YMM(), YMM()
		VMOVDQU(at(in, 0), x)
		VPMADDWD(x, x, x)
		VPSRLQ(Imm(32), x, odd)
		VPAND(low, x, x)
		VPADDQ(odd, total, total)
		VPADDQ(x, total, total)
		ADDQ(Imm(32), in)
	})
	half, r := XMM(), GP64()
	VEXTRACTI128(Imm(1), total, half)
	VPADDQ(total.AsX(), half, half)
	VPSHUFD(Imm(0x4e), half, total.AsX())
	VPADDQ(total.AsX(), half, half)
	VMOVQ(half, r)
	Store(r, ReturnIndex(0))
	end()
}

func lowDoubles() Mem { return constant([]byte{255, 255, 255, 255, 0, 0, 0, 0}) }

// peak takes magnitudes without a sign, so that -32768 has one.
func peak() {
	function("peakAVX2", "(in *int16, n int) int", "n is a multiple of 16.")
	in, n := param("in"), param("n")
	most := YMM()
	VPXOR(most, most, most)
	loop(n, 16, func() {
		x := YMM()
		VPABSW(at(in, 0), x)
		VPMAXUW(x, most, most)
		ADDQ(Imm(32), in)
	})
	x, r := XMM(), GP32()
	VEXTRACTI128(Imm(1), most, x)
	VPMAXUW(most.AsX(), x, x)
	// VPHMINPOSUW finds the least of eight: of the complements.
	VPXOR(eachByte(255), x, x)
	VPHMINPOSUW(x, x)
	VMOVD(x, r)
	NOTL(r)
	ANDL(U32(0xffff), r)
	Store(r.As64(), ReturnIndex(0))
	end()
}
