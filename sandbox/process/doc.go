// Package process runs generations of scripts in child processes of the same program
// (`callwright script-host`): what no guard inside an isolate catches, a kill does, and
// replay makes it harmless.
//
// A Pool belongs to a brain. Its Load builds an app in the brain's process and runs it
// in a child, one child a generation, and returns a Generation with the methods of
// sandbox.Generation: they may be called from any goroutine and never wait for the
// child. Results come on the goroutine that reads from the child, whose receiver must
// not block. The Pool keeps one child ahead, its realm frozen, so that a new one
// serves within milliseconds.
//
// # The socket
//
// Parent and child speak frames (frame.go) over a socket pair. Activations are
// pipelined. `state` stays in the parent: the first touch of an activation takes the
// tree there (State.BeginRemote) and learns what the child's copy lacks; the activation
// works on the copy, and its end, sent before its result, gives the writes as one batch
// or gives the tree back untouched. A tree of more than 1 MiB is not copied, nor for an app
// that has one place of it alone (Options.StateOnly): each access is a request then, and
// the parent itself keeps such an app to its place. On a page of shared memory, the board, the
// child writes which unit runs and the line of the operation it began last.
//
// # Death
//
// A child dies by its memory limit (RLIMIT_DATA), by a fault of the script engine, or
// by the parent's hand when one activation has run for two budgets and 50 ms: a hang in a
// builtin that no interrupt reaches. The unit on the board is guilty and is told
// so (Result.Interrupted with Error "Memory", "Budget" or "InternalError"); all others
// are told Lost, and the engine opens them again by replay in the next child. Three
// deaths within ten seconds without a guilty unit refuse the generation.
//
// # What a child can do
//
// Nothing but compute: its system calls are an allow-list (seccomp) without opening
// files, sockets and processes; it has no environment, no privileges (uid 65534 if the
// parent is root, no_new_privs), a bounded heap, and it ends with its parent. A new
// network namespace would add nothing to that, and costs milliseconds a start.
package process
