// Package kernel holds the arithmetic that runs for each sample of each member:
// summing, mix-minus, gain, levels, and the coding of whole frames. It is called by
// the mixer's tick and by whoever codes frames, on any goroutine; it owns nothing,
// keeps no state and allocates nothing.
//
// A set of kernels is a Kernels value, chosen once by Best (AVX2 on amd64 where the CPU
// has it, and unless CALLWRIGHT_KERNELS says plain) and passed down. Plain is
// written in Go and is the specification: another set gives the same bits for every
// input, length and alignment, which kerneltest.Each checks. The assembly is written by
// the generator in _asm, a module of its own (make generate).
//
// All functions work on len of their output (or sum) and need their inputs at least
// as long; output and input may be the same slice but not overlap otherwise.
// Samples are int16, mono; a sum of up to 65536 members cannot overflow.
package kernel
