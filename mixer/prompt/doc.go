// Package prompt plays lists of files, tones, silence, speech and what the web has. Each Playback has a
// goroutine that opens, decodes and resamples ahead into a ring, and ends by itself;
// the mixer's tick takes a frame at a time from the ring and never waits: an empty
// ring is silence and a count. Files are opened below the two roots a mixer has
// (os.Root: neither "..", nor an absolute path, nor a symbolic link leads out) and
// must be regular; what is no WAVE file ends the Playback with an error.
//
// A Playback can be paused, sought, made louder and stopped under way; each is a ramp of
// a frame, so nothing clicks. The goroutine that reads is apart from the one that tells
// the end: a file system that hangs stalls neither the tick nor control.
//
// A Cache keeps what is fetched or spoken, bounded at 512 MiB; 64 MiB a file, 60 s a load. What may be
// fetched the brain has decided; addresses that are not public are refused unless it
// said so.
//
// Start, Stop and Pause are called by control, on any goroutine; Pull by the tick
// alone; the end is told on the Playback's own goroutine, once. A Playback holds half
// a second of sound, one open file, and 8 KiB to read it.
package prompt
