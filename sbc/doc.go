// Package sbc is the SBC worker: media only. It obeys the commands of a brain
// (media/control) and turns them into the streams of sbc/relay, which carries RTP
// between phones (sbc/link) and mixers (media/trunk).
//
// The process wiring makes it: a control.Client is its Reporter and runs it as its
// Worker; Run carries the media. All control.Worker methods are on the link's
// goroutine; the media has two of its own (sbc/relay). A lost brain changes nothing
// for the audio; a brain of a newer epoch says which streams it still wants, and sweeps
// the rest.
package sbc
