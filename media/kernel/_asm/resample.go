package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const (
	tapBits    = 14 // fraction of a filter's coefficient
	togetherAt = 4  // outputs made at once
)

// resampling is the polyphase filter: output i is the dot product of taps inputs from
// i*down/up on with the row i*down%up of the filter. Integers add up to the same in
// any order, so the lanes of a register are as good as one sum.
func resampling() {
	function("resampleAVX2", "(out, in, filter *int16, n, taps, up, down int)",
		"n is a number of outputs, a multiple of 4; taps a multiple of 16.")
	out, in, filter := param("out"), param("in"), param("filter")
	n := param("n")
	row, phase := GP64(), GP64()
	MOVQ(filter, row)
	XORQ(phase, phase)
	loop(n, togetherAt, func() {
		var acc [togetherAt]reg.VecVirtual
		for i := range acc {
			acc[i] = YMM()
			dot(in, row, acc[i])
			advance(in, filter, row, phase)
		}
		// Pairs of lanes are added until each of the four sums is one double.
		VPHADDD(acc[1], acc[0], acc[0])
		VPHADDD(acc[3], acc[2], acc[2])
		VPHADDD(acc[2], acc[0], acc[0])
		half := XMM()
		VEXTRACTI128(Imm(1), acc[0], half)
		VPADDD(half, acc[0].AsX(), half)
		VPADDD(eachDouble(1<<(tapBits-1)), half, half)
		VPSRAD(Imm(tapBits), half, half)
		VPACKSSDW(half, half, half)
		VMOVQ(half, at(out, 0))
		ADDQ(Imm(2*togetherAt), out)
	})
	end()
}

func dot(in, row reg.GPVirtual, acc reg.VecVirtual) {
	x, h, left := GP64(), GP64(), GP64()
	MOVQ(in, x)
	MOVQ(row, h)
	Load(Param("taps"), left)
	VPXOR(acc, acc, acc)
	loop(left, 16, func() {
		y := YMM()
		VMOVDQU(at(x, 0), y)
		VPMADDWD(at(h, 0), y, y)
		VPADDD(y, acc, acc)
		ADDQ(Imm(32), x)
		ADDQ(Imm(32), h)
	})
}

// advance goes to the next output's input and row.
func advance(in, filter, row, phase reg.GPVirtual) {
	down, up := GP64(), GP64()
	name := fmt.Sprint(labels.next())
	Load(Param("down"), down)
	Load(Param("up"), up)
	ADDQ(down, phase)
	Label("wrap" + name)
	CMPQ(phase, up)
	JLT(LabelRef("row" + name))
	SUBQ(up, phase)
	ADDQ(Imm(2), in)
	JMP(LabelRef("wrap" + name))
	Label("row" + name)
	Load(Param("taps"), row)
	IMULQ(phase, row)
	LEAQ(Mem{Base: filter, Index: row, Scale: 2}, row)
}
