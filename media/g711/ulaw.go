package g711

const (
	uBias = 33     // makes each segment begin at a power of two (G.711 table 2a)
	uTop  = 0x1fff // overload: the last interval takes all beyond it
)

// ULaw gives the µ-law code of x (G.711 table 2a).
func ULaw(x int16) byte {
	sign := byte(0x80)
	v := int32(x) >> 2
	if v < 0 {
		v, sign = ^v, 0
	}
	v = min(v+uBias, uTop)
	segment := byte(0)
	for v > 63 {
		v >>= 1
		segment++
	}
	// v is now 32..63: bits 1 to 4 are the step, inverted like the segment.
	return sign | (7-segment)<<4 | (0x0f - byte(v>>1&0x0f))
}

// FromULaw gives the sample in the middle of code's interval. Both zeros of the
// law, 0x7f and 0xff, give 0.
func FromULaw(code byte) int16 {
	code = ^code
	v := (int32(code&0x0f)<<1 + uBias) << (code >> 4 & 7)
	v = (v - uBias) << 2
	if code&0x80 != 0 {
		v = -v
	}
	return int16(v)
}
