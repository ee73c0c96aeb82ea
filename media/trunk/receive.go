package trunk

import (
	"net/netip"

	"golang.org/x/sys/unix"
)

// receiver takes datagrams in batches and cuts them into records. With GRO one
// datagram is up to 64 KB of equal records and the cutting resumes at the next Recv
// when the caller's slice is full; until all is cut the buffers are not used again.
type receiver struct {
	conn *socketConn
	batch
	wait func(fd uintptr) bool // made once: a closure a call would be garbage
	poll func(fd uintptr) bool

	got  int // messages filled by the last system call
	at   int // the one being cut
	from int // offset within it
	errn unix.Errno
}

func (r *receiver) init(c *socketConn, gro bool) {
	r.conn = c
	n, size := 64, 2048 // longer than any record: what is cut off was none
	if gro {
		n, size = 8, 1<<16
	}
	r.batch = newBatch(n, size)
	r.wait = func(fd uintptr) bool {
		r.got, r.errn = r.receive(fd)
		return r.errn != unix.EAGAIN && r.errn != unix.EINTR
	}
	r.poll = func(fd uintptr) bool {
		r.got, r.errn = r.receive(fd)
		return true
	}
}

// Recv implements Conn.
func (c *socketConn) Recv(fs []Frame) (int, error) { return c.take(fs, c.rx.wait) }

// Poll implements Conn.
func (c *socketConn) Poll(fs []Frame) (int, error) { return c.take(fs, c.rx.poll) }

func (c *socketConn) take(fs []Frame, read func(fd uintptr) bool) (int, error) {
	r := &c.rx
	for n := 0; ; {
		n = r.cut(fs)
		if n > 0 || len(fs) == 0 {
			c.tally.received.Add(uint64(n))
			return n, nil
		}
		if err := c.raw.Read(read); err != nil {
			return 0, c.wrap("recv", err)
		}
		r.at, r.from = 0, 0
		switch r.errn {
		case 0:
		case unix.EAGAIN:
			r.got = 0
			return 0, nil
		default:
			r.got = 0 // ICMP errors of earlier sends: not ours to act on
		}
	}
}

// cut fills fs with records of the messages at hand.
func (r *receiver) cut(fs []Frame) int {
	n := 0
	for n < len(fs) && r.at < r.got {
		m := &r.msgs[r.at]
		b := m.data()
		segment := m.segment()
		if segment == 0 || segment > len(b) {
			segment = len(b)
		}
		peer := m.peer()
		for n < len(fs) && (r.from < len(b) || len(b) == 0) {
			end := min(r.from+segment, len(b))
			if fs[n].parse(b[r.from:end:end]) {
				fs[n].Peer = peer
				n++
			} else {
				r.conn.tally.malformed.Add(1)
			}
			r.from = end
			if len(b) == 0 {
				break
			}
		}
		if r.from >= len(b) {
			r.at, r.from = r.at+1, 0
		}
	}
	return n
}

// peerOf turns a kernel address into ours without garbage.
func peerOf(family uint16, port uint16, addr4 [4]byte, addr16 [16]byte) netip.AddrPort {
	switch family {
	case unix.AF_INET:
		return netip.AddrPortFrom(netip.AddrFrom4(addr4), port)
	case unix.AF_INET6:
		return netip.AddrPortFrom(netip.AddrFrom16(addr16).Unmap(), port)
	}
	return netip.AddrPort{}
}
