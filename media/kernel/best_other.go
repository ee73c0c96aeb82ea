//go:build !amd64

package kernel

// All lists every set this machine can run, Plain first and the fastest last.
func All() []*Kernels { return []*Kernels{Plain()} }
