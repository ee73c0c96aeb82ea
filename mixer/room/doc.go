// Package room is the mix: one room's sum of all members, less each one's own share,
// clamped last (RFC 4353 §5 names the mixer's duty; design: mix-minus). It is pure
// arithmetic on frames; the tick calls it, and all of its values belong to the tick
// goroutine once they were handed over. Nothing here allocates but the constructors.
//
// A Member is a party at the rate of its codec. A Seat is its place in one room: it
// holds what differs with the room's rate, and is made anew when the member moves. A
// Cast is who sits in a room and how they hear each other; control makes it whole and
// the tick takes it.
//
// Memory for a tick (Scratch, Out) is the caller's and goes from room to room. A plain
// room of three is mixed by one kernel, others by sum and subtraction: the same bits.
//
// Whoever says something is in the sum once. A Pair changes how one member hears one
// other, and costs arithmetic only where it differs from the sum: a whisper, a coach, an
// interpreter. All gains are ramps over a frame, a member that comes fades in, and one
// that goes fades out: nothing clicks.
package room
