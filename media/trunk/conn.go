package trunk

import (
	"errors"
	"net/netip"
	"sync/atomic"
)

// ErrTooLong is a frame whose payload is longer than MaxPayload.
var ErrTooLong = errors.New("trunk: payload too long")

// Conn is one end of trunks: it talks to any number of peers.
type Conn interface {
	// Recv blocks until there is at least one frame, fills fs with what has come and
	// returns how many. The payloads lie in the Conn's memory until the next Recv.
	// Malformed records are counted and passed over. After Close it returns an error
	// that is net.ErrClosed.
	Recv(fs []Frame) (int, error)
	// Poll is Recv without the wait: it returns 0 when nothing is there.
	Poll(fs []Frame) (int, error)
	// Send sends all frames in order and keeps none of their memory. Neighbours with
	// the same peer and payload size share a system call, so keep them together.
	// What the network refuses is counted and dropped, as UDP would; an error means
	// that the Conn is closed or a frame is too long (nothing is sent then).
	Send(fs []Frame) error
	// SendRuns sends records that lie ready for the wire, as Send does. The memory is the
	// caller's again when it returns.
	SendRuns(runs []Run) error
	LocalAddr() netip.AddrPort
	Counters() Counters
	Close() error
}

// Counters count records since the Conn was opened.
type Counters struct {
	Received  uint64
	Sent      uint64
	Malformed uint64 // received, not a record
	Refused   uint64 // not sent: the network said no
	Overflow  uint64 // received, but the queue before Recv was full
}

// tally is the live form of Counters: written by the two users, read by any.
type tally struct {
	received, sent, malformed, refused, overflow atomic.Uint64
}

func (t *tally) counters() Counters {
	return Counters{
		Received:  t.received.Load(),
		Sent:      t.sent.Load(),
		Malformed: t.malformed.Load(),
		Refused:   t.refused.Load(),
		Overflow:  t.overflow.Load(),
	}
}
