// Package events keeps what happened lately, so that an operator who comes late, or
// comes back, still sees it: the brain's log lines, what became of calls, the batches
// of state. It is memory only: a restart forgets.
//
// A Ring holds the last values, each with a sequence number that only grows, also
// across restarts: it begins with the microseconds of the Unix clock at the start. A
// reader names the number it saw last and gets what came after; the control API's
// streams are such readers.
//
// Who puts: the shard (call events), any goroutine that logs (lines, through Handler),
// isolates' goroutines (batches). Who reads: the control API's goroutines. Put takes a
// short lock and never waits for a reader: a slow one finds a gap in the numbers.
package events
