// Package stack is the SBC's own Ethernet, ARP, IP, ICMP and UDP, for links that see
// whole frames (sbc/link/ring). Addresses exist in it alone: they appear and vanish in
// microseconds by command, and the kernel never knows of them.
//
// It does no I/O and reads no clock. Receive takes a frame and returns the datagram in
// it; Put writes the frame of a datagram; what the stack itself has to say (ARP, NDP,
// echo replies, ICMP errors) goes to Config.Out, and Tick says when it is due again.
//
// Addresses and routes are values that commands set (Own, Disown, SetRoutes).
// Neighbours are asked for as they are needed, at most maxNeighbours; only who was
// asked about is believed.
//
// Who owns an address answers for it, announces it at once, after 100 ms and after 1 s
// (RFC 5227 §2.3; RFC 4861 §7.2.6), and defends it against another MAC by at most one
// announcement in ten seconds (§2.4 c). A claim that bears our own MAC is the next
// owner of a floating address: then ours ends with that frame, for two senders would
// turn the switch's table back and forth. What was said before the address became ours, or
// within the next 5 ms, is of the owner before us, whose frames may still be queued. A network that returns our own frames to us
// is therefore no place for this stack.
//
// An address of the kernel's can be shared (Address.Kernel): then only datagrams to
// our ports are taken and the rest is left to the kernel, as is ARP.
//
// Put may be called from any goroutine, Receive and Tick from one, the others from any.
// Receive and Put allocate nothing and take no lock once a neighbour is known. Every
// drop is counted by reason.
//
// RFC 826, 5227 (ARP), 791, 815, 1122 (IPv4), 8200, 5722 (IPv6, overlapping fragments),
// 4861, 4862 (NDP), 792, 4443 (ICMP), 768 (UDP), IEEE 802.1Q.
package stack
