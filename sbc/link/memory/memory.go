package memory

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/callwright/callwright/sbc/link"
)

// queueLength is how many datagrams wait at a link or a phone before more are lost.
const queueLength = 16384

// Net joins links and phones by address.
type Net struct {
	mu    sync.Mutex
	ports map[netip.AddrPort]*inbox
	next  uint16
	lose  func(from, to netip.AddrPort, data []byte) bool
}

// NewNet returns an empty network.
func NewNet() *Net { return &Net{ports: map[netip.AddrPort]*inbox{}, next: 49999} }

// Lose sets what the network drops on the way; nil: nothing. f runs on the sender's
// goroutine.
func (n *Net) Lose(f func(from, to netip.AddrPort, data []byte) bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lose = f
}

// Link opens the ports first to first+ports-1 of ip.
func (n *Net) Link(ip netip.Addr, first, ports uint16) (*Link, error) {
	l := &Link{net: n, ip: ip, in: newInbox()}
	for i := range ports {
		if err := n.bind(netip.AddrPortFrom(ip, first+i), l.in); err != nil {
			l.Close()
			return nil, err
		}
		l.ports = append(l.ports, first+i)
	}
	return l, nil
}

// Phone opens one address; port 0 takes a free one.
func (n *Net) Phone(at netip.AddrPort) (*Phone, error) {
	if at.Port() == 0 {
		n.mu.Lock()
		n.next++
		at = netip.AddrPortFrom(at.Addr(), n.next)
		n.mu.Unlock()
	}
	p := &Phone{net: n, at: at, in: newInbox()}
	return p, n.bind(at, p.in)
}

func (n *Net) bind(at netip.AddrPort, in *inbox) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ports[at] != nil {
		return fmt.Errorf("link: memory: bind %v: %w", at, syscall.EADDRINUSE)
	}
	n.ports[at] = in
	return nil
}

func (n *Net) unbind(at netip.AddrPort) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.ports, at)
}

// send delivers a copy of data; a datagram nobody waits for is lost, as by UDP.
func (n *Net) send(from, to netip.AddrPort, data []byte) {
	n.mu.Lock()
	in, lose := n.ports[to], n.lose
	n.mu.Unlock()
	if in != nil && (lose == nil || !lose(from, to, data)) {
		in.put(from, to.Port(), data)
	}
}

// inbox is what waits at one receiver. Buffers are used again.
type inbox struct {
	ready chan struct{} // something came, or wake, or close

	mu     sync.Mutex
	queue  []link.Packet
	spare  [][]byte
	closed bool
}

func newInbox() *inbox { return &inbox{ready: make(chan struct{}, 1)} }

func (in *inbox) put(from netip.AddrPort, port uint16, data []byte) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.closed || len(in.queue) >= queueLength {
		return
	}
	var b []byte
	if k := len(in.spare); k > 0 {
		b, in.spare = in.spare[k-1], in.spare[:k-1]
	} else {
		b = make([]byte, link.MaxData+1)
	}
	b = b[:copy(b[:cap(b)], data)]
	in.queue = append(in.queue, link.Packet{Data: b, Port: port, Remote: from})
	in.signal()
}

func (in *inbox) signal() {
	select {
	case in.ready <- struct{}{}:
	default:
	}
}

// take moves packets to ps, and lent ones back to the spares.
func (in *inbox) take(ps []link.Packet, lent [][]byte) (int, bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.spare = append(in.spare, lent...)
	n := copy(ps, in.queue)
	in.queue = in.queue[:copy(in.queue, in.queue[n:])]
	return n, in.closed
}

func (in *inbox) close() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.closed = true
	in.queue, in.spare = nil, nil
	in.signal()
}

// Link implements link.Link.
type Link struct {
	net   *Net
	ip    netip.Addr
	ports []uint16
	in    *inbox
	lent  [][]byte
	timer *time.Timer
}

// Recv implements link.Link.
func (l *Link) Recv(ps []link.Packet, wait time.Duration) (int, error) {
	n, err := l.take(ps)
	if n > 0 || err != nil || wait == 0 {
		return n, err
	}
	if wait < 0 {
		<-l.in.ready
		return l.take(ps)
	}
	if l.timer == nil {
		l.timer = time.NewTimer(wait)
	} else {
		l.timer.Reset(wait)
	}
	select {
	case <-l.in.ready:
		l.timer.Stop()
	case <-l.timer.C:
	}
	return l.take(ps)
}

func (l *Link) take(ps []link.Packet) (int, error) {
	n, closed := l.in.take(ps, l.lent)
	l.lent = l.lent[:0]
	if closed {
		l.in.signal() // for whoever receives next
		return 0, fmt.Errorf("link: memory: recv on %v: %w", l.ip, net.ErrClosed)
	}
	for i := range n {
		l.lent = append(l.lent, ps[i].Data)
	}
	return n, nil
}

// Send implements link.Link.
func (l *Link) Send(ps []link.Packet) (int, error) {
	for i := range ps {
		if len(l.ports) == 0 || ps[i].Port < l.ports[0] || ps[i].Port > l.ports[len(l.ports)-1] {
			return i, fmt.Errorf("%w: %d", link.ErrPort, ps[i].Port)
		}
		l.net.send(netip.AddrPortFrom(l.ip, ps[i].Port), ps[i].Remote, ps[i].Data)
	}
	return len(ps), nil
}

// Wake implements link.Link.
func (l *Link) Wake() { l.in.signal() }

// Close implements link.Link.
func (l *Link) Close() error {
	for _, p := range l.ports {
		l.net.unbind(netip.AddrPortFrom(l.ip, p))
	}
	l.in.close()
	return nil
}

// Phone is an endpoint with what a test needs of net.PacketConn.
type Phone struct {
	net *Net
	at  netip.AddrPort
	in  *inbox

	mu       sync.Mutex
	deadline time.Time
}

// Addr is where the phone listens.
func (p *Phone) Addr() netip.AddrPort { return p.at }

// SetReadDeadline bounds the ReadFrom calls that begin afterwards; zero: no bound.
func (p *Phone) SetReadDeadline(t time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.deadline = t
}

// ReadFrom takes the oldest datagram, waiting for one. It returns net.ErrClosed or
// os.ErrDeadlineExceeded.
func (p *Phone) ReadFrom(b []byte) (int, netip.AddrPort, error) {
	p.mu.Lock()
	deadline := p.deadline
	p.mu.Unlock()
	var late <-chan time.Time
	if !deadline.IsZero() {
		t := time.NewTimer(time.Until(deadline))
		defer t.Stop()
		late = t.C
	}
	var one [1]link.Packet
	for {
		n, closed := p.in.take(one[:], nil)
		switch {
		case n > 0:
			k := copy(b, one[0].Data)
			p.in.take(nil, [][]byte{one[0].Data})
			p.in.signal() // more may wait, for another reader
			return k, one[0].Remote, nil
		case closed:
			p.in.signal()
			return 0, netip.AddrPort{}, fmt.Errorf("link: memory: read on %v: %w", p.at, net.ErrClosed)
		}
		select {
		case <-p.in.ready:
		case <-late:
			return 0, netip.AddrPort{}, os.ErrDeadlineExceeded
		}
	}
}

// WriteTo sends b.
func (p *Phone) WriteTo(b []byte, to netip.AddrPort) (int, error) {
	p.net.send(p.at, to, b)
	return len(b), nil
}

// Close ends ReadFrom and frees the address.
func (p *Phone) Close() error {
	p.net.unbind(p.at)
	p.in.close()
	return nil
}
