package kernel

import (
	"encoding/binary"

	"github.com/callwright/callwright/media/g711"
)

func decodeULaw(out []int16, in []byte) {
	in = in[:len(out)]
	for i := range out {
		out[i] = g711.ULawToLinear[in[i]]
	}
}

func encodeULaw(out []byte, in []int16) {
	in = in[:len(out)]
	for i := range out {
		out[i] = g711.LinearToULaw[uint16(in[i])>>2]
	}
}

func decodeALaw(out []int16, in []byte) {
	in = in[:len(out)]
	for i := range out {
		out[i] = g711.ALawToLinear[in[i]]
	}
}

func encodeALaw(out []byte, in []int16) {
	in = in[:len(out)]
	for i := range out {
		out[i] = g711.LinearToALaw[uint16(in[i])>>4]
	}
}

func decodeL16(out []int16, in []byte) {
	in = in[:2*len(out)]
	for i := range out {
		out[i] = int16(binary.BigEndian.Uint16(in[2*i:]))
	}
}

func encodeL16(out []byte, in []int16) {
	out = out[:2*len(in)]
	for i, x := range in {
		binary.BigEndian.PutUint16(out[2*i:], uint16(x))
	}
}
