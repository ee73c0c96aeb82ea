package kernel

import "math"

func accumulate(sum []int32, in []int16) {
	in = in[:len(sum)]
	for i := range sum {
		sum[i] += int32(in[i])
	}
}

func sum(sum []int32, ins [][]int16) {
	for _, in := range ins {
		accumulate(sum, in)
	}
}

func subtractClamp(out []int16, sum []int32, own []int16) {
	sum, own = sum[:len(out)], own[:len(out)]
	for i := range out {
		out[i] = clamped(sum[i] - int32(own[i]))
	}
}

func clamp(out []int16, sum []int32) {
	sum = sum[:len(out)]
	for i := range out {
		out[i] = clamped(sum[i])
	}
}

func add(out, in []int16) {
	in = in[:len(out)]
	for i := range out {
		out[i] = clamped(int32(out[i]) + int32(in[i]))
	}
}

func energy(in []int16) uint64 {
	var e uint64
	for _, x := range in {
		e += uint64(int64(x) * int64(x))
	}
	return e
}

func peak(in []int16) int {
	p := int32(0)
	for _, x := range in {
		p = max(p, int32(x), -int32(x))
	}
	return int(p)
}

// clamped is written so that the compiler makes conditional moves of it.
func clamped(x int32) int16 {
	return int16(min(max(x, math.MinInt16), math.MaxInt16))
}

func interleave(out, left, right []int16) {
	out, right = out[:2*len(left)], right[:len(left)]
	for i, x := range left {
		out[2*i], out[2*i+1] = x, right[i]
	}
}
