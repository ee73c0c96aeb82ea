// Package playout turns a member's packets, as they come, into one frame a tick: a
// store of samples by timestamp, so that packets of any length, out of order or
// doubled, find their place (RFC 3550 §5.1: timestamps count samples).
//
// A Buffer belongs to the tick goroutine and allocates nothing after New. It plays a
// fixed depth behind the first packet of a talkspurt. A stream that falls behind
// makes it wait (the delay grows), one that piles up makes it skip a frame, softly,
// after a second; what is missing is concealed by repeating the last 20 ms with a
// fade of 60 ms. What happened is counted in Counters, which many buffers share and
// any goroutine reads.
//
// What is of use lies at the front of the store and is moved there, so that a stream on
// time touches a kilobyte each tick and not all 18: this made a tick of 700 members a
// quarter faster. What a stream on time needs lies apart from what a backlog needs, so that
// two members share a page: with thousands of them, finding pages is what costs.
package playout
