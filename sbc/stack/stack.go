package stack

import (
	"errors"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// ErrAddress: what cannot be an address of ours.
var ErrAddress = errors.New("stack: address")

const (
	maxAddresses = 64
	// Overhead is the most that a frame holds beside a datagram's payload.
	Overhead = etherSize + vlanSize + ip6Size + udpSize
	// defaultMTU of Ethernet, in bytes of IP packet.
	defaultMTU = 1500
	// Expedited is the TOS byte of voice: DSCP EF (RFC 3246).
	Expedited = 46 << 2
)

// Config is what a Stack needs.
type Config struct {
	VLAN      uint16 // 0: untagged
	MTU       int    // 0: 1500
	FirstPort uint16 // UDP ports that Receive delivers
	Ports     uint16
	TOS       uint8 // of what we send
	// Out sends a frame, which is the stack's again when it returns. It is called under
	// the stack's lock, by any goroutine that is in the stack.
	Out func(frame []byte)
	// Happened tells what became of an address; nil: nobody is told. Under the lock, too.
	Happened func(ip netip.Addr, what Happening, by MAC)
}

// Datagram is one UDP datagram to a port of ours.
type Datagram struct {
	Local, Remote netip.AddrPort
	Payload       []byte // in the frame, unless Gathered
	Gathered      bool   // of fragments: Payload is the stack's until the next Receive
}

// Stack is one wire's worth of addresses.
type Stack struct {
	cfg        Config
	start      time.Time
	own        atomic.Pointer[[]Address]
	routes     atomic.Pointer[[]Route]
	neighbours neighbours
	due        atomic.Int64 // of the next Tick
	tally      tally

	// Of Receive.
	pieces *reassembly
	errs   bucket

	mu      sync.Mutex // guards what follows, and Out
	claims  []*claim
	scratch [defaultMTU + Overhead]byte
}

// New makes a stack without addresses and routes.
func New(cfg Config) *Stack {
	if cfg.MTU <= 0 || cfg.MTU > defaultMTU {
		cfg.MTU = defaultMTU // longer frames carry no voice
	}
	s := &Stack{cfg: cfg, start: time.Now(), pieces: newReassembly()}
	s.own.Store(&[]Address{})
	s.routes.Store(&[]Route{})
	s.due.Store(never)
	return s
}

func (s *Stack) clock(now time.Time) int64 { return int64(now.Sub(s.start)) }

// out sends n bytes of the scratch.
func (s *Stack) out(n int) { s.cfg.Out(s.scratch[:n]) }

// address finds one of ours, by its IP.
func (s *Stack) address(ip netip.Addr) *Address {
	own := *s.own.Load()
	for i := range own {
		if own[i].IP == ip {
			return &own[i]
		}
	}
	return nil
}

// Owns says whether frames may leave from an address.
func (s *Stack) Owns(ip netip.Addr) bool { return s.address(ip) != nil }

// Put writes the frame that brings payload to a remote into b, which has room for
// Overhead more than the payload. It returns 0 when nothing can be sent now: then the
// reason was counted, and the frame is kept if it only waits for its neighbour's MAC.
func (s *Stack) Put(b []byte, from, to netip.AddrPort, payload []byte, now time.Time) int {
	own := s.address(from.Addr())
	if own == nil {
		s.tally.drop(dropNotOurs)
		return 0
	}
	if !unicast(to.Addr()) || to.Port() == 0 || to.Addr().Is4() != own.IP.Is4() {
		s.tally.drop(dropAddress)
		return 0
	}
	h, mac, bad := s.hop(own, to.Addr(), s.clock(now))
	if h == nil {
		s.tally.drop(bad)
		return 0
	}
	size, ip := udpSize+len(payload), ip6Size
	kind := uint16(typeIPv6)
	if own.IP.Is4() {
		ip, kind = ip4Size, typeIPv4
	}
	if size+ip > s.cfg.MTU || len(b) < Overhead+len(payload) {
		s.tally.drop(dropTooLong)
		return 0
	}
	n := putEther(b, mac, own.MAC, s.cfg.VLAN, kind)
	if kind == typeIPv4 {
		n += putIPv4(b[n:], own.IP, to.Addr(), protoUDP, s.cfg.TOS, size)
	} else {
		n += putIPv6(b[n:], own.IP, to.Addr(), protoUDP, s.cfg.TOS, size, hops)
	}
	n += putUDP(b[n:], from, to, payload)
	if bad != none {
		s.tally.drop(bad)
		s.keep(h, own.IP, b[:n])
		return 0
	}
	return n
}
