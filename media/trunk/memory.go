package trunk

import (
	"fmt"
	"net"
	"net/netip"
	"sync"
	"syscall"
)

// memoryQueue is how many records may wait before a Recv, as a socket buffer would
// hold them: 16,000 are 320 ms of 1,000 members.
const memoryQueue = 16000

// Memory is a network of trunks within one process, without loss or delay. Its
// Conns block on condition variables only, so they work in a synctest bubble.
type Memory struct {
	mu    sync.Mutex
	conns map[netip.AddrPort]*memoryConn
	next  uint16
}

// NewMemory returns an empty network.
func NewMemory() *Memory {
	return &Memory{conns: map[netip.AddrPort]*memoryConn{}, next: 40000}
}

// Listen opens a Conn on addr; port 0 takes a free one.
func (m *Memory) Listen(addr netip.AddrPort) (Conn, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if addr.Port() == 0 {
		m.next++
		addr = netip.AddrPortFrom(addr.Addr(), m.next)
	}
	if m.conns[addr] != nil {
		return nil, fmt.Errorf("trunk: listen %v: %w", addr, syscall.EADDRINUSE)
	}
	c := &memoryConn{net: m, addr: addr}
	c.come.L = &c.mu
	m.conns[addr] = c
	return c, nil
}

func (m *Memory) at(addr netip.AddrPort) *memoryConn {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.conns[addr]
}

type memoryConn struct {
	net   *Memory
	addr  netip.AddrPort
	tally tally

	mu     sync.Mutex
	come   sync.Cond
	queue  []memoryRecord // waiting, oldest first
	lent   []memoryRecord // behind the frames of the last Recv
	spare  [][]byte
	closed bool
}

type memoryRecord struct {
	from netip.AddrPort
	b    []byte
}

func (c *memoryConn) Recv(fs []Frame) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		if err := c.await(); err != nil {
			return 0, err
		}
		if n := c.take(fs); n > 0 || len(fs) == 0 {
			return n, nil
		}
	}
}

// Poll implements Conn.
func (c *memoryConn) Poll(fs []Frame) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return 0, c.ended()
	}
	return c.take(fs), nil
}

// Wait blocks until there is something to Poll, or the Conn is closed. Memory's Conns
// only have it: it is for those who rest in virtual time.
func (c *memoryConn) Wait() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.await()
}

func (c *memoryConn) await() error {
	for !c.closed && len(c.queue) == 0 {
		c.come.Wait()
	}
	if c.closed {
		return c.ended()
	}
	return nil
}

func (c *memoryConn) ended() error {
	return fmt.Errorf("trunk: recv on %v: %w", c.addr, net.ErrClosed)
}

// take gives back what was lent and fills fs from the queue.
func (c *memoryConn) take(fs []Frame) int {
	for _, r := range c.lent {
		c.spare = append(c.spare, r.b)
	}
	c.lent = c.lent[:0]
	n, i := 0, 0
	for ; i < len(c.queue) && n < len(fs); i++ {
		r := c.queue[i]
		c.lent = append(c.lent, r)
		if !fs[n].parse(r.b) {
			c.tally.malformed.Add(1)
			continue
		}
		fs[n].Peer = r.from
		n++
	}
	c.queue = c.queue[:copy(c.queue, c.queue[i:])]
	c.tally.received.Add(uint64(n))
	return n
}

func (c *memoryConn) Send(fs []Frame) error {
	if err := c.open(); err != nil {
		return err
	}
	if err := checkSizes(fs); err != nil {
		return err
	}
	for i := range fs {
		to := c.net.at(fs[i].Peer)
		if to == nil {
			c.tally.refused.Add(1)
			continue
		}
		c.tally.sent.Add(1)
		to.put(c.addr, fs[i].put)
	}
	return nil
}

// open says whether the Conn still is.
func (c *memoryConn) open() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return fmt.Errorf("trunk: send on %v: %w", c.addr, net.ErrClosed)
	}
	return nil
}

// put queues the record that write writes.
func (c *memoryConn) put(from netip.AddrPort, write func(b []byte) int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	if len(c.queue) >= memoryQueue {
		c.tally.overflow.Add(1)
		return
	}
	var b []byte
	if k := len(c.spare); k > 0 {
		b, c.spare = c.spare[k-1], c.spare[:k-1]
	} else {
		b = make([]byte, HeaderSize+MaxPayload)
	}
	b = b[:cap(b)]
	c.queue = append(c.queue, memoryRecord{from, b[:write(b)]})
	c.come.Broadcast()
}

func (c *memoryConn) LocalAddr() netip.AddrPort { return c.addr }
func (c *memoryConn) Counters() Counters        { return c.tally.counters() }

func (c *memoryConn) Close() error {
	c.net.mu.Lock()
	if c.net.conns[c.addr] == c {
		delete(c.net.conns, c.addr)
	}
	c.net.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	c.queue, c.spare = nil, nil
	c.come.Broadcast()
	return nil
}

func checkSizes(fs []Frame) error {
	for i := range fs {
		if len(fs[i].Payload) > MaxPayload {
			return fmt.Errorf("%w: %d bytes, at most %d", ErrTooLong, len(fs[i].Payload), MaxPayload)
		}
	}
	return nil
}
