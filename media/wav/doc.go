// Package wav reads and writes RIFF/WAVE files (Multimedia Programming Interface and
// Data Specifications 1.0, and WAVE_FORMAT_EXTENSIBLE): PCM of 8 and 16 bits, and
// G.711 in both laws, 8 to 48 kHz, one or two channels, as streams that need no
// more memory than their buffers.
//
// Files come from users and may be cut off or lie: a Reader believes no size it has
// not bounded, gives the samples that are there, and says in its error what was
// wrong. A Writer keeps its header true after each write, so that a file is playable
// at any instant, also when its process dies.
//
// A Reader or Writer belongs to one goroutine (a prompt's reader, a recording's
// writer, a phone); both do file I/O and must not be used in a mixer's tick.
package wav
