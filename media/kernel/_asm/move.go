package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

func moving() {
	swap()
	interleave()
	prefetch()
}

// prefetch asks for memory that is not needed yet.
func prefetch() {
	function("prefetchAVX2", "(in *int16, n int)", "n is a number of bytes, a multiple of 64, not 0.")
	in, n := param("in"), param("n")
	loop(n, 64, func() {
		PREFETCHT0(at(in, 0))
		ADDQ(Imm(64), in)
	})
	RET()
}

// swap turns words of network order into ours, or ours into those.
func swap() {
	order := lookup([16]byte{1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14})
	for _, f := range [][2]string{
		{"decodeL16AVX2", "(out *int16, in *byte, n int)"},
		{"encodeL16AVX2", "(out *byte, in *int16, n int)"},
	} {
		function(f[0], f[1], "n is a multiple of 16.")
		out, in, n, o := param("out"), param("in"), param("n"), YMM()
		VMOVDQU(order, o)
		loop(n, 16, func() {
			x := YMM()
			VMOVDQU(at(in, 0), x)
			VPSHUFB(o, x, x)
			VMOVDQU(x, at(out, 0))
			ADDQ(Imm(32), in)
			ADDQ(Imm(32), out)
		})
		end()
	}
}

func interleave() {
	function("interleaveAVX2", "(out, left, right *int16, n int)", "n is a number of pairs, a multiple of 16.")
	out, left, right, n := param("out"), param("left"), param("right"), param("n")
	loop(n, 16, func() {
		l, r, low, high := YMM(), YMM(), YMM(), YMM()
		VMOVDQU(at(left, 0), l)
		VMOVDQU(at(right, 0), r)
		VPUNPCKLWD(r, l, low)
		VPUNPCKHWD(r, l, high)
		VPERM2I128(Imm(0x20), high, low, l)
		VPERM2I128(Imm(0x31), high, low, r)
		VMOVDQU(l, at(out, 0))
		VMOVDQU(r, at(out, 32))
		ADDQ(Imm(32), left)
		ADDQ(Imm(32), right)
		ADDQ(Imm(64), out)
	})
	end()
}
