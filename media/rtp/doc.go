// Package rtp is the wire format of RTP (RFC 3550), of telephone-events (RFC 4733)
// and of RTCP reports, with the receiver's bookkeeping: sequence numbers made 64 bit,
// validity of a source (RFC 3550 A.1), loss (A.3) and interarrival jitter (A.8).
//
// The SBC's relay calls it for each packet, softphones and test phones too. All types
// are plain data owned by the caller's goroutine; nothing here reads a clock, starts a
// goroutine or keeps a caller's memory. Parsing and writing of RTP and of events
// allocates nothing. RTCP is rare and goes through pion/rtcp.
package rtp
