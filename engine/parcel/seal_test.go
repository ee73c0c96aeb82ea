package parcel

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func sealer(t *testing.T, key byte) *Sealer {
	t.Helper()
	s, err := NewSealer([32]byte{key})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// chain is four pieces of one parcel, the first packed.
func chain(s *Sealer, key string, epoch uint64) []Piece {
	var pieces []Piece
	for v := uint64(5); v < 9; v++ {
		r := Record{Parts: []Part{{"flow", []byte(`{"v":` + string(rune('0'+v)) + `}`)}}, Inputs: [][]byte{[]byte(string(rune('0' + v)))}}
		at := Place{Key: key, Epoch: epoch, Version: v, Whole: v == 5}
		if v == 5 {
			r.Parts = append(r.Parts, Part{"leg", []byte(`"up"`)})
			pieces = append(pieces, Piece{v, s.Pack(r.Text(nil), at)})
			continue
		}
		pieces = append(pieces, Piece{v, s.Seal(r.Text(nil), at)})
	}
	return pieces
}

// What becomes of a chain that is not what was stowed: all that is sound up to the
// fault is used, nothing else, and the fault is told.
func TestDamagedChains(t *testing.T) {
	s, other := sealer(t, 1), sealer(t, 2)
	damaged := func(at int, how func([]byte) []byte) func([]Piece) []Piece {
		return func(p []Piece) []Piece { p[at].Sealed = how(slices.Clone(p[at].Sealed)); return p }
	}
	flip := func(b []byte) []byte { b[len(b)-1] ^= 1; return b }
	for _, c := range []struct {
		name    string
		change  func([]Piece) []Piece
		version uint64 // 0: nothing
		err     error
	}{
		{"as it was", func(p []Piece) []Piece { return p }, 8, nil},
		{"the last is missing", func(p []Piece) []Piece { return p[:3] }, 7, nil},
		{"one is missing", func(p []Piece) []Piece { return slices.Delete(p, 2, 3) }, 6, ErrSealed},
		{"the first is missing", func(p []Piece) []Piece { return p[1:] }, 0, ErrSealed},
		{"one came twice", func(p []Piece) []Piece { return slices.Insert(p, 2, p[1]) }, 8, nil},
		{"two changed places", func(p []Piece) []Piece { p[1], p[2] = p[2], p[1]; return p }, 5, ErrSealed},
		{"one is another's", func(p []Piece) []Piece { p[2].Sealed = chain(s, "b", 3)[2].Sealed; return p }, 6, ErrSealed},
		{"one is of another epoch", func(p []Piece) []Piece { p[2].Sealed = chain(s, "a", 2)[2].Sealed; return p }, 6, ErrSealed},
		{"one is of another cluster", func(p []Piece) []Piece { p[2].Sealed = chain(other, "a", 3)[2].Sealed; return p }, 6, ErrSealed},
		{"all are of another cluster", func(p []Piece) []Piece { return chain(other, "a", 3) }, 0, ErrSealed},
		{"one is damaged", damaged(2, flip), 6, ErrSealed},
		{"the first is damaged", damaged(0, flip), 0, ErrSealed},
		{"one is cut", damaged(3, func(b []byte) []byte { return b[:len(b)-3] }), 7, ErrSealed},
		{"one is cut to nothing", damaged(3, func(b []byte) []byte { return nil }), 7, ErrSealed},
		{"the first is of a newer release", damaged(0, func(b []byte) []byte { b[0] = Format + 1; return b }), 0, ErrFormat},
		{"the first is of an older release", damaged(0, func(b []byte) []byte { b[0] = Format - 1; return b }), 0, ErrFormat},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, err := s.Join("a", 3, c.change(chain(s, "a", 3)))
			if !errors.Is(err, c.err) {
				t.Errorf("error %v, want %v", err, c.err)
			}
			if w == nil {
				w = &Whole{}
			}
			if w.Version != c.version {
				t.Fatalf("version %d, want %d", w.Version, c.version)
			}
			if c.version == 0 {
				return
			}
			flow := `{"v":` + string(rune('0'+c.version)) + `}`
			if string(w.Parts["flow"]) != flow || string(w.Parts["leg"]) != `"up"` || len(w.Inputs) != int(c.version)-4 {
				t.Errorf("got %s, %s and %d inputs", w.Parts["flow"], w.Parts["leg"], len(w.Inputs))
			}
		})
	}
}

func TestAWorkerReadsNothing(t *testing.T) {
	s := sealer(t, 1)
	secret := []byte(`{"digits":"4711"}`)
	for name, b := range map[string][]byte{"sealed": s.Seal(secret, Place{Key: "a"}), "packed": s.Pack(secret, Place{Key: "a"})} {
		if strings.Contains(string(b), "4711") || strings.Contains(string(b), "digits") {
			t.Errorf("%s: the text shows", name)
		}
	}
}

func TestKeyIsKept(t *testing.T) {
	dir := t.TempDir()
	one, err := Key(dir)
	if err != nil {
		t.Fatal(err)
	}
	two, err := Key(dir)
	st, _ := os.Stat(filepath.Join(dir, keyName))
	if err != nil || one != two || one == [32]byte{} || st.Mode().Perm() != 0o600 {
		t.Errorf("%v, the same %v, mode %v", err, one == two, st.Mode())
	}
	os.WriteFile(filepath.Join(dir, keyName), []byte("short"), 0o600)
	if _, err := Key(dir); err == nil {
		t.Error("a damaged key was taken")
	}
}
