package fleet

import (
	"fmt"
	"slices"
)

// ring is a queue of free even ports: taken at the front, given back at the end.
type ring struct {
	free []uint16
}

func (r *ring) fill(first, n uint32) error {
	if first == 0 || first%2 != 0 || n < 2 || n > 65536 || first > 65536-n {
		return fmt.Errorf("a slice of %d ports from %d: want an even first port and at least two ports below 65536", n, first)
	}
	for p := first; p+1 < first+n; p += 2 {
		r.free = append(r.free, uint16(p))
	}
	return nil
}

func (r *ring) take() (uint16, bool) {
	if len(r.free) == 0 {
		return 0, false
	}
	p := r.free[0]
	r.free = r.free[1:]
	return p, true
}

// claim takes a certain port, if it is free.
func (r *ring) claim(port uint16) bool {
	n := len(r.free)
	r.free = slices.DeleteFunc(r.free, func(p uint16) bool { return p == port })
	return len(r.free) < n
}

func (r *ring) give(p uint16) { r.free = append(r.free, p) }
