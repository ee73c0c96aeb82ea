package g711_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/callwright/callwright/media/g711"
)

// vector reads a file of ITU-T G.191's G.711 vectors: 65536 little-endian words.
func vector(t *testing.T, name string) []int16 {
	t.Helper()
	path := filepath.Join("..", "..", "..", "shared", "testdata", "itu", "g711", name)
	raw, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		t.Skipf("SKIPPED: the ITU-T vectors are not beside this repository (%s)", path)
	}
	if err != nil {
		t.Fatal(err)
	}
	out := make([]int16, len(raw)/2)
	for i := range out {
		out[i] = int16(binary.LittleEndian.Uint16(raw[2*i:]))
	}
	if len(out) != 65536 {
		t.Fatalf("%s holds %d samples, want every 16 bit value", name, len(out))
	}
	return out
}

func TestBitExactToITUVectors(t *testing.T) {
	source := vector(t, "sweep.src")
	for _, law := range []struct {
		name, codes, back, again string
		encode                   func(int16) byte
		decode                   func(byte) int16
	}{
		{"A", "sweep-r.a", "sweep-r.a-a", "sweep-r.rea", g711.ALaw, g711.FromALaw},
		{"u", "sweep-r.u", "sweep-r.u-u", "sweep-r.reu", g711.ULaw, g711.FromULaw},
	} {
		t.Run(law.name, func(t *testing.T) {
			codes, back, again := vector(t, law.codes), vector(t, law.back), vector(t, law.again)
			for i, x := range source {
				code := law.encode(x)
				if code != byte(codes[i]) {
					t.Fatalf("code of %d = %#02x, want %#02x", x, code, codes[i])
				}
				y := law.decode(code)
				if y != back[i] || y != again[i] {
					t.Fatalf("%d coded as %#02x comes back as %d, want %d", x, code, y, back[i])
				}
			}
		})
	}
}

// Without the vectors at hand, the law's own properties must still hold.
func TestCodesAreStable(t *testing.T) {
	for i := range 256 {
		c := byte(i)
		if got := g711.ALaw(g711.FromALaw(c)); got != c {
			t.Errorf("A-law %#02x comes back as %#02x", c, got)
		}
		got := g711.ULaw(g711.FromULaw(c))
		if c == 0x7f { // negative zero: has no sample of its own
			c = 0xff
		}
		if got != c {
			t.Errorf("µ-law %#02x comes back as %#02x", i, got)
		}
	}
}

func TestTablesSayWhatTheLawsSay(t *testing.T) {
	for i := range 65536 {
		x := int16(i)
		if g711.LinearToALaw[uint16(x)>>4] != g711.ALaw(x) {
			t.Fatalf("A-law table differs at %d", x)
		}
		if g711.LinearToULaw[uint16(x)>>2] != g711.ULaw(x) {
			t.Fatalf("µ-law table differs at %d", x)
		}
	}
	if g711.ULawToLinear[0x80] != 32124 || g711.ALawToLinear[0xaa] != 32256 {
		t.Errorf("largest samples are %d and %d, want 32124 and 32256",
			g711.ULawToLinear[0x80], g711.ALawToLinear[0xaa])
	}
}
