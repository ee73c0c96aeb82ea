// Package fetch sends the HTTP requests of scripts (RFC 9110). It is an edge: the flow
// decides on a Request, Do performs it on a goroutine of its own and tells the Result
// once, from that goroutine; Do itself never blocks, so the shard may call it.
//
// What an app may reach is asked of Config.Allow for each host, also that of each
// redirect, and once more for each address that a name turned out to have when that
// address is not a public one: private, loopback and link-local addresses must be
// granted by themselves. Apps share no connections, for a connection is as good as
// the grant it was opened with. No proxy is used.
//
// Limits: 64 requests an app and 512 in all at once (Busy), 5 redirects, 5 retries,
// 60 s, 64 KiB of body either way.
package fetch
