// Package resolve finds where a SIP URI leads (RFC 3263): transport, addresses and
// their order. A URI with a literal address is answered at once, by Literal; a name
// by Resolver.Find, in a goroutine of its own, so that a DNS that never answers stops
// nobody else.
//
// Answers are kept for a minute and failures for ten seconds, at most 10,000 of them;
// at most 64 names are looked for at once, and one that has no answer within five
// seconds has failed. NAPTR is not asked: a name without a port is looked for as SRV
// of UDP, TCP or TLS by what its URI says, then as an address with the default port.
//
// Users: the shard, for calls that scripts place. Methods are safe for concurrent use.
package resolve
