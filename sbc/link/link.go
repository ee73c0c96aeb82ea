package link

import (
	"errors"
	"net/netip"
	"time"
)

// MaxData is the longest datagram that is delivered whole. A longer one is delivered
// with MaxData+1 bytes, so that the receiver can tell and count it.
const MaxData = 1500

var (
	// ErrFiles: the process may not open as many sockets as the slice has ports.
	ErrFiles = errors.New("link: too few file descriptors")
	// ErrPort: a packet names a local port outside of the slice.
	ErrPort = errors.New("link: port not in the slice")
)

// Packet is one UDP datagram.
type Packet struct {
	Data   []byte
	Port   uint16         // ours
	Remote netip.AddrPort // its source, or where it goes
}

// Link is one slice's way to the network. All of its ports are open from the start,
// so that early media never meets a closed one.
type Link interface {
	// Recv waits for datagrams, at most wait (negative: for ever), fills ps and
	// returns how many; 0 when nothing came or Wake was called. Data lies in the
	// link's memory until the next Recv. One goroutine receives. After Close it
	// returns an error that is net.ErrClosed.
	Recv(ps []Packet, wait time.Duration) (int, error)
	// Send sends ps in order and returns how many the network took; those it refused
	// are passed over and counted. Data is the caller's again when Send returns. Any
	// goroutine may send. The error is of a closed link or a wrong port.
	Send(ps []Packet) (int, error)
	// Wake ends a Recv under way, or the next one.
	Wake()
	Close() error
}

// Owner is a Link whose addresses are its own: they come and go by command, and no
// kernel knows of them. Any goroutine may call it.
type Owner interface {
	// Own makes an address ours and announces it. The zero MAC: the one that floats with
	// the address. With probe it becomes ours only once nobody else has answered.
	Own(ip netip.Addr, mac [6]byte, probe bool) error
	// Disown ends an address: when it returns, nothing leaves from it any more. Unknown:
	// nothing happens.
	Disown(ip netip.Addr)
}

// Counting is a Link that counts. Any goroutine may call it.
type Counting interface{ Counters() []Counter }

// Counter is what a link counted of one kind.
type Counter struct {
	Reason string
	Value  uint64
}
