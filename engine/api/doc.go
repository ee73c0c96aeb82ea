// Package api is the control API: a few HTTP calls to look at a live engine and to
// hang up a call or reload scripts. The table in routes.go is the whole of it, and
// GET /v1 prints that table.
//
// cmd/callwright's brain makes a Server with New over its engine and runs Serve on
// a goroutine of its own; net/http runs each request on one more. The package owns
// the listener while Serve runs, and no state of calls: everything is asked of the
// Engine interface, whose methods must be safe for concurrent use.
//
// Who may call (design, security): every route but /healthz needs the bearer token
// of the data directory (RFC 6750 §2.1), compared in constant time; /metrics is open
// to loopback, and an app's own HTTP below /apps to all where its manifest says so. The Host header must be an address literal, localhost or a configured
// name, against DNS rebinding; an Origin, which browsers send, must be that same
// host. Answers are JSON; an error is {"error": sentence, "code": stable word}.
//
// Logs and events are streams: JSON lines, or server-sent events for who asks for
// text/event-stream. They begin with what is kept and, with follow=1, go on until the
// client leaves; a client that comes back names the number it saw last.
//
// Limits: headers 16 KiB, bodies 64 KiB but for state, 10 s to read a request, 30 s to
// answer, or to take each piece of a stream.
package api
