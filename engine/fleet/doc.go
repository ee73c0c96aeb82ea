// Package fleet is the workers as the brain sees them: who is up, how busy each
// is, which calls and rooms it carries, and what it was told. It is pure: no
// clock, no I/O, no goroutine; the shard's goroutine owns a Fleet and calls it.
//
// The brain allots ports itself: an SBC's Hello names the port range of its slice,
// and from then on an INVITE is answered without a round trip. A freed port goes
// to the end of the line, so that late packets of an old call meet no new one.
//
// A Fleet keeps the target state of every stream and member (control.Stream,
// control.Member) as last commanded. A change is a new target state; saying it
// twice is harmless. All commands of a turn for one worker leave as one message:
// Fleet appends to an Out, and the shard sends it.
//
// Two calls of one SBC may be paired: their streams then name each other, and the audio
// goes past the mixer.
//
// Rehome moves what a mixer carries to others, whether it is drained or dead: rooms
// whole, members with all that they are, SBCs told of their new trunks. A dead SBC's
// streams move to other SBCs, at other addresses, of which peers must be told. What finds
// no room elsewhere keeps its place until a process of the dead one's name is up (Bury,
// Return). A drained SBC's streams are at both until their peers have moved (Settle,
// Unmove). A stream that is made anew goes on where the old one was: same SSRC, numbers
// reckoned from the last report, the source that packets came from.
//
// Limits: an SBC carries as many calls as its slice has even ports, or as its
// capacity says; a mixer as many members as its capacity, and nothing new while
// it says that it is full. What finds no place is refused with ErrNoSBC, ErrNoPort or
// ErrNoMixer, never squeezed in.
package fleet
