package parcel

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/zstd"
)

// ErrSealed is a piece that does not open with this key at this place.
var ErrSealed = errors.New("parcel: does not open")

// Format is the version of what a piece holds.
const Format = 1

const (
	keyName   = "cluster.key"
	headSize  = 2 + 4 // format, packing, id of the key
	nonceSize = 12
	maxPiece  = 64 << 20 // unpacked
)

// How the text within a piece is packed.
const (
	plain = 0
	zstd1 = 1 // zstd with dictionary 1
)

// Place is where a piece belongs; it is sealed in, so that a piece opens nowhere else.
type Place struct {
	Key     string // of the parcel
	Epoch   uint64 // of the brain that wrote it
	Version uint64 // of the parcel, with this piece
	Whole   bool   // the first of its chain
}

// Sealer seals pieces with the key of a cluster. Its methods may be called from any
// goroutine.
type Sealer struct {
	aead cipher.AEAD
	id   [4]byte
	pack *zstd.Encoder
	open *zstd.Decoder
}

// NewSealer uses a key of 32 bytes.
func NewSealer(key [32]byte) (*Sealer, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	s := &Sealer{}
	if s.aead, err = cipher.NewGCM(block); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(append([]byte("id of "), key[:]...))
	copy(s.id[:], sum[:])
	dict := dictionary()
	if s.pack, err = zstd.NewWriter(nil, zstd.WithEncoderDictRaw(1, dict), zstd.WithEncoderConcurrency(1)); err != nil {
		return nil, err
	}
	s.open, err = zstd.NewReader(nil, zstd.WithDecoderDictRaw(1, dict), zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxPiece))
	return s, err
}

// Key reads the cluster's key in a data directory, or makes it there, for its owner
// alone.
func Key(dir string) (key [32]byte, err error) {
	name := filepath.Join(dir, keyName)
	b, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		rand.Read(key[:]) // never fails (crypto/rand)
		return key, os.WriteFile(name, key[:], 0o600)
	}
	if err == nil && len(b) != len(key) {
		err = fmt.Errorf("parcel: %s has %d bytes, a key has %d; remove it to begin with a new one (calls that are up are not recovered then)", name, len(b), len(key))
	}
	copy(key[:], b)
	return key, err
}

// Seal closes a text. It is cheap: no packing.
func (s *Sealer) Seal(text []byte, at Place) []byte { return s.seal(text, plain, at) }

// Pack closes a text, packed: a fraction of the size for fifty times the cost. For the
// background.
func (s *Sealer) Pack(text []byte, at Place) []byte {
	return s.seal(s.pack.EncodeAll(text, nil), zstd1, at)
}

func (s *Sealer) seal(text []byte, packing byte, at Place) []byte {
	b := make([]byte, headSize+nonceSize, headSize+nonceSize+len(text)+s.aead.Overhead())
	b[0], b[1] = Format, packing
	copy(b[2:], s.id[:])
	nonce := b[headSize : headSize+nonceSize]
	rand.Read(nonce)
	return s.aead.Seal(b, nonce, text, place(b[:headSize], at))
}

func place(head []byte, at Place) []byte {
	b := append([]byte(nil), head...)
	b = binary.BigEndian.AppendUint64(b, at.Epoch)
	b = binary.BigEndian.AppendUint64(b, at.Version)
	whole := byte(0)
	if at.Whole {
		whole = 1
	}
	return append(append(b, whole), at.Key...)
}

// Open opens a piece. ErrSealed, ErrFormat.
func (s *Sealer) Open(piece []byte, at Place) ([]byte, error) {
	switch {
	case len(piece) < headSize+nonceSize:
		return nil, fmt.Errorf("%w: %d bytes", ErrSealed, len(piece))
	case piece[0] != Format:
		return nil, fmt.Errorf("%w: format %d, this release reads %d", ErrFormat, piece[0], Format)
	case [4]byte(piece[2:headSize]) != s.id:
		return nil, fmt.Errorf("%w: sealed with another cluster's key", ErrSealed)
	}
	text, err := s.aead.Open(nil, piece[headSize:headSize+nonceSize], piece[headSize+nonceSize:], place(piece[:headSize], at))
	if err != nil {
		return nil, fmt.Errorf("%w: damaged, or of another place", ErrSealed)
	}
	if piece[1] == plain {
		return text, nil
	}
	if text, err = s.open.DecodeAll(text, nil); err != nil {
		return nil, fmt.Errorf("%w: %v", ErrFormat, err)
	}
	return text, nil
}
