// Package engine is the brain: it joins the SIP core (engine/call), the scripts'
// flows (engine/flow), placement (engine/fleet) and the edges around them.
//
// One goroutine, the shard, owns all calls. Everything that happens is a value in
// its inbox: a message from the wire, what a worker tells, what an isolate did, a
// timer, a question of the control API. A turn takes one value, steps the pure
// cores until nothing is left to step, and then releases what they asked for, in
// this order: what workers are to keep and, right behind it, what they are to do (one
// message a worker), activations of scripts, and what the outside can see (SIP, scripts'
// HTTP requests), once the worker that keeps the call has answered that it has its
// records: one round trip for all turns of a batch. So a phone never gets a 200 before
// its SBC was told of the stream, nothing is seen outside that a successor would not
// know, and no turn waits for a script, a worker or a disk. What changed without any such
// consequence is kept within 20 ms, in one message with that of other calls.
//
// A new engine first gathers what workers keep of the one before (Config.Recover) and
// holds everything else meanwhile; then it takes up calls, conferences and apps' runs
// (engine/parcel says in which form), has workers drop what it does not know, and lets go
// what it held. Isolates are made when a run's first input comes, the others behind.
//
// Retransmissions and 100 Trying are the SIP core's own business and pass by any
// call whose script is at work. A 100 waits for the call's record all the same: whoever has
// one sends its INVITE no more.
//
// Methods of Engine may be called from any goroutine; they put a value into the
// inbox and, where they return something, wait for the shard's answer.
package engine
