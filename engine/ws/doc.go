// Package ws keeps the WebSocket connections of scripts (RFC 6455). It is an edge: the
// flow decides, Open and Ask never block, so the shard may call them, and what comes of
// it is told from goroutines of the connection: Opened at most once, before all else, and
// Closed once, after all else.
//
// What an app may reach is asked of Config.Allow for each host, and once more for each
// address that a name turned out to have, as engine/fetch does. No redirect is followed,
// no proxy used, no message compressed.
//
// A connection reads on only while fewer than 16 messages wait to be taken (Took): a peer
// that sends faster than its script hears is held back by TCP. What it is asked to send
// waits in a queue of 64; beyond that, Busy.
//
// Limits: 64 connections an app and 1,024 in all (Busy), 48,000 bytes a message either
// way (a larger one from the peer closes the connection with 1009), 60 s to open, 10 s for
// a message to leave or a ping to come back.
package ws
