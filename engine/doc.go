// Package engine is the brain: it joins the SIP core (engine/call), the scripts'
// flows (engine/flow), placement (engine/fleet) and the edges around them.
//
// One goroutine, the shard, owns all calls. Everything that happens is a value in
// its inbox: a message from the wire, what a worker tells, what an isolate did, a
// timer, a question of the control API. A turn takes one value, steps the pure
// cores until nothing is left to step, and then releases what they asked for, in
// this order: commands to workers (one message a worker), messages to the wire,
// activations of scripts. So a phone never gets a 200 before its SBC was told of
// the stream, and no turn waits for a script, a worker or a disk.
//
// Retransmissions and 100 Trying are the SIP core's own business and pass by any
// call whose script is at work.
//
// Methods of Engine may be called from any goroutine; they put a value into the
// inbox and, where they return something, wait for the shard's answer.
package engine
