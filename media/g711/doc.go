// Package g711 is ITU-T Recommendation G.711: what a code of the A-law and the
// µ-law means in 16 bit linear PCM, and which code stands for a sample. It is the
// meaning only: whole frames are coded by media/kernel, whose plain twin reads the
// tables made here.
//
// Linear samples are int16, left-justified: µ-law has 14 significant bits (the
// table of G.711 times 4), A-law 13 (times 8). Codes are as sent: A-law with its
// even bits inverted (G.711 §3.1, note to table 1a), µ-law wholly inverted (§3.2).
// Negative samples are quantised as the ones' complement of their value, as the
// reference software of ITU-T G.191 does, so that both are bit exact to it.
//
// All functions are pure, safe on any goroutine, and allocate nothing.
package g711
