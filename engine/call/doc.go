// Package call is the SIP core of a user agent, both sides of it: transactions (RFC
// 3261 §17 with RFC 6026), dialogs (§12), calls (§13-15) and their offers and
// answers (RFC 3264), as plain data and one pure function.
//
// UA.Step takes one input (a message, a fired timer, an order from the call's flow)
// and brings back what must be done, in order: messages to send, timers to arm,
// news of legs. It reads no clock, does no I/O and starts no goroutine; the same UA
// and the same inputs give the same actions, down to tags and branches, which come
// from a seed. Retransmissions and 100 Trying are answered inside: they never wait
// for a flow. A UA marshals to JSON at any point between two steps and goes on from
// the copy (Resume): a call outlives the process.
//
// A UA is not safe for concurrent use: it belongs to the goroutine of its shard.
//
// A request that is refused for what it says alone (405, 420, 481, 503 …) is
// answered without a transaction, as RFC 3261 §8.2.7 allows: a flood leaves nothing
// in memory. The tag of such an answer is a hash of the request, so that the answer
// to a retransmission is the same one.
//
// After Hangup, Ended follows in the same step. What the protocol still owes the
// peer then (an ACK to wait for before a BYE, a CANCEL before its provisional) goes
// on inside; Pending says how much.
//
// Bounds: Config.MaxLegs and Config.MaxTransactions; a new call beyond them gets
// 503. A finished transaction keeps its key and its last response for 32 s.
//
// Requests that calls are not made of (MESSAGE, REFER, REGISTER …) are the flows': those
// of Config.Asks come as Asked and wait for a Reply, and Request sends them, within a
// call or outside one.
//
// A call whose peer wants a session timer (RFC 4028) has one: we refresh by UPDATE or
// re-INVITE, or end the call when the peer does not.
//
// Not here yet: 100rel (RFC 3262). An INVITE that requires it gets 420.
package call
