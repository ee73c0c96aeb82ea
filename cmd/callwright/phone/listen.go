package phone

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

// Listen opens a UDP socket for SIP on a free port of ip that is told of ICMP errors
// (ip(7), IP_RECVERR): a closed port is then known at once, not after the 32 s of
// timer B (RFC 3261 §17.1.1.2, §18.4).
func Listen(ip netip.Addr) (net.PacketConn, error) {
	c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(ip, 0)))
	if err != nil {
		return nil, err
	}
	raw, err := c.SyscallConn()
	if err == nil {
		level, option := unix.SOL_IP, unix.IP_RECVERR
		if ip.Is6() && !ip.Is4In6() {
			level, option = unix.SOL_IPV6, unix.IPV6_RECVERR
		}
		var set error
		err = raw.Control(func(fd uintptr) { set = unix.SetsockoptInt(int(fd), level, option, 1) })
		err = errors.Join(err, set)
	}
	if err != nil {
		c.Close()
		return nil, fmt.Errorf("phone: ICMP errors of %v: %w", ip, err)
	}
	return c, nil
}

// unreachable is what the network said to something we sent; false: err is nothing
// of the kind.
func unreachable(err error) (syscall.Errno, bool) {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return 0, false
	}
	switch errno {
	case syscall.ECONNREFUSED, syscall.EHOSTUNREACH, syscall.ENETUNREACH:
		return errno, true
	}
	return 0, false
}

// overheard tells of what the network says while the edge reads.
type overheard struct {
	net.PacketConn
	tell func(syscall.Errno)
}

func (o *overheard) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := o.PacketConn.ReadFrom(b)
	if errno, ok := unreachable(err); ok {
		o.tell(errno)
	}
	return n, from, err
}
