// Package sandbox runs authors' scripts. It knows JavaScript, not telephony: what
// host objects exist, which arguments their methods take and which events they tell
// is data (Face) given by the engine, and what crosses the border either way is JSON
// in the plain structs of types.go.
//
// A Generation is one immutable version of one app: its modules bundled by esbuild
// and compiled once. It owns a small pool of isolates. An isolate is one goja runtime
// with hardened, frozen intrinsics, owned by one goroutine, and carries some hundred
// units; a unit is a call's own instance of the app's modules, or the app's own (app
// unit). Load, Open, Activate, Close and Retire may be called from any goroutine and
// never wait for a script; results come back through Options.Deliver, on the
// isolate's goroutine, whose receiver must not block.
//
// What a unit does is decided by its inputs alone: time is the input's, randomness is
// seeded, state is recorded when it is read. So the same inputs bring a new instance
// to the same await. That is how the other units of an isolate survive when one unit
// overran its budget: the isolate is thrown away and they are opened again with their
// history (Result.Lost).
//
// # Limits
//
// Per activation: 50 ms of run time (Options.Budget), 100 log lines. Per unit: 10000
// pending operations, 1000 timers, 10000 callbacks, 1000 queued events an iterator,
// 64 KiB of arguments an operation. Per isolate: call depth 4096. Values: arrays of
// 1 Mi elements, strings of 1 Mi characters, buffers of 16 MiB, JSON of 4 MiB and
// depth 512. State: 64 MiB. Builtins that an interrupt does not reach are capped
// where that is cheap; what remains (regular expressions that backtrack, string
// doubling) is left to process isolation.
//
// ECMA-262 gaps of the engine are lowered by esbuild (async generators, for await);
// top-level await and dynamic import are refused with the author's line.
package sandbox
