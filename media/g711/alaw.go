package g711

// aInvert is the inversion of even bits that G.711 §3.1 asks for on the line.
const aInvert = 0x55

// ALaw gives the A-law code of x (G.711 table 1a).
func ALaw(x int16) byte {
	sign := byte(0x80) // the sign bit is 1 for positive samples
	v := int32(x) >> 4
	if v < 0 {
		v, sign = ^v, 0
	}
	// Below 32 the law is linear; above, a segment more for each doubling.
	segment := byte(0)
	if v > 15 {
		segment = 1
		for v > 31 {
			v >>= 1
			segment++
		}
		v -= 16
	}
	return (sign | segment<<4 | byte(v)) ^ aInvert
}

// FromALaw gives the sample in the middle of code's interval.
func FromALaw(code byte) int16 {
	code ^= aInvert
	segment := code >> 4 & 7
	v := int32(code&0x0f)<<4 + 8
	if segment > 0 {
		v = (v + 0x100) << (segment - 1)
	}
	if code&0x80 == 0 {
		v = -v
	}
	return int16(v)
}
