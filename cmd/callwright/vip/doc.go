// Package vip owns a virtual IP address and its MAC on behalf of an active brain: a
// macvlan link that is made when the brain's lease begins and removed when it ends.
//
// The keeper of a brain (cmd/callwright) makes an Owner and tells it each renewal of the
// lease; it is a process of its own because a macvlan outlives a brain that is killed,
// and a frozen one removes nothing. One goroutine makes, announces and removes the
// link; Lease may be called from any. The MAC follows from the address, so all brains
// float the same: only the switch has something to learn, and it learns from the first
// frame (RFC 5227 announcements for IPv4, unsolicited neighbour advertisements of RFC
// 4861 §7.2.6 for IPv6; at once, after 100 ms and 1 s, then once a minute).
//
// It needs CAP_NET_ADMIN and CAP_NET_RAW. On the device beneath, arp_ignore becomes 1 and
// arp_announce 2: else the machine's own MAC would answer for the address as well.
//
// Costs: some 4 ms to be up, 20 ms to be gone.
package vip
