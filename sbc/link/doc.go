// Package link is how the SBC meets the network: datagrams in batches, each with the
// local port of the slice it came to or leaves from. sbc/link/socket does it with
// plain UDP sockets, sbc/link/ring with packet rings and a network stack of our own
// (sbc/stack), sbc/link/memory within a process for tests. The relay's two goroutines
// are the callers.
package link
