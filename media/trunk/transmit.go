package trunk

import "golang.org/x/sys/unix"

// transmitter packs frames into datagrams: neighbours of one peer and size go into
// one segmented datagram, and up to sendBatch datagrams into one system call.
type transmitter struct {
	conn    *socketConn
	segment bool // the kernel cuts for us
	six     bool
	batch
	frames [sendBatch]int // records in each message
	used   int
	wait   func(fd uintptr) bool
	done   int // messages the kernel has taken or refused
}

func (t *transmitter) init(c *socketConn, six bool) {
	t.conn, t.six = c, six
	t.batch = newBatch(sendBatch, maxSuperSize)
	t.wait = func(fd uintptr) bool { return t.push(fd) }
}

// Send implements Conn.
func (c *socketConn) Send(fs []Frame) error {
	if err := checkSizes(fs); err != nil {
		return err
	}
	t := &c.tx
	for i := 0; i < len(fs); {
		i += t.pack(fs[i:])
		if t.used == len(t.msgs) {
			if err := t.flush(); err != nil {
				return err
			}
		}
	}
	return t.flush()
}

// pack puts the longest run at the head of fs into the next message.
func (t *transmitter) pack(fs []Frame) int {
	m := &t.msgs[t.used]
	size := HeaderSize + len(fs[0].Payload)
	n, at := 0, 0
	for n < len(fs) && n < maxSegments && at+size <= maxSuperSize &&
		fs[n].Peer == fs[0].Peer && len(fs[n].Payload) == len(fs[0].Payload) {
		at += fs[n].put(m.buf[at:])
		n++
		if !t.segment {
			break
		}
	}
	if !m.address(fs[0].Peer, t.six) {
		t.conn.tally.refused.Add(uint64(n))
		return n
	}
	m.load(m.buf[:at], size, n > 1)
	t.frames[t.used] = n
	t.used++
	return n
}

func (t *transmitter) flush() error {
	if t.used == 0 {
		return nil
	}
	t.done = 0
	err := t.conn.raw.Write(t.wait)
	t.used = 0
	if err != nil {
		return t.conn.wrap("send", err)
	}
	return nil
}

// push hands messages to the kernel until all are gone; false waits for room. What
// the kernel refuses is passed over, as the network would lose it.
func (t *transmitter) push(fd uintptr) bool {
	for t.done < t.used {
		n, errn := t.send(fd, t.done, t.used)
		for i := range n {
			t.conn.tally.sent.Add(uint64(t.frames[t.done+i]))
		}
		t.done += n
		switch {
		case errn == 0 || errn == unix.EINTR:
		case errn == unix.EAGAIN:
			return false
		case t.frames[t.done] > 1 && (errn == unix.EIO || errn == unix.EINVAL || errn == unix.EMSGSIZE):
			t.segment = false // the device cannot: from now on one datagram a record
			t.apart(fd, &t.msgs[t.done])
			t.done++
		default:
			t.conn.tally.refused.Add(uint64(t.frames[t.done]))
			t.done++
		}
	}
	return true
}

// apart sends the records of a refused segmented message one by one.
func (t *transmitter) apart(fd uintptr, m *message) {
	for range t.frames[t.done] {
		size := m.first()
		if _, errn := t.send(fd, t.done, t.done+1); errn == 0 {
			t.conn.tally.sent.Add(1)
		} else {
			t.conn.tally.refused.Add(1)
		}
		m.skip(size)
	}
}
