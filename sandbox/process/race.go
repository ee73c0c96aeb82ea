//go:build race

package process

// limit is the bound of private memory for a heap. The race detector's shadow is
// private memory too: what is there from the start, and some twice of what is added.
func limit(heap, base int64) int64 { return base + 3*heap }
