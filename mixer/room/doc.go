// Package room is the mix: one room's sum of all members, less each one's own share,
// clamped last (RFC 4353 §5 names the mixer's duty; design: mix-minus). It is pure
// arithmetic on frames; the tick calls it, and all of its values belong to the tick
// goroutine once they were handed over. Nothing here allocates but the constructors.
//
// A Member is a party at the rate of its codec. A Seat is its place in one room: it
// holds what differs with the room's rate, and is made anew when the member moves.
package room
