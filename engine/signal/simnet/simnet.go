package simnet

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
)

// ErrUnreachable is about an address where nobody listens.
var ErrUnreachable = errors.New("simnet: nobody listens there")

// ErrInUse is about an address that is taken.
var ErrInUse = errors.New("simnet: address in use")

// Net is one network. The zero value is ready; it is safe for concurrent use.
type Net struct {
	// Loss says which packets are lost; nil: none. It is called with no lock held
	// and must be set before the first packet.
	Loss func(from, to netip.AddrPort, data []byte) bool

	mu        sync.Mutex
	packets   map[netip.AddrPort]*packetConn
	listeners map[netip.AddrPort]*listener
	nextPort  uint16
}

const queued = 512

// ListenPacket opens a packet connection. Port 0 takes a free one.
func (n *Net) ListenPacket(at netip.AddrPort) (net.PacketConn, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.packets == nil {
		n.packets = make(map[netip.AddrPort]*packetConn)
	}
	if at.Port() == 0 {
		at = n.free(at.Addr())
	}
	if n.packets[at] != nil {
		return nil, fmt.Errorf("%w: udp %s", ErrInUse, at)
	}
	c := &packetConn{net: n, at: at, queue: make(chan packet, queued), done: make(chan struct{}), deadline: newDeadline()}
	n.packets[at] = c
	return c, nil
}

// Listen opens a stream listener. Port 0 takes a free one.
func (n *Net) Listen(at netip.AddrPort) (net.Listener, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.listeners == nil {
		n.listeners = make(map[netip.AddrPort]*listener)
	}
	if at.Port() == 0 {
		at = n.free(at.Addr())
	}
	if n.listeners[at] != nil {
		return nil, fmt.Errorf("%w: tcp %s", ErrInUse, at)
	}
	l := &listener{net: n, at: at, queue: make(chan net.Conn, queued), done: make(chan struct{})}
	n.listeners[at] = l
	return l, nil
}

// free finds a port for both kinds. The caller holds the lock.
func (n *Net) free(ip netip.Addr) netip.AddrPort {
	for {
		n.nextPort++
		at := netip.AddrPortFrom(ip, 32768+n.nextPort%32768)
		if n.packets[at] == nil && n.listeners[at] == nil {
			return at
		}
	}
}

// Dialer brings back a function that dials from an address of the network, as
// signal.Config wants it.
func (n *Net) Dialer(from netip.Addr) func(context.Context, netip.AddrPort) (net.Conn, error) {
	return func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
		n.mu.Lock()
		l := n.listeners[to]
		at := n.free(from)
		n.mu.Unlock()
		if l == nil {
			return nil, fmt.Errorf("%w: tcp %s", ErrUnreachable, to)
		}
		near, far := net.Pipe()
		select {
		case l.queue <- &stream{far, to, at}:
			return &stream{near, at, to}, nil
		case <-l.done:
			return nil, fmt.Errorf("%w: tcp %s", ErrUnreachable, to)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

type listener struct {
	net   *Net
	at    netip.AddrPort
	queue chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.queue:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error {
	l.once.Do(func() {
		l.net.mu.Lock()
		delete(l.net.listeners, l.at)
		l.net.mu.Unlock()
		close(l.done)
		for len(l.queue) > 0 {
			(<-l.queue).Close()
		}
	})
	return nil
}

func (l *listener) Addr() net.Addr { return net.TCPAddrFromAddrPort(l.at) }

// stream is one end of a connection.
type stream struct {
	net.Conn
	local, remote netip.AddrPort
}

func (s *stream) LocalAddr() net.Addr  { return net.TCPAddrFromAddrPort(s.local) }
func (s *stream) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(s.remote) }
