package main

import (
	"context"
	"net"
	"net/netip"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/callwright/callwright/cmd/callwright/supervise"
)

// httpSocket is the name under which a brain inherits the control API's listener; SIP
// listeners go by listener.String.
const httpSocket = "http"

// openSockets opens all that a brain listens on, in the process that outlives it. A
// port 0 becomes a free one, in its argument too. free: the address may not be there
// yet, as a virtual IP is not on a standby.
func openSockets(sip []listener, http *netip.AddrPort, free bool) (sockets []supervise.Socket, err error) {
	defer func() {
		if err != nil {
			closeSockets(sockets)
		}
	}()
	if err := choosePorts(sip); err != nil {
		return nil, err
	}
	if http.Port() == 0 {
		if *http, err = freePort(http.Addr()); err != nil {
			return nil, err
		}
	}
	for _, l := range append(sip[:len(sip):len(sip)], listener{"tcp", *http}) {
		f, err := openSocket(l, free)
		if err != nil {
			return sockets, bindError(err)
		}
		sockets = append(sockets, supervise.Socket{Name: l.String(), File: f})
	}
	sockets[len(sockets)-1].Name = httpSocket
	return sockets, nil
}

func openSocket(l listener, free bool) (*os.File, error) {
	config := net.ListenConfig{}
	if free {
		config.Control = freebind
	}
	if l.Transport == "udp" {
		pc, err := config.ListenPacket(context.Background(), "udp", l.Addr.String())
		if err != nil {
			return nil, err
		}
		defer pc.Close()
		return pc.(*net.UDPConn).File()
	}
	ln, err := config.Listen(context.Background(), "tcp", l.Addr.String())
	if err != nil {
		return nil, err
	}
	defer ln.Close()
	return ln.(*net.TCPListener).File()
}

// freebind lets a socket be bound to an address before the machine has it.
func freebind(network, _ string, c syscall.RawConn) error {
	level, option := unix.IPPROTO_IP, unix.IP_FREEBIND
	if network == "udp6" || network == "tcp6" {
		level, option = unix.IPPROTO_IPV6, unix.IPV6_FREEBIND
	}
	var failed error
	if err := c.Control(func(fd uintptr) { failed = unix.SetsockoptInt(int(fd), level, option, 1) }); err != nil {
		return err
	}
	return failed
}

func closeSockets(sockets []supervise.Socket) {
	for _, s := range sockets {
		s.File.Close()
	}
}

// listenTCP and listenUDP take up a socket that the supervisor holds, or open one when
// it holds none of that name. Closing what they return closes a copy.
func listenTCP(life *supervise.Lifeline, name string, addr netip.AddrPort) (net.Listener, error) {
	if f := life.Sockets[name]; f != nil {
		return net.FileListener(f)
	}
	return net.Listen("tcp", addr.String())
}

func listenUDP(life *supervise.Lifeline, l listener) (net.PacketConn, error) {
	if f := life.Sockets[l.String()]; f != nil {
		return net.FilePacketConn(f)
	}
	return net.ListenPacket("udp", l.Addr.String())
}
