package simnet

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"
)

type packet struct {
	from netip.AddrPort
	data []byte
}

type packetConn struct {
	net      *Net
	at       netip.AddrPort
	queue    chan packet
	once     sync.Once
	done     chan struct{}
	deadline *deadline
}

func (c *packetConn) ReadFrom(b []byte) (int, net.Addr, error) {
	select {
	case <-c.done: // closed counts before what is queued
		return 0, nil, net.ErrClosed
	default:
	}
	for {
		passed, moved := c.deadline.wait()
		select {
		case p := <-c.queue:
			return copy(b, p.data), net.UDPAddrFromAddrPort(p.from), nil
		case <-c.done:
			return 0, nil, net.ErrClosed
		case <-passed:
			return 0, nil, os.ErrDeadlineExceeded
		case <-moved:
		}
	}
}

// WriteTo never blocks. As with UDP, that nobody listens is no error.
func (c *packetConn) WriteTo(b []byte, to net.Addr) (int, error) {
	select {
	case <-c.done:
		return 0, net.ErrClosed
	default:
	}
	ua, ok := to.(*net.UDPAddr)
	if !ok {
		return 0, fmt.Errorf("simnet: %T is no UDP address", to)
	}
	at := netip.AddrPortFrom(ua.AddrPort().Addr().Unmap(), ua.AddrPort().Port())
	if c.net.Loss != nil && c.net.Loss(c.at, at, b) {
		return len(b), nil
	}
	c.net.mu.Lock()
	peer := c.net.packets[at]
	c.net.mu.Unlock()
	if peer != nil {
		select {
		case peer.queue <- packet{c.at, slices.Clone(b)}:
		default:
		}
	}
	return len(b), nil
}

func (c *packetConn) Close() error {
	c.once.Do(func() {
		c.net.mu.Lock()
		delete(c.net.packets, c.at)
		c.net.mu.Unlock()
		close(c.done)
		c.deadline.set(time.Time{})
	})
	return nil
}

func (c *packetConn) LocalAddr() net.Addr                { return net.UDPAddrFromAddrPort(c.at) }
func (c *packetConn) SetDeadline(t time.Time) error      { c.deadline.set(t); return nil }
func (c *packetConn) SetReadDeadline(t time.Time) error  { c.deadline.set(t); return nil }
func (c *packetConn) SetWriteDeadline(t time.Time) error { return nil }

// deadline is a point in time that can be moved under those who wait for it.
type deadline struct {
	mu    sync.Mutex
	at    time.Time
	moved chan struct{}
}

func newDeadline() *deadline { return &deadline{moved: make(chan struct{})} }

func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at = t
	close(d.moved)
	d.moved = make(chan struct{})
}

// wait brings back what to wait for. The timer is the waiter's own.
func (d *deadline) wait() (passed <-chan time.Time, moved <-chan struct{}) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.at.IsZero() {
		passed = time.After(time.Until(d.at))
	}
	return passed, d.moved
}
