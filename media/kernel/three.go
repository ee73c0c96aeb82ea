package kernel

// sameLengths gives the length of a frame; all others are at least as long.
func sameLengths[T int16 | byte](out, in *[3][]T) int {
	n := len(out[0])
	for i := range out {
		_, _ = out[i][:n], in[i][:n]
	}
	return n
}

func three(out, in *[3][]int16) {
	sameLengths(out, in)
	threeFrom(out, in, 0)
}

// threeFrom begins at sample n. All inputs are read before an output is written.
func threeFrom(out, in *[3][]int16, n int) {
	for i := n; i < len(out[0]); i++ {
		a, b, c := int32(in[0][i]), int32(in[1][i]), int32(in[2][i])
		out[0][i], out[1][i], out[2][i] = clamped(b+c), clamped(c+a), clamped(a+b)
	}
}

func threeULaw(out, in *[3][]byte, gains *[3]Gain) {
	sameLengths(out, in)
	threeLaw(out, in, gains, 0, false)
}

func threeALaw(out, in *[3][]byte, gains *[3]Gain) {
	sameLengths(out, in)
	threeLaw(out, in, gains, 0, true)
}

// threeLaw begins at sample n and goes by pieces, so that what it decodes lies on
// the stack; functions as arguments would send it to the heap.
func threeLaw(out, in *[3][]byte, gains *[3]Gain, n int, a bool) {
	const piece = 160
	var said, heard [3][piece]int16
	for ; n < len(out[0]); n += piece {
		k := min(piece, len(out[0])-n)
		for i := range said {
			threeDecode(said[i][:k], in[i][n:], a)
		}
		threeFrom(&[3][]int16{heard[0][:k], heard[1][:k], heard[2][:k]},
			&[3][]int16{said[0][:k], said[1][:k], said[2][:k]}, 0)
		for i := range heard {
			flatGain(heard[i][:k], gains[i])
			threeEncode(out[i][n:n+k], heard[i][:k], a)
		}
	}
}

func threeDecode(out []int16, in []byte, a bool) {
	if a {
		decodeALaw(out, in)
	} else {
		decodeULaw(out, in)
	}
}

func threeEncode(out []byte, in []int16, a bool) {
	if a {
		encodeALaw(out, in)
	} else {
		encodeULaw(out, in)
	}
}
