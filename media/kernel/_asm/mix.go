package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func mixing() {
	accumulate()
	sum()
	subtractClamp()
	clamp()
	add()
	three()
}

func accumulate() {
	function("accumulateAVX2", "(sum *int32, in *int16, n int)", "n is a multiple of 16.")
	s, in, n := param("sum"), param("in"), param("n")
	loop(n, 16, func() {
		for i := range 2 {
			w := YMM()
			VPMOVSXWD(at(in, 16*i), w)
			VPADDD(at(s, 32*i), w, w)
			VMOVDQU(w, at(s, 32*i))
		}
		ADDQ(Imm(32), in)
		ADDQ(Imm(64), s)
	})
	end()
}

// sum keeps a block of 32 sums in registers while all members pass, so that they are
// read and written once whatever the size of the room.
func sum() {
	function("sumAVX2", "(sum *int32, ins *[]int16, members, n int)", "members is not zero, n a multiple of 16.")
	s, ins, members, n := param("sum"), param("ins"), param("members"), param("n")
	offset := GP64()
	XORQ(offset, offset)
	SUBQ(Imm(32), n)
	JLT(LabelRef("rest"))
	Label("blocks")
	sumBlock(s, ins, members, offset, 4)
	ADDQ(Imm(128), s)
	ADDQ(Imm(64), offset)
	SUBQ(Imm(32), n)
	JGE(LabelRef("blocks"))
	Label("rest")
	ADDQ(Imm(32), n)
	JEQ(LabelRef("done"))
	sumBlock(s, ins, members, offset, 2)
	Label("done")
	end()
}

func sumBlock(s, ins, members, offset reg.GPVirtual, registers int) {
	acc := make([]reg.VecVirtual, registers)
	for i := range acc {
		acc[i] = YMM()
		VMOVDQU(at(s, 32*i), acc[i])
	}
	header, left, in := GP64(), GP64(), GP64()
	MOVQ(ins, header)
	MOVQ(members, left)
	loop(left, 1, func() {
		MOVQ(at(header, 0), in)
		ADDQ(offset, in)
		for i := range acc {
			w := YMM()
			VPMOVSXWD(at(in, 16*i), w)
			VPADDD(w, acc[i], acc[i])
		}
		ADDQ(Imm(24), header) // of a slice
	})
	for i := range acc {
		VMOVDQU(acc[i], at(s, 32*i))
	}
}

func subtractClamp() {
	function("subtractClampAVX2", "(out *int16, sum *int32, own *int16, n int)", "n is a multiple of 16.")
	out, s, own, n := param("out"), param("sum"), param("own"), param("n")
	loop(n, 16, func() {
		a, b := YMM(), YMM()
		for i, r := range []reg.VecVirtual{a, b} {
			x := YMM()
			VPMOVSXWD(at(own, 16*i), x)
			VMOVDQU(at(s, 32*i), r)
			VPSUBD(x, r, r)
		}
		narrow(out, a, b)
		ADDQ(Imm(32), own)
		ADDQ(Imm(64), s)
		ADDQ(Imm(32), out)
	})
	end()
}

func clamp() {
	function("clampAVX2", "(out *int16, sum *int32, n int)", "n is a multiple of 16.")
	out, s, n := param("out"), param("sum"), param("n")
	loop(n, 16, func() {
		a, b := YMM(), YMM()
		VMOVDQU(at(s, 0), a)
		VMOVDQU(at(s, 32), b)
		narrow(out, a, b)
		ADDQ(Imm(64), s)
		ADDQ(Imm(32), out)
	})
	end()
}

// narrow stores 16 doubles in order as clamped words: packing works on each half of
// a register, the permutation puts the quarters right.
func narrow(out reg.Register, a, b reg.VecVirtual) {
	VPACKSSDW(b, a, a)
	VPERMQ(Imm(0xd8), a, a)
	VMOVDQU(a, at(out, 0))
}

func add() {
	function("addAVX2", "(out, in *int16, n int)", "n is a multiple of 16.")
	out, in, n := param("out"), param("in"), param("n")
	loop(n, 16, func() {
		x := YMM()
		VMOVDQU(at(in, 0), x)
		VPADDSW(at(out, 0), x, x)
		VMOVDQU(x, at(out, 0))
		ADDQ(Imm(32), in)
		ADDQ(Imm(32), out)
	})
	end()
}

// three is mix-minus of three: what each hears is the clamped sum of the two others.
func three() {
	function("threeAVX2", "(out0, out1, out2, in0, in1, in2 *int16, n int)", "n is a multiple of 16.")
	var out, in [3]reg.GPVirtual
	for i, name := range []string{"0", "1", "2"} {
		out[i], in[i] = param("out"+name), param("in"+name)
	}
	n := param("n")
	loop(n, 16, func() {
		var x, y [3]reg.VecVirtual
		for i := range x {
			x[i] = YMM()
			VMOVDQU(at(in[i], 0), x[i])
		}
		for i := range y {
			y[i] = YMM()
			VPADDSW(x[(i+1)%3], x[(i+2)%3], y[i])
			VMOVDQU(y[i], at(out[i], 0))
			ADDQ(Imm(32), in[i])
			ADDQ(Imm(32), out[i])
		}
	})
	end()
}
