// Package socket is the SBC's link by plain UDP sockets: one for each port of the
// slice, opened ahead, and one epoll. It needs no privilege and is the default of
// callwright run.
//
// A wake-up per packet would cost more than the packet. So while media flows Recv
// sleeps out a period of 4 ms and then collects what has come to all sockets; when
// nothing has come for a while it blocks in the kernel instead, and the first packet
// wakes it. That adds 2 ms on average. No allocation per packet.
//
// One goroutine receives, any goroutine sends. Linux only.
package socket
