// Package ring holds the queues between a mixer's tick and the goroutines around it:
// Samples between prompts' readers, the tick and recordings' writers. Each has one
// producer and one consumer, which may run at the same time; neither waits, locks or
// allocates. What does not fit is refused and the caller counts it.
package ring
