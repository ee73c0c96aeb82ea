package trunk

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	// socketBuffer is asked for each way. The kernel charges a small record about a
	// kilobyte, so this holds a few bursts of a thousand members.
	socketBuffer = 8 << 20

	// A segmented send is at most 64 records (the limit of older kernels) and must
	// fit one IP datagram before it is cut.
	maxSegments  = 64
	maxSuperSize = 64000

	sendBatch = 16 // datagrams or super-datagrams a system call
)

// socketConn is a Conn on a UDP socket. rx belongs to the receiver, tx to the sender.
type socketConn struct {
	udp   *net.UDPConn
	raw   syscall.RawConn
	addr  netip.AddrPort
	tally tally
	rx    receiver
	tx    transmitter
}

// Listen opens a Conn on a UDP socket; port 0 takes a free one. UDP_SEGMENT and
// UDP_GRO are probed and used where the kernel has them.
func Listen(addr netip.AddrPort) (Conn, error) {
	return listen(addr, true)
}

func listen(addr netip.AddrPort, offload bool) (*socketConn, error) {
	network := "udp4"
	if !addr.Addr().Unmap().Is4() {
		network = "udp6"
	}
	lc := net.ListenConfig{}
	pc, err := lc.ListenPacket(context.Background(), network, addr.String())
	if err != nil {
		return nil, fmt.Errorf("trunk: listen %v: %w", addr, err)
	}
	c := &socketConn{udp: pc.(*net.UDPConn)}
	at := c.udp.LocalAddr().(*net.UDPAddr).AddrPort()
	c.addr = netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
	if c.raw, err = c.udp.SyscallConn(); err != nil {
		c.udp.Close()
		return nil, fmt.Errorf("trunk: listen %v: %w", addr, err)
	}
	gro := false
	c.raw.Control(func(fd uintptr) {
		enlarge(int(fd))
		if offload {
			gro = unix.SetsockoptInt(int(fd), unix.SOL_UDP, unix.UDP_GRO, 1) == nil
			_, probe := unix.GetsockoptInt(int(fd), unix.SOL_UDP, unix.UDP_SEGMENT)
			c.tx.segment = probe == nil
		}
	})
	c.rx.init(c, gro)
	c.tx.init(c, network == "udp6")
	return c, nil
}

// enlarge asks for big buffers: by force where the process may, else as far as the
// system's limit goes.
func enlarge(fd int) {
	for force, plain := range map[int]int{unix.SO_RCVBUFFORCE: unix.SO_RCVBUF, unix.SO_SNDBUFFORCE: unix.SO_SNDBUF} {
		if unix.SetsockoptInt(fd, unix.SOL_SOCKET, force, socketBuffer) != nil {
			unix.SetsockoptInt(fd, unix.SOL_SOCKET, plain, socketBuffer)
		}
	}
}

func (c *socketConn) LocalAddr() netip.AddrPort { return c.addr }

func (c *socketConn) Counters() Counters {
	n := c.tally.counters()
	c.raw.Control(func(fd uintptr) { n.Overflow += overflow(int(fd)) })
	return n
}

func (c *socketConn) Close() error { return c.udp.Close() }

// wrap keeps net.ErrClosed visible: the runtime's poller has an error of its own.
func (c *socketConn) wrap(what string, err error) error {
	if errors.Is(err, net.ErrClosed) || err.Error() == "use of closed file" {
		err = net.ErrClosed
	}
	return fmt.Errorf("trunk: %s on %v: %w", what, c.addr, err)
}
