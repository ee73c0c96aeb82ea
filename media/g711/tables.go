package g711

// Read-only tables, made from the laws above when the program starts (about 60 µs)
// so that no number stands twice. Encoding depends on the top 13 bits (A) or 14
// bits (µ) of a sample only: 4 and 16 KiB, which stay in the first cache.
var (
	// ALawToLinear is indexed by code.
	ALawToLinear = decoded(FromALaw)
	// ULawToLinear is indexed by code.
	ULawToLinear = decoded(FromULaw)
	// LinearToALaw is indexed by uint16(sample) >> 4.
	LinearToALaw = encodedA()
	// LinearToULaw is indexed by uint16(sample) >> 2.
	LinearToULaw = encodedU()
)

func decoded(from func(byte) int16) *[256]int16 {
	t := new([256]int16)
	for i := range t {
		t[i] = from(byte(i))
	}
	return t
}

func encodedA() *[1 << 12]byte {
	t := new([1 << 12]byte)
	for i := range t {
		t[i] = ALaw(int16(uint16(i) << 4))
	}
	return t
}

func encodedU() *[1 << 14]byte {
	t := new([1 << 14]byte)
	for i := range t {
		t[i] = ULaw(int16(uint16(i) << 2))
	}
	return t
}
