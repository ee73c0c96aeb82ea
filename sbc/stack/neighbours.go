package stack

import (
	"encoding/binary"
	"maps"
	"net/netip"
	"sync/atomic"
	"time"
)

const (
	maxNeighbours = 1024
	maxPatience   = 4                // questions before a neighbour counts as gone
	askEvery      = time.Second      // a neighbour that does not answer
	staleAfter    = 30 * time.Second // it is asked again while it is used
	goneAfter     = staleAfter + maxPatience*askEvery
)

// neighbour is one host on the wire. Senders read it without a lock.
type neighbour struct {
	ip        netip.Addr
	mac       atomic.Uint64 // 0: not known
	confirmed atomic.Int64  // nanoseconds of the stack's clock
	asked     atomic.Int64

	// Of the lock: the last frame sent meanwhile (RFC 1122 §2.3.2.2), and from where.
	waiting []byte
	from    netip.Addr
}

// neighbours are published whole: they change seldom.
type neighbours struct {
	table atomic.Pointer[map[netip.Addr]*neighbour]
}

func (n *neighbours) find(ip netip.Addr) *neighbour {
	if t := n.table.Load(); t != nil {
		return (*t)[ip]
	}
	return nil
}

// add makes room by forgetting who has not been heard of for longest. The stack's lock
// is held.
func (n *neighbours) add(ip netip.Addr, now int64) (added *neighbour, full bool) {
	next := map[netip.Addr]*neighbour{}
	if t := n.table.Load(); t != nil {
		maps.Copy(next, *t)
	}
	if len(next) >= maxNeighbours {
		var oldest *neighbour
		for _, h := range next {
			if oldest == nil || h.confirmed.Load() < oldest.confirmed.Load() {
				oldest = h
			}
		}
		if age := now - oldest.confirmed.Load(); oldest.mac.Load() != 0 && age < int64(staleAfter) {
			return nil, true // all of them are in use
		}
		delete(next, oldest.ip)
	}
	h := &neighbour{ip: ip}
	h.confirmed.Store(now)
	h.asked.Store(now - int64(askEvery))
	next[ip] = h
	n.table.Store(&next)
	return h, false
}

// forgetWaiting drops what would leave from an address that is ours no more.
func (n *neighbours) forgetWaiting(from netip.Addr) {
	t := n.table.Load()
	if t == nil {
		return
	}
	for _, h := range *t {
		if h.from == from {
			h.waiting = nil
		}
	}
}

func (m MAC) number() uint64 {
	return 1<<63 | uint64(binary.BigEndian.Uint16(m[:]))<<32 | uint64(binary.BigEndian.Uint32(m[2:]))
}

func macOf(n uint64) (m MAC) {
	binary.BigEndian.PutUint16(m[:], uint16(n>>32))
	binary.BigEndian.PutUint32(m[2:], uint32(n))
	return m
}

// hop finds the MAC that leads to an address and asks for it when it is not known or
// growing old. ok is false while nobody has answered.
func (s *Stack) hop(from *Address, to netip.Addr, now int64) (h *neighbour, mac MAC, bad reason) {
	via, ok := s.route(to)
	if !ok {
		return nil, mac, dropNoRoute
	}
	h = s.neighbours.find(via)
	if h == nil {
		s.mu.Lock()
		if h = s.neighbours.find(via); h == nil {
			var full bool
			if h, full = s.neighbours.add(via, now); full {
				s.mu.Unlock()
				return nil, mac, dropNeighboursFull
			}
		}
		s.mu.Unlock()
	}
	number, age := h.mac.Load(), now-h.confirmed.Load()
	if number == 0 || age > int64(staleAfter) {
		s.ask(h, from, now)
	}
	if number == 0 || age > int64(goneAfter) {
		return h, mac, dropNeighbour
	}
	return h, macOf(number), none
}

// ask sends one question a second.
func (s *Stack) ask(h *neighbour, from *Address, now int64) {
	last := h.asked.Load()
	if now-last < int64(askEvery) || !h.asked.CompareAndSwap(last, now) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.address(from.IP) == nil {
		return // no longer ours
	}
	if h.ip.Is4() {
		s.out(putARP(s.scratch[:], s.cfg.VLAN, everyone(), arpRequest, from.MAC, from.IP, MAC{}, h.ip))
		return
	}
	group := solicited(h.ip)
	s.out(putNDP(s.scratch[:], s.cfg.VLAN, groupMAC(group), from.MAC, from.IP, group, ndpSolicit, 0, h.ip))
}

// keep holds back a frame until its neighbour answers. Only the last one is kept.
func (s *Stack) keep(h *neighbour, from netip.Addr, frame []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.address(from) != nil {
		h.waiting, h.from = append(h.waiting[:0], frame...), from
	}
}

// learn believes what a neighbour says of itself, if it was asked about. The lock is
// held.
func (s *Stack) learn(a *asking, now int64) {
	h := s.neighbours.find(a.sender)
	if h == nil || a.mac == (MAC{}) {
		return
	}
	number, known := a.mac.number(), h.mac.Load()
	if known != 0 && known != number && !a.override {
		return
	}
	h.mac.Store(number)
	h.confirmed.Store(now)
	if len(h.waiting) > 0 {
		copy(h.waiting, a.mac[:])
		s.cfg.Out(h.waiting)
		h.waiting = nil
	}
}

// Route says over whom a prefix is reached.
type Route struct {
	To  netip.Prefix
	Via netip.Addr // invalid: on the wire
}

// SetRoutes replaces all routes. The longest prefix that fits counts.
func (s *Stack) SetRoutes(routes []Route) {
	own := append([]Route(nil), routes...)
	s.routes.Store(&own)
}

// route gives the neighbour that leads to an address.
func (s *Stack) route(to netip.Addr) (via netip.Addr, ok bool) {
	best := -1
	for _, r := range *s.routes.Load() {
		if r.To.Bits() > best && r.To.Contains(to) {
			best, via = r.To.Bits(), r.Via
		}
	}
	if best >= 0 && !via.IsValid() {
		via = to
	}
	return via, best >= 0
}
