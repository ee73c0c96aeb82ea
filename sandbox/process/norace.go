//go:build !race

package process

// limit is the bound of private memory for a heap: base is what a host has before any
// script, some 70 MB of it that were never touched.
func limit(heap, base int64) int64 { return base + heap }
