package stack

import (
	"bytes"
	"net/netip"
	"time"
)

const (
	pieces        = 32   // datagrams that are put together at a time
	pieceSize     = 8192 // the longest one, IP payload
	pieceLifetime = 2 * time.Second
	unit          = 8 // bytes; where a fragment may begin
)

// assembly is one datagram being put together.
type assembly struct {
	from, to netip.Addr
	id       uint32
	proto    uint8
	used     bool
	spoilt   bool // overlapped: its other pieces are dropped as well (RFC 5722)
	began    time.Time
	total    int // 0: the last piece has not come
	have     int // bytes
	seen     [pieceSize / unit / 64]uint64
	bytes    []byte
}

// reassembly holds what has come of fragmented datagrams, in memory of a fixed size:
// the oldest makes room.
type reassembly struct {
	slots [pieces]assembly
}

func newReassembly() *reassembly {
	r := &reassembly{}
	slab := make([]byte, pieces*pieceSize)
	for i := range r.slots {
		r.slots[i].bytes = slab[i*pieceSize : (i+1)*pieceSize : (i+1)*pieceSize]
	}
	return r
}

// add takes a fragment. whole is the payload once all of it is there; it is valid until
// the next add.
func (r *reassembly) add(p *packet, now time.Time, t *tally) (whole []byte) {
	end := p.offset + len(p.body)
	if len(p.body) == 0 || (p.more && len(p.body)%unit != 0) || end > pieceSize {
		t.drop(dropFragmentSize)
		return nil
	}
	a := r.find(p, now, t)
	if a.spoilt {
		t.drop(dropFragmentOverlap)
		return nil
	}
	fresh, same := a.free(p)
	if !fresh {
		if !same {
			a.spoilt = true
			t.drop(dropFragmentOverlap)
		}
		return nil
	}
	if !a.ends(p, end) {
		a.spoilt = true
		t.drop(dropFragmentSize)
		return nil
	}
	a.put(p)
	if a.total == 0 || a.have < a.total {
		return nil
	}
	a.used = false
	return a.bytes[:a.total]
}

// ends checks a piece against the end of the datagram, as far as it is known.
func (a *assembly) ends(p *packet, end int) bool {
	switch {
	case a.total > 0 && (end > a.total || !p.more):
		return false
	case !p.more:
		if !a.emptyFrom(end) {
			return false
		}
		a.total = end
	}
	return true
}

func (a *assembly) emptyFrom(end int) bool {
	for u := (end + unit - 1) / unit; u < pieceSize/unit; u++ {
		if a.seen[u/64]>>(u%64)&1 != 0 {
			return false
		}
	}
	return true
}

// free says whether no part of a piece is there yet, or else all of it, the same.
func (a *assembly) free(p *packet) (fresh, same bool) {
	some, all := false, true
	for u := p.offset / unit; u*unit < p.offset+len(p.body); u++ {
		if a.seen[u/64]>>(u%64)&1 != 0 {
			some = true
		} else {
			all = false
		}
	}
	return !some, all && bytes.Equal(a.bytes[p.offset:p.offset+len(p.body)], p.body)
}

func (a *assembly) put(p *packet) {
	copy(a.bytes[p.offset:], p.body)
	a.have += len(p.body)
	for u := p.offset / unit; u*unit < p.offset+len(p.body); u++ {
		a.seen[u/64] |= 1 << (u % 64)
	}
}

// find returns the datagram's place, or makes one.
func (r *reassembly) find(p *packet, now time.Time, t *tally) *assembly {
	var place *assembly
	for i := range r.slots {
		a := &r.slots[i]
		if a.used && now.Sub(a.began) > pieceLifetime {
			a.used = false
			t.drop(dropFragmentLate)
		}
		if a.used && a.id == p.id && a.proto == p.proto && a.from == p.from && a.to == p.to {
			return a
		}
		if place == nil || (place.used && (!a.used || a.began.Before(place.began))) {
			place = a
		}
	}
	if place.used {
		t.drop(dropFragmentFull)
	}
	*place = assembly{from: p.from, to: p.to, id: p.id, proto: p.proto, used: true, began: now, bytes: place.bytes}
	return place
}
