// Package cluster keeps scripts' `state` on disk: a replicated log of batches of
// writes (hashicorp/raft over its write-ahead log) beneath a tree that somebody
// else holds in memory. A lone brain is a cluster of one; three brains, or two and a
// witness, are the same log with more members (Group).
//
// Who calls it: cmd opens one Store per brain before any script runs and closes it
// last. The tree hands every batch to Submit as it is written, from whichever
// goroutine runs the script; Submit never blocks and does no I/O. A script's
// `await state.commit()` is CommitAsync.
//
// What runs where: one writer goroutine groups queued batches into entries and
// waits for the disk; raft's own goroutines write; one keeper goroutine takes
// snapshots; in a group one renews the lease. Config.Restore and Config.Apply are called
// one at a time, and not after Lead has returned: they are the life of a standby.
// Config.Snapshot is called from raft's snapshot goroutine at any time.
//
// One process is standby first and active later, never the other way round: the tree
// of a brain that was active may hold what its majority never took. So when Lost is
// closed the process must end, and what its keeper starts again joins anew. Held is
// asked before each act that others can see. The take-over (Lead) has an epoch, which is
// in the log and grows with each; workers refuse commands of an older one.
//
// The tree is written before its batch is handed over, so the state machine skips
// batches of its own process run and applies only what the log held at Open. For
// the same reason a snapshot of the tree may be newer than the log index it is
// filed under. Batches are numbered within a run, and a snapshot says which number it
// surely has, so replay passes over those. The few that came in around the reading
// of the tree are the tree's own to recognise, by unit and turn. A snapshot is filed
// only when all batches it can contain are on disk, so that replay never ends before
// the tree it began with.
//
// Promises: a batch is whole or absent after a crash; batches survive in the order
// of Submit, without a gap; what Commit has answered is there. A batch that was
// refused (ErrBehind, ErrTooLarge) leaves a gap in the log that only a snapshot can
// close; the keeper takes it at once, and Commit fails until it is filed.
//
// Other data that must survive rides in the same log: a Batch of a Kind goes to that
// Tree of Config.Others and into its part of each snapshot.
//
// A lone brain has nobody to hand over to: when its disk fails it keeps the leadership,
// tells those who wait (ErrDisk), and tries again until the disk is back. In a group a
// failed write, or one that takes 5 s, ends the leadership instead.
//
// Limits: 64 Ki batches or 128 MiB queued, 100 batches or 1 MiB in an entry (one
// batch alone may be larger, up to 32 MiB), a snapshot every 16 MiB of log. The file
// formats are in FORMAT.md. Raft needs the real clock's timers; inside a testing
// bubble they are the bubble's.
//
// Source: Ongaro and Ousterhout, "In Search of an Understandable Consensus
// Algorithm" (extended version), §5 the log, §7 compaction.
package cluster
