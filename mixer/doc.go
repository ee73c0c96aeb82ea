// Package mixer is the worker that mixes: rooms, members, prompts, recordings, and no
// policy. cmd makes one Mixer and hands it to a control.Client as its Worker.
//
// Three kinds of goroutine share the work and no lock between the first and the rest:
//   - the tick, every 20 ms, mixes what has come, adds prompts, feeds recordings, and
//     sends each member's next frame. It empties the trunk itself, every 5 ms and just
//     before it mixes, so nobody is woken for a packet and the frame goes from the
//     kernel's hands to its member's playout. It allocates nothing, takes no lock, opens
//     no file and writes no log;
//   - control (the link's goroutine, in Obey) changes the desk, under its lock, and
//     hands the tick a new immutable scene with one atomic store;
//   - each playback and recording has its own goroutine, behind a ring; its end comes
//     back to the desk and goes to the brain as Done.
//
// A member sends a frame every tick for as long as it exists, silence included, with
// its own sequence numbers and timestamps: the tick is the clock of what phones hear.
// Without members, and operations on rooms, the tick rests.
//
// A room keeps what control told of it (loudest, pairs, noise, history, levels) in a
// place that the tick takes whole; who has the floor, and levels, go back as notices.
// Files by HTTP and speech come from a cache directory of the mixer's own, and uploads of
// recordings leave from goroutines of theirs: a server or a file system that hangs holds
// up its own operation and nothing else.
//
// A tick goes room by room: members' packets, mix, and records on the wire of one room
// before the next, so that what a room needs for a moment (sums, what is heard) stays in
// the nearest cache. Records are written where the kernel takes them from (trunk.Run).
// Only who hears an old room fade out under a new one, or sits in none, comes apart.
//
// When ticks take most of their time, or too many are late, the mixer says that it is full
// (strain, Full) and the brain places what is new elsewhere: before members hear it.
//
// Commands name target states: the same again changes nothing. An operation that runs
// is not begun twice; one that has ended, among the last 4096, answers with its Done.
package mixer
