package kernel

// The functions of this and the other files for amd64 hand whole blocks to the
// generated assembly and what is left over to the plain twin. Frames of all our rates
// are whole blocks. They check lengths, which the assembly cannot.

const (
	step     = 16 // samples, of most functions
	codeStep = 32 // of those that touch a law's codes
)

func accumulateV(sum []int32, in []int16) {
	in = in[:len(sum)]
	n := len(sum) &^ (step - 1)
	if n > 0 {
		accumulateAVX2(&sum[0], &in[0], n)
	}
	accumulate(sum[n:], in[n:])
}

func sumV(sum []int32, ins [][]int16) {
	for i := range ins {
		_ = ins[i][:len(sum)]
	}
	n := len(sum) &^ (step - 1)
	if n > 0 && len(ins) > 0 {
		sumAVX2(&sum[0], &ins[0], len(ins), n)
	}
	for _, in := range ins {
		accumulate(sum[n:], in[n:])
	}
}

func subtractClampV(out []int16, sum []int32, own []int16) {
	sum, own = sum[:len(out)], own[:len(out)]
	n := len(out) &^ (step - 1)
	if n > 0 {
		subtractClampAVX2(&out[0], &sum[0], &own[0], n)
	}
	subtractClamp(out[n:], sum[n:], own[n:])
}

func clampV(out []int16, sum []int32) {
	sum = sum[:len(out)]
	n := len(out) &^ (step - 1)
	if n > 0 {
		clampAVX2(&out[0], &sum[0], n)
	}
	clamp(out[n:], sum[n:])
}

func addV(out, in []int16) {
	in = in[:len(out)]
	n := len(out) &^ (step - 1)
	if n > 0 {
		addAVX2(&out[0], &in[0], n)
	}
	add(out[n:], in[n:])
}

func threeV(out, in *[3][]int16) {
	length := sameLengths(out, in)
	n := length &^ (step - 1)
	if n > 0 {
		threeAVX2(&out[0][0], &out[1][0], &out[2][0], &in[0][0], &in[1][0], &in[2][0], n)
	}
	if n < length {
		threeFrom(out, in, n)
	}
}

// prefetchV may reach beyond the end, where it does no harm.
func prefetchV(in []int16) {
	const line = 64
	if n := (2*len(in) + line - 1) &^ (line - 1); n > 0 {
		prefetchAVX2(&in[0], n)
	}
}

func interleaveV(out, left, right []int16) {
	out, right = out[:2*len(left)], right[:len(left)]
	n := len(left) &^ (step - 1)
	if n > 0 {
		interleaveAVX2(&out[0], &left[0], &right[0], n)
	}
	interleave(out[2*n:], left[n:], right[n:])
}

func resampleV(out, in []int16, f *Filter) {
	const together = 4
	f.check(len(out), in)
	n := len(out) &^ (together - 1)
	if n > 0 {
		resampleAVX2(&out[0], &in[0], &f.rows[0], n, f.taps, f.up, f.down)
	}
	resampleFrom(out[n:], in, f, n)
}
