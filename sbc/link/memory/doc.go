// Package memory is an RTP network within one process: SBC links and test phones on
// one Net, without loss unless a test asks for it. It blocks on channels and timers
// only and starts no goroutine, so it works in a synctest bubble. Any goroutine may
// use a Net and a Phone; a Link is used as sbc/link says.
package memory
