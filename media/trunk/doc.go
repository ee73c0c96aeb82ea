// Package trunk carries the audio between one SBC and one mixer: a single UDP flow
// of RTP records told apart by SSRC, so that one system call moves dozens of frames
// (UDP_SEGMENT and UDP_GRO; batches of plain datagrams where the kernel has neither).
//
// A record is one datagram: an RTP header (RFC 3550 §5.1) with the X bit, one header
// extension of profile 0x4357 ("CW") and two words that hold the 64 bit token of the
// stream, then the payload. 24 bytes stand before the payload.
//
//	 0                   1                   2                   3
//	 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//	|V=2|0|1| CC=0  |M|     PT      |       sequence number         |
//	|                           timestamp                           |
//	|                             SSRC                              |
//	|        0x4357 "CW"            |            2                  |
//	|                        token, high word                       |
//	|                        token, low word                        |
//	|                        payload ...                            |
//
// Payload types: 0 PCMU, 8 PCMA, 96 L16/8000, 97 L16/16000 (L16 in network order,
// RFC 3551 §4.5.11). Timestamps count samples at the codec's rate.
//
// A sender that lays its records out itself (Run) has them sent from where they lie.
//
// The package checks form only. Whether an SSRC is known and its token right is for
// the SBC and the mixer, which own the tables.
//
// A Conn is used by two goroutines, one that receives and one that sends; Close,
// LocalAddr and Counters may be called from any. It owns its socket and buffers.
// Linux only; Memory is the twin for tests and works in a synctest bubble.
package trunk
