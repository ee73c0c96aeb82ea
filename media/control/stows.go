package control

import (
	"maps"
	"slices"
	"time"
)

// keepParcels is how long a worker keeps parcels without a brain.
const keepParcels = 60 * time.Second

// offerSize is about how many bytes of parcels one Offer bears.
const offerSize = 256 << 10

// stows are the parcels that a worker keeps, of the link's goroutine. It reads none.
type stows struct {
	parcels map[string]*Parcel
	left    time.Time // by the brain; zero: one is there
}

// put keeps, extends or forgets a parcel. A piece behind nothing is of no use: the brain
// stows the whole again when it learns of it.
func (s *stows) put(epoch uint64, c *Stow) {
	have := s.parcels[c.GetKey()]
	switch {
	case len(c.GetSealed()) == 0:
		delete(s.parcels, c.GetKey())
	case !c.GetAppend():
		s.parcels[c.GetKey()] = &Parcel{Key: c.GetKey(), Epoch: epoch, Version: c.GetVersion(), Sealed: c.GetSealed()}
	case have != nil && have.Epoch == epoch:
		have.More = append(have.More, &Piece{Version: c.GetVersion(), Sealed: c.GetSealed()})
	}
}

// expire forgets everything when no brain has come for too long.
func (s *stows) expire() {
	if !s.left.IsZero() && time.Since(s.left) > keepParcels {
		clear(s.parcels)
	}
}

// offers is all that is kept, in messages of a fair size; the last one says so.
func (s *stows) offers() []*Offer {
	list := []*Offer{{}}
	size := 0
	for _, key := range slices.Sorted(maps.Keys(s.parcels)) {
		p := s.parcels[key]
		if size > offerSize {
			list, size = append(list, &Offer{}), 0
		}
		last := list[len(list)-1]
		last.Parcels = append(last.Parcels, p)
		size += len(p.Key) + len(p.Sealed)
		for _, m := range p.More {
			size += len(m.Sealed)
		}
	}
	list[len(list)-1].Last = true
	return list
}
