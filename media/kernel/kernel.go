package kernel

// Kernels is one implementation of all operations.
type Kernels struct {
	// Name is what logs and benchmarks call it.
	Name string

	// Accumulate adds in to sum.
	Accumulate func(sum []int32, in []int16)
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
}

// Best is the fastest set this machine has.
func Best() *Kernels { return Plain() }

// Plain is the set in plain Go.
func Plain() *Kernels {
	return &Kernels{
		Name:          "plain",
		Accumulate:    accumulate,
		SubtractClamp: subtractClamp,
		Clamp:         clamp,
		Add:           add,
		Gain:          gain,
		Energy:        energy,
		Peak:          peak,
		DecodeULaw:    decodeULaw,
		EncodeULaw:    encodeULaw,
		DecodeALaw:    decodeALaw,
		EncodeALaw:    encodeALaw,
		DecodeL16:     decodeL16,
		EncodeL16:     encodeL16,
	}
}

// All lists every set this machine can run, Plain first.
func All() []*Kernels { return []*Kernels{Plain()} }
