package kernel

import "golang.org/x/sys/cpu"

// All lists every set this machine can run, Plain first and the fastest last.
func All() []*Kernels {
	if !cpu.X86.HasAVX2 {
		return []*Kernels{Plain()}
	}
	return []*Kernels{Plain(), avx2()}
}

func avx2() *Kernels {
	return &Kernels{
		Name:          "avx2",
		Accumulate:    accumulateV,
		Sum:           sumV,
		SubtractClamp: subtractClampV,
		Clamp:         clampV,
		Add:           addV,
		Gain:          gainV,
		Three:         threeV,
		ThreeULaw:     threeULawV,
		ThreeALaw:     threeALawV,
		Energy:        energyV,
		Peak:          peakV,
		DecodeULaw:    decodeULawV,
		EncodeULaw:    encodeULawV,
		DecodeALaw:    decodeALawV,
		EncodeALaw:    encodeALawV,
		DecodeL16:     decodeL16V,
		EncodeL16:     encodeL16V,
		Interleave:    interleaveV,
		Resample:      resampleV,
		Prefetch:      prefetchV,
	}
}
