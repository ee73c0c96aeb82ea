// Package signal is the SIP edge: listeners for UDP, TCP, TLS and WebSocket, and the
// checks that stand between the network and the core. What passes is a call.Received in the
// Sink, in the order it was read; what the core wants sent goes through Send.
//
// Nothing behind this package ever sees a message without From, To, Call-ID, CSeq
// and Via, each once and sound, with one request line, a body as long as it says,
// and within the limits below. What fails is answered here, without state, as far
// as an answer can be put together from it (400, 403, 505, 513), or dropped; both are
// counted by reason. An ACK or a response is never answered. A panic in here costs
// the message that caused it, and is counted.
//
// Limits: 64 KB a message, 128 header lines, 8 KB a line; TCP and TLS: Content-Length is
// required, a handshake and a first message within 30 s each, a begun message within
// 30 s, 10 minutes idle; WebSocket: a pong within 10 s of our ping each minute. 1000
// connections of all kinds, 100 from one source. Sources that Allow does not know get 403.
//
// Certificates come from a Keyring, which takes up new ones while listeners run. A
// connection that we open over TLS must show one of the name that was dialled (RFC 5922).
//
// Of sipgo this package uses the parsers of URIs and Via headers. Its transport
// layer is not used: it runs a goroutine for every message and so loses their order,
// remembers every UDP source for ever, and drops what it cannot parse in silence.
// Its message parser is not used either: it brings a doubled header back as the last
// one, upper-cases methods, and loses the text of values that a response must carry
// back as they came. So lines are cut, unfolded, bounded and counted here (scan.go),
// and messages are written here (write.go).
//
// Goroutines: the Serve methods block their callers until Close; each connection has one
// that reads and one that writes, a WebSocket another that pings. Sink is called from the readers
// and from Send, and must not block. Send never waits for a peer: a connection has a
// bounded queue, and one that stays full is closed. No name is ever resolved here.
//
// Sources: RFC 3261 §7, §8.2.6, §16.3, §18, §21, §25; RFC 3581 (rport); RFC 5626 §3.5
// (keep-alive); RFC 5922 (names in certificates); RFC 7118 (WebSocket); RFC 4475 and 5118 (tests).
package signal
