// Package simnet is a network in memory: packet connections and stream listeners
// found by ip:port, for tests in virtual time. It starts no goroutine; all blocking
// is on channels and timers, so that it works in a testing/synctest bubble, and what
// is closed wakes whoever waits on it.
//
// Packets arrive at once and in order, unless Loss takes them or the receiver's
// queue (512) is full. Streams are net.Pipe: a write waits for its reader.
package simnet
