// Package relay is the SBC's stream table and the path of a packet through it:
//
//	link → receive, classify, latch, account, digits → trunk   (goroutine "in")
//	trunk → find stream, check token, splice, pack → link      (goroutine "out")
//
// Audio passes unchanged (G.711 of the remote is G.711 on the trunk); timestamps and
// sequence numbers are spliced so that each side sees one unbroken stream whatever
// happens on the other.
//
// Two streams that are joined (joined.go) skip the trunk: what "in" takes from one
// remote it packs for the other's, in its codec.
//
// Control calls Put, Drop, Digits, Echo and Stop from one goroutine. Put and Drop
// change tables of atomic pointers (table.go); the rest, and what a stream's end needs,
// is queued for the "in" goroutine, which drains the queue once a batch. Neither
// goroutine takes a lock that control holds while media flows.
//
// A stream's ingress belongs to "in" alone. Its egress is written by "out" (trunk) and
// by "in" (echo, digits, RTCP) under the stream's own mutex, which the two hardly ever
// want at once. Every 20 ms "in" looks at all streams: digits to send, echo that is
// due, ends that were lost, RTCP and quality every 5 s.
//
// The packet path allocates nothing and logs nothing; each drop is counted by reason.
//
// RFC 3550 (RTP, RTCP), 4733 (telephone-event), 5761 and 7983 (what a datagram is),
// 7362 and 4961 (latching, symmetric RTP).
package relay
