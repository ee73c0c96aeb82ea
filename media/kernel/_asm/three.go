package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// threeParty is a whole frame of three members of one law, from codes to codes: each
// hears the clamped sum of the two others, scaled by a gain of its own.
func threeParty() {
	for _, l := range laws() {
		function("three"+l.name+"AVX2", "(out, in *[]byte, gains *int32, n int)",
			"out, in and gains hold three each; n is a multiple of 32.")
		outs, ins, gains := param("out"), param("in"), param("gains")
		n := param("n")
		var out, in [3]reg.GPVirtual
		pairs := AllocLocal(3 * 32)
		for i := range 3 {
			out[i], in[i] = GP64(), GP64()
			MOVQ(at(outs, 24*i), out[i])
			MOVQ(at(ins, 24*i), in[i])
			by := GP32()
			MOVL(at(gains, 4*i), by)
			VMOVDQU(flatPair(by), pairs.Offset(32*i))
		}
		loop(n, 32, func() {
			// What all say stays in memory of the stack: sixteen registers hold no more.
			var said [3][2]reg.VecVirtual
			for i := range 3 {
				said[i][0], said[i][1] = l.decode(at(in[i], 0))
				ADDQ(Imm(32), in[i])
			}
			l.others(said, pairs, out)
			for i := range 3 {
				ADDQ(Imm(32), out[i])
			}
		})
		end()
	}
}

func (l *law) others(said [3][2]reg.VecVirtual, pairs Mem, out [3]reg.GPVirtual) {
	for i := range 3 {
		Comment(fmt.Sprintf("What member %d hears.", i))
		var x [2]reg.VecVirtual
		pair := YMM()
		VMOVDQU(pairs.Offset(32*i), pair)
		for h := range 2 {
			x[h] = YMM()
			VPADDSW(said[(i+1)%3][h], said[(i+2)%3][h], x[h])
			scale(x[h], pair, pair)
		}
		VMOVDQU(l.encode(x[0], x[1]), at(out[i], 0))
	}
}
