package trunk

import (
	"fmt"
	"net/netip"
)

// Run is records of one size on their way to one peer, one behind another as Header and
// its caller wrote them. Sent, they go from this memory to the kernel: nothing is copied
// on the way.
type Run struct {
	Peer    netip.AddrPort
	Size    int // bytes a record: HeaderSize and the payload
	Records []byte
}

func checkRuns(runs []Run) error {
	for i := range runs {
		r := &runs[i]
		if r.Size < HeaderSize || r.Size > HeaderSize+MaxPayload || len(r.Records)%r.Size != 0 {
			return fmt.Errorf("%w: a run of %d bytes in records of %d, at most %d each", ErrTooLong,
				len(r.Records), r.Size, HeaderSize+MaxPayload)
		}
	}
	return nil
}

// SendRuns implements Conn.
func (c *socketConn) SendRuns(runs []Run) error {
	if err := checkRuns(runs); err != nil {
		return err
	}
	t := &c.tx
	for i := range runs {
		for rest := runs[i].Records; len(rest) > 0; {
			rest = rest[t.lend(&runs[i], rest):]
			if t.used == len(t.msgs) {
				if err := t.flush(); err != nil {
					return err
				}
			}
		}
	}
	return t.flush()
}

// lend makes the head of a run's records the next message and says how long that is.
func (t *transmitter) lend(r *Run, records []byte) int {
	m, n := &t.msgs[t.used], 1
	if t.segment {
		n = min(len(records)/r.Size, maxSegments, maxSuperSize/r.Size)
	}
	if !m.address(r.Peer, t.six) {
		t.conn.tally.refused.Add(uint64(n))
		return n * r.Size
	}
	m.load(records[:n*r.Size], r.Size, n > 1)
	t.frames[t.used] = n
	t.used++
	return n * r.Size
}

// SendRuns implements Conn.
func (c *memoryConn) SendRuns(runs []Run) error {
	if err := c.open(); err != nil {
		return err
	}
	if err := checkRuns(runs); err != nil {
		return err
	}
	for i := range runs {
		r := &runs[i]
		to := c.net.at(r.Peer)
		for at := 0; at < len(r.Records); at += r.Size {
			if to == nil {
				c.tally.refused.Add(1)
				continue
			}
			c.tally.sent.Add(1)
			to.put(c.addr, func(b []byte) int { return copy(b, r.Records[at:at+r.Size]) })
		}
	}
	return nil
}
