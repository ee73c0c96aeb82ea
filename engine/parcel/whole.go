package parcel

import (
	"bytes"
	"errors"
	"fmt"
)

// Whole is what a chain of pieces amounts to: sections by name, each as last written,
// and the journal's inputs, all that were appended.
type Whole struct {
	Key     string
	Epoch   uint64
	Version uint64
	Parts   map[string][]byte
	Inputs  [][]byte
}

// add merges a record's text. A part that is null is gone.
func (w *Whole) add(record []byte) error {
	t := &text{b: record}
	return t.each('{', '}', func() error {
		name, err := t.key()
		if err != nil {
			return err
		}
		if name == inputsName {
			return t.each('[', ']', func() error {
				in, err := t.raw()
				w.Inputs = append(w.Inputs, in)
				return err
			})
		}
		part, err := t.raw()
		switch {
		case err != nil:
			return err
		case bytes.Equal(part, []byte("null")):
			delete(w.Parts, name)
		default:
			w.Parts[name] = part
		}
		return nil
	})
}

// Piece is a sealed piece as a worker keeps it.
type Piece struct {
	Version uint64
	Sealed  []byte
}

// Join opens a chain. What follows a piece that is missing, doubled or damaged is left
// out: the parcel is then as it was before, and err says so beside it. Without a first
// piece there is nothing: nil.
func (s *Sealer) Join(key string, epoch uint64, pieces []Piece) (*Whole, error) {
	w := &Whole{Key: key, Epoch: epoch, Parts: map[string][]byte{}}
	for i, p := range pieces {
		if i > 0 && p.Version != w.Version+1 {
			if p.Version <= w.Version {
				continue // came twice
			}
			return w, fmt.Errorf("%w: version %d follows %d", ErrSealed, p.Version, w.Version)
		}
		b, err := s.Open(p.Sealed, Place{Key: key, Epoch: epoch, Version: p.Version, Whole: i == 0})
		if err == nil {
			err = w.add(b)
		}
		if err != nil && i == 0 {
			return nil, err
		}
		if err != nil {
			return w, fmt.Errorf("version %d: %w", p.Version, err)
		}
		w.Version = p.Version
	}
	if len(pieces) == 0 {
		return nil, errors.New("parcel: empty")
	}
	return w, nil
}
