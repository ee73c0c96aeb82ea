// Command asm writes the AVX2 kernels: avx2_amd64.s and the Go declarations beside
// it. It is a module of its own so that the engine does not depend on avo.
//
// All functions take pointers and a number of samples that is a multiple of their
// step, which package kernel sees to; they use VEX-coded instructions only (one
// legacy SSE instruction among them costs more than a whole frame) and end with
// VZEROUPPER. Inputs need not be aligned.
package main

import (
	"fmt"
	"strings"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	mixing()
	gains()
	levels()
	moving()
	coding()
	threeParty()
	resampling()
	Generate()
}

// function begins a function of the given parameters.
func function(name, signature, doc string) {
	TEXT(name, NOSPLIT, "func"+signature)
	Pragma("noescape")
	Doc(name + ": " + doc)
}

func end() {
	VZEROUPPER()
	RET()
}

func param(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }

// loop runs body for each step of left, which is not zero at the start.
func loop(left reg.GPVirtual, step int, body func()) {
	name := fmt.Sprintf("loop%d", labels.next())
	Label(name)
	body()
	SUBQ(Imm(uint64(step)), left)
	JNE(LabelRef(name))
}

type counter int

func (c *counter) next() int { *c++; return int(*c) }

var (
	labels  counter
	written = map[string]Mem{}
)

// constant is 32 bytes of read-only memory, once for each content.
func constant(content []byte) Mem {
	for len(content) < 32 {
		content = append(content, content...)
	}
	key := string(content)
	if m, ok := written[key]; ok {
		return m
	}
	m := GLOBL(fmt.Sprintf("constant%d", len(written)), RODATA|NOPTR)
	for i := 0; i < 32; i += 8 {
		word := uint64(0)
		for k := range 8 {
			word |= uint64(content[i+k]) << (8 * k)
		}
		DATA(i, U64(word))
	}
	written[key] = m
	return m
}

func eachByte(b byte) Mem         { return constant([]byte(strings.Repeat(string([]byte{b}), 16))) }
func eachWord(w uint16) Mem       { return constant([]byte{byte(w), byte(w >> 8)}) }
func lookup(entries [16]byte) Mem { return constant(entries[:]) }
func eachDouble(d uint32) Mem {
	return constant([]byte{byte(d), byte(d >> 8), byte(d >> 16), byte(d >> 24)})
}

func at(base reg.Register, disp int) Mem { return Mem{Base: base, Disp: disp} }
