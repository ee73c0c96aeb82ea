// Package keep holds small values by key for scripts and for the engine's own use:
// what `kv` keeps, and when an app's schedules ran last. A key belongs to a bucket;
// a value is JSON and may expire.
//
// A Keep is one tree in memory, written by the shard and read by it. Every change is
// handed to the log as a sandbox.Batch of kind Kind before it returns; waiting for the
// disk is the caller's (Commit). Writes put whole values, so applying one twice, in the
// log's order, ends where it should. What has expired is gone for readers at once and
// leaves the memory at the next change; it needs no batch, for the instant is part of
// the value.
//
// Methods may be called from any goroutine. Now is always given: nothing here reads a
// clock. Limits: keys of 512 bytes, values of 64 KiB, 100,000 keys and 256 MiB in all
// (ErrKey, ErrValue, ErrFull).
package keep
