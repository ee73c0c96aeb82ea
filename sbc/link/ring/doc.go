// Package ring is the SBC's link by packet rings: whole frames go by memory that the
// kernel and we share (AF_PACKET, TPACKET_V3 in, TPACKET_V2 out), past the kernel's
// network stack, into our own (sbc/stack). Linux only; it needs CAP_NET_RAW,
// CAP_NET_ADMIN and CAP_BPF.
//
// The address of the slice is the kernel's, or ours alone. With the kernel's (it is on
// the device) only its UDP ports of the slice are taken; a BPF program behind the ring
// (tcx) drops them, so that the kernel works on no media and answers none of it with
// ICMP. The program goes when the process goes. An address of our own is owned by Own,
// with a MAC that may float: it exists nowhere else, and Disown ends it with the call
// that says so: what is in a Send under way leaves before, and nothing after.
//
// What is sent to an address of this same machine does not pass the device, nor does
// what comes from one: phones on the SBC's own host need the socket link.
//
// One goroutine receives: the kernel hands over a block when it is full, or 1 ms after
// its first packet. Any goroutine may send; a batch holds one lock and makes one system
// call. Status words are read and written atomically. No allocation per packet.
//
// RX memory is given back by the Recv that returns net.ErrClosed, as its packets lie in
// there; everything else by Close.
package ring
