// Package prompt plays lists of files, tones and silence. Each Playback has a
// goroutine that opens, decodes and resamples ahead into a ring, and ends by itself;
// the mixer's tick takes a frame at a time from the ring and never waits: an empty
// ring is silence and a count. Files are opened below the two roots a mixer has
// (os.Root: neither "..", nor an absolute path, nor a symbolic link leads out) and
// must be regular; what is no WAVE file ends the Playback with an error.
//
// Start, Stop and Pause are called by control, on any goroutine; Pull by the tick
// alone; the end is told on the Playback's own goroutine, once. A Playback holds half
// a second of sound, one open file, and 8 KiB to read it.
package prompt
