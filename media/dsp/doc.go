// Package dsp is signal processing on streams of int16 samples: resampling, tones
// and their notation, levels, talk detection, and the measures tests listen with
// (Goertzel, Onset). The mixer, the softphone, the brain (ParseTone only) and tests
// call it.
//
// Files are resampled by Resampler, in floats; live frames by Frames, with a vector kernel
// in whole numbers and ten times as fast.
//
// A value that keeps state (Resampler, Frames, Oscillator, Player of a tone, VAD) belongs to
// one goroutine; a Bank and a Tone are read-only and shared. Steps allocate nothing,
// constructors do. Levels are in dBov (RFC 6464 §3, RFC 6465): 0 is the power of a
// full-scale square wave, so a full-scale sine is -3.01 dBov, and silence is -127.
//
// Sources: windowed-sinc interpolation by polyphase banks with J. F. Kaiser's window;
// the Goertzel algorithm with a Hann window; ITU-T E.180 for what tones are like.
package dsp
