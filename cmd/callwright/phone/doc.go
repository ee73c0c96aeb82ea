// Package phone is a softphone that places one call: real SIP by call.UA, real RTP
// with G.711 and telephone-events, over whatever sockets it is given. `callwright
// call` gives it the machine's; whole-system tests give it a network in memory.
//
// Dial runs the whole call on its caller's goroutine: it steps the SIP core, sends
// a frame every 20 ms, listens to what comes, and returns a Report when the call is
// over. The SIP edge (signal.Edge) and one goroutine for RTP read the sockets and hand
// over what they read; timers fire into a channel. All of them end before Dial
// returns, and block on channels, timers and the given sockets only, so a synctest
// bubble can hold a phone. The sockets
// belong to the phone from Dial on: it closes them.
//
// Audio is int16 mono at 8 kHz. What is heard is put back into order by RTP
// timestamp (RFC 3550 §5.1): gaps are silence, what comes too late is dropped and
// counted; there is no jitter buffer, for nobody listens in real time.
//
// Sources: RFC 3550 (RTP; jitter by §A.8), RFC 3551 (payload types 0 and 8), RFC
// 4733 (telephone-event).
package phone
