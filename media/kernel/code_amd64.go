package kernel

func decodeULawV(out []int16, in []byte) {
	in = in[:len(out)]
	n := len(out) &^ (codeStep - 1)
	if n > 0 {
		decodeULawAVX2(&out[0], &in[0], n)
	}
	decodeULaw(out[n:], in[n:])
}

func encodeULawV(out []byte, in []int16) {
	in = in[:len(out)]
	n := len(out) &^ (codeStep - 1)
	if n > 0 {
		encodeULawAVX2(&out[0], &in[0], n)
	}
	encodeULaw(out[n:], in[n:])
}

func decodeALawV(out []int16, in []byte) {
	in = in[:len(out)]
	n := len(out) &^ (codeStep - 1)
	if n > 0 {
		decodeALawAVX2(&out[0], &in[0], n)
	}
	decodeALaw(out[n:], in[n:])
}

func encodeALawV(out []byte, in []int16) {
	in = in[:len(out)]
	n := len(out) &^ (codeStep - 1)
	if n > 0 {
		encodeALawAVX2(&out[0], &in[0], n)
	}
	encodeALaw(out[n:], in[n:])
}

func decodeL16V(out []int16, in []byte) {
	in = in[:2*len(out)]
	n := len(out) &^ (step - 1)
	if n > 0 {
		decodeL16AVX2(&out[0], &in[0], n)
	}
	decodeL16(out[n:], in[2*n:])
}

func encodeL16V(out []byte, in []int16) {
	out = out[:2*len(in)]
	n := len(in) &^ (step - 1)
	if n > 0 {
		encodeL16AVX2(&out[0], &in[0], n)
	}
	encodeL16(out[2*n:], in[n:])
}

func threeULawV(out, in *[3][]byte, gains *[3]Gain) {
	length := sameLengths(out, in)
	n := length &^ (codeStep - 1)
	if n > 0 {
		threeULawAVX2(&out[0], &in[0], (*int32)(&gains[0]), n)
	}
	if n < length {
		threeLaw(out, in, gains, n, false)
	}
}

func threeALawV(out, in *[3][]byte, gains *[3]Gain) {
	length := sameLengths(out, in)
	n := length &^ (codeStep - 1)
	if n > 0 {
		threeALawAVX2(&out[0], &in[0], (*int32)(&gains[0]), n)
	}
	if n < length {
		threeLaw(out, in, gains, n, true)
	}
}
