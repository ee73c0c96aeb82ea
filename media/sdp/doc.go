// Package sdp is offer and answer (RFC 3264) for plain telephone audio: PCMU, PCMA
// and telephone-event (RFC 4733) over RTP/AVP. It turns a peer's SDP (RFC 8866) and
// our own address into an Agreement: where to send, which codec, who may talk.
//
// Callers are engine/call for legs and whoever stands for a phone in tests. All
// functions are pure: they keep nothing, hold on to no argument, may be called from
// any goroutine, and bring back errors for bad input, never a panic.
//
// Limits of what is read: 64 KB, 16 media lines, 64 formats a line, 1024 lines.
// Addresses are literals; a host name is refused, because nothing on the signalling
// path resolves names. Of several media lines the first usable audio one is taken
// and all others are answered with port 0 (RFC 3264 §6).
//
// Parsing and writing are pion/sdp's. In front of it stands an outline of our own
// (outline.go): pion refuses a body without o=, s= or t= and any m= line of a kind
// it does not know, while RFC 3264 wants such a line answered with port 0.
package sdp
