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
// Per activation: 50 ms of run time (Options.Budget) and 256 MiB of growth of the
// process. Per unit: Budgets. Per isolate: call depth 4096. Values: lists of 1 Mi
// elements, texts of 1 Mi characters where a builtin makes them at once and of 16 Mi
// where one takes them, buffers of 16 MiB, big integers of 1 Mi bits where that costs
// more than linear time, JSON of 4 MiB and depth 512. State: 64 MiB. Builtins that an
// interrupt does not reach are capped in length and depth (guard.go, guard_deep.go,
// limits.js), a regular expression that tracks back is ended after a second, and a
// source nested beyond all use is refused unparsed. What remains is left to process
// isolation: text from a large BigInt by concatenation, generators that delegate to
// themselves (seconds at the depth that is allowed), memory kept from turn to turn.
//
// ECMA-262 gaps of the engine are lowered by esbuild (async generators, for await) or
// filled in (lacking.js); \p{…} is written out; top-level await, dynamic import, WeakRef
// and the flag v are refused. Date knows UTC alone. npm libraries are instantiated per
// unit, as the app's own modules are: what they keep to themselves (a counter, a locale, a
// cache) must come out of a replay as it was, and must not reach another call. A large one
// costs each call its evaluation and its memory.
package sandbox
