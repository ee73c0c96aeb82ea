package kernel

// Kernels is one implementation of all operations.
type Kernels struct {
	// Name is what logs and benchmarks call it.
	Name string

	// Accumulate adds in to sum.
	Accumulate func(sum []int32, in []int16)
	// Sum adds all of ins to sum, each at least as long: a block of sums stays in
	// registers while all members pass, so that the size of a room costs reading only.
	Sum func(sum []int32, ins [][]int16)
	// SubtractClamp sets out to sum - own, clamped to 16 bits: mix-minus.
	SubtractClamp func(out []int16, sum []int32, own []int16)
	// Clamp sets out to sum, clamped to 16 bits.
	Clamp func(out []int16, sum []int32)
	// Add adds in to out, clamped to 16 bits.
	Add func(out, in []int16)
	// Gain scales buf in place, clamped to 16 bits, by a gain that goes straight
	// from from (exclusive) to to (which the last sample gets, but for rounding
	// of the step). Without a ramp from equals to.
	Gain func(buf []int16, from, to Gain)

	// Three is mix-minus of three members: out[i] is the sum of the two others, clamped.
	// All six are as long as out[0]; out[i] may be in[i].
	Three func(out, in *[3][]int16)
	// ThreeULaw and ThreeALaw are Three from codes to codes, each scaled by the gain of
	// who hears it before it is coded.
	ThreeULaw func(out, in *[3][]byte, gains *[3]Gain)
	ThreeALaw func(out, in *[3][]byte, gains *[3]Gain)

	// Energy is the sum of squares.
	Energy func(in []int16) uint64
	// Peak is the largest magnitude, 0 to 32768.
	Peak func(in []int16) int

	// G.711 and L16 (RFC 3551 §4.5.11: big-endian). Payloads are one byte, or two
	// for L16, for each sample of the int16 slice.
	DecodeULaw func(out []int16, in []byte)
	EncodeULaw func(out []byte, in []int16)
	DecodeALaw func(out []int16, in []byte)
	EncodeALaw func(out []byte, in []int16)
	DecodeL16  func(out []int16, in []byte)
	EncodeL16  func(out []byte, in []int16)

	// Interleave sets out to left and right by turns; out is twice as long as left.
	Interleave func(out, left, right []int16)
	// Resample makes len(out) outputs by a polyphase filter: see Filter.
	Resample func(out, in []int16, f *Filter)

	// Prefetch asks for samples that will be wanted within a microsecond, so that nobody
	// waits for memory then. It changes nothing.
	Prefetch func(in []int16)
}

// Plain is the set in plain Go.
func Plain() *Kernels {
	return &Kernels{
		Name:          "plain",
		Accumulate:    accumulate,
		Sum:           sum,
		SubtractClamp: subtractClamp,
		Clamp:         clamp,
		Add:           add,
		Gain:          gain,
		Three:         three,
		ThreeULaw:     threeULaw,
		ThreeALaw:     threeALaw,
		Energy:        energy,
		Peak:          peak,
		DecodeULaw:    decodeULaw,
		EncodeULaw:    encodeULaw,
		DecodeALaw:    decodeALaw,
		EncodeALaw:    encodeALaw,
		DecodeL16:     decodeL16,
		EncodeL16:     encodeL16,
		Interleave:    interleave,
		Resample:      resample,
		Prefetch:      func([]int16) {},
	}
}
