// Package flow keeps the scripts' durable runs: what a script's verbs do, what it
// waits for, and the journal from which a run is rebuilt.
//
// Flows is a pure container of the units (runs) of one shard: a call's run of its
// app, or an app's own. The shard's goroutine calls Step with one input and gets
// actions, in order. Nothing here reads a clock, does I/O or starts a goroutine;
// the same inputs give the same actions, live, in replay and in virtual time.
//
// The shard never waits for a script: an activation goes out as an Activate action
// and comes back as a Did input; inputs for that unit queue until then. A verb is a
// small state machine (play.go, gather.go …): begin, then step for each event, until
// it completes its operation. An operation's number within its unit is its key for
// workers too: "UNIT/N.k" names the k-th thing asked of a worker for operation N, so
// asking again is harmless.
//
// A conference (room.go and its neighbours) is shared by the units that hold it. What it
// does by itself (waiting, music, sounds, limits, its recording) follows from its state:
// reviewed() looks at the whole of it after each change, and place() tells the mixer what
// differs from what it knows. Its own things at the mixer are named "room:NAME/0.k", its
// timers bear the unit "room:NAME". Who hears whom (matrix.go) is asked of scripts in
// batches and kept as gains by pair.
//
// A unit may have more calls than the one it runs for: dial places them, and their legs'
// news go to the operation that did. Two of its calls may hear each other (bridge.go):
// past the mixer, unless a play, a recording or a mute needs it.
//
// call.checkpoint (checkpoint.go) cuts a call's journal: a new instance is entered with
// the flow's data, and takes over what plays, records and is bridged.
//
// A journal may be run on other code: as a file (journal.go), or to let a live call move
// to a new version of its app (adopt.go).
//
// Faces, in faces*.go, is the one table of what scripts can name: methods, options,
// defaults, and what is not built yet. The sandbox makes objects and checks arguments
// from it; stdlib/callwright.d.ts is compared with it by a test.
//
// An app's own run hears of what concerns all (conferences, workers, the bus that emit
// speaks on), answers requests (http.go, serve.go) and counts figures (metrics.go), which like
// locks are the memory of this brain.
//
// What an app's runs have together is counted here (budget.go): beyond it an operation
// fails with Busy, which its journal keeps; log lines are left out, and so are events that
// a phone or another app may send without end, when too many wait for a busy run.
//
// Limits: 100 targets a dial, 20 of them at once; 32 digits typed ahead, 64 inputs an
// activation, 50,000 inputs a history,
// 60 s for a flow to finish after its call has ended.
package flow
