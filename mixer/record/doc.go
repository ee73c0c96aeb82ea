// Package record writes what a member says or hears, or a room's mix, to 16 bit WAVE
// files below one root (os.Root: no path leads out of it). The mixer's tick pushes
// frames into a ring and never waits; each Recording has a goroutine that moves them
// to its file five times a second, header and all, so that the file is playable at
// any instant and a crash loses 200 ms. What the ring could not hold is counted.
// A full disk ends it with what there is; a file system that hangs costs what the ring
// cannot hold, and its end is told after 5 s at the latest. With Append it goes on at the
// end of a file whose writer has died.
//
// Start, Stop and Pause are called by control, on any goroutine; Push by the tick
// alone; the end is told on the Recording's own goroutine, once.
package record
