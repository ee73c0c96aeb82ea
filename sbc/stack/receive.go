package stack

import (
	"encoding/binary"
	"time"
)

// Meta is what a link knows of a frame beside its bytes.
type Meta struct {
	// Unfinished: the sender left the UDP checksum to hardware, and there was none: it
	// is on this machine.
	Unfinished bool
	VLAN       uint16 // of a tag that the kernel took off; 0: none
	// At is when the frame came; zero: now. What was said before an address became ours
	// is no claim against us.
	At time.Time
}

// Receive takes one frame from the wire. ok says that it brought a datagram to one of
// our ports.
func (s *Stack) Receive(frame []byte, m Meta, now time.Time) (d Datagram, ok bool) {
	e, ok := parseEther(frame)
	if !ok {
		s.tally.drop(dropEther)
		return d, false
	}
	if m.VLAN != 0 {
		e.vlan = m.VLAN
	}
	if e.vlan != 0 && e.vlan != s.cfg.VLAN || e.vlan == 0 && s.cfg.VLAN != 0 {
		s.tally.drop(dropVLAN)
		return d, false
	}
	var p packet
	bad := dropProtocol
	switch e.kind {
	case typeARP:
		s.receiveARP(&e, m.came(now), now)
		return d, false
	case typeIPv4:
		p, bad = parseIPv4(e.body)
	case typeIPv6:
		p, bad = parseIPv6(e.body)
	}
	if bad != none {
		s.tally.drop(bad)
		return d, false
	}
	return s.receiveIP(&e, &p, m, now)
}

func (m Meta) came(now time.Time) time.Time {
	if m.At.IsZero() {
		return now
	}
	return m.At
}

func (s *Stack) receiveIP(e *ether, p *packet, m Meta, now time.Time) (d Datagram, ok bool) {
	if p.proto == protoICMPv6 && !p.fragment && s.receiveNDP(e, p, m.came(now), now) {
		return d, false
	}
	own := s.address(p.to)
	switch {
	case own == nil:
		s.tally.drop(dropAddress)
		return d, false
	case e.to != own.MAC:
		s.tally.drop(dropMAC)
		return d, false
	case !unicast(p.from) || s.address(p.from) != nil:
		s.tally.drop(dropSource) // a reply would reach nobody, or ourselves
		return d, false
	}
	whole := !p.fragment
	if p.fragment {
		if p.proto != protoUDP {
			s.tally.drop(dropProtocol)
			return d, false
		}
		if p.body = s.pieces.add(p, now, &s.tally); p.body == nil {
			return d, false
		}
	}
	switch {
	case p.proto == protoUDP:
		return s.receiveUDP(e, own, p, m.Unfinished && whole, whole, now)
	case own.Kernel:
	case p.proto == protoICMP && p.from.Is4(), p.proto == protoICMPv6 && p.from.Is6():
		s.receiveICMP(e, own, p)
	default:
		s.tally.drop(dropProtocol)
	}
	return d, false
}

func (s *Stack) receiveUDP(e *ether, own *Address, p *packet, unfinished, whole bool, now time.Time) (d Datagram, ok bool) {
	d, bad := parseUDP(p, unfinished)
	if bad != none {
		s.tally.drop(bad)
		return d, false
	}
	if d.Local.Port()-s.cfg.FirstPort >= s.cfg.Ports {
		s.tally.drop(dropPort)
		if whole && !own.Kernel {
			s.unreachable(e, own, p, now)
		}
		return d, false
	}
	if d.Remote.Port() == 0 {
		s.tally.drop(dropSource)
		return d, false
	}
	d.Gathered = !whole
	return d, true
}

func (s *Stack) receiveARP(e *ether, came, now time.Time) {
	a, ok := parseARP(e.body)
	if !ok {
		s.tally.drop(dropARP)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.disputed(&a, e.from, came, s.clock(now)) {
		return
	}
	s.learn(&a, s.clock(now))
	if own := s.address(a.target); a.request && own != nil && !own.Kernel {
		s.out(putARP(s.scratch[:], s.cfg.VLAN, a.mac, arpReply, own.MAC, own.IP, a.mac, a.sender))
	}
}

// receiveNDP reports whether the message was one of neighbour discovery.
func (s *Stack) receiveNDP(e *ether, p *packet, came, now time.Time) bool {
	if len(p.body) < 4 || p.body[0] != ndpSolicit && p.body[0] != ndpAdvertise {
		return false
	}
	if transport(p.from, p.to, protoICMPv6, p.body) != 0 {
		s.tally.drop(dropNDP)
		return true
	}
	a, ok := parseNDP(p)
	if !ok {
		s.tally.drop(dropNDP)
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.disputed(&a, e.from, came, s.clock(now)) {
		return true
	}
	s.learn(&a, s.clock(now))
	if own := s.address(a.target); a.request && own != nil && !own.Kernel {
		s.advertise(own, e, &a)
	}
	return true
}

// advertise answers a solicitation; a probe's sender has no address, so all are told
// (RFC 4861 §7.2.4).
func (s *Stack) advertise(own *Address, e *ether, a *asking) {
	if a.sender.IsUnspecified() {
		s.announce(own)
		return
	}
	to := a.mac
	if to == (MAC{}) {
		to = e.from
	}
	s.out(putNDP(s.scratch[:], s.cfg.VLAN, to, own.MAC, own.IP, a.sender, ndpAdvertise, flagSolicited|flagOverride, own.IP))
}

const (
	echo4, echoReply4 = 8, 0
	echo6, echoReply6 = 128, 129

	unreachable4, unreachable6   = 3, 1
	portUnreachable4, noSuchPort = 3, 4
	icmpSize                     = 8
	quoted                       = 548 // bytes of the offending packet (RFC 1812 §4.3.2.3: up to 576)
)

// receiveICMP answers an echo request the way it came. Errors are counted with all
// else: a forged one must not end a stream.
func (s *Stack) receiveICMP(e *ether, own *Address, p *packet) {
	want, reply := byte(echo4), byte(echoReply4)
	whole := fold(sum(0, p.body)) == 0xffff
	if p.from.Is6() {
		want, reply = echo6, echoReply6
		whole = transport(p.from, p.to, protoICMPv6, p.body) == 0
	}
	if !whole || len(p.body) < icmpSize || p.body[0] != want || p.body[1] != 0 || e.from.group() {
		s.tally.drop(dropICMP)
		return
	}
	s.reply(e, own, p, reply, 0, p.body[4:8], p.body[icmpSize:])
}

// unreachable tells the sender of a datagram that nobody is at the port, at a bounded
// rate (RFC 1812 §4.3.2.8), and only one that spoke to us alone.
func (s *Stack) unreachable(e *ether, own *Address, p *packet, now time.Time) {
	if e.from.group() {
		return
	}
	if !s.errs.take(now) {
		s.tally.drop(dropRate)
		return
	}
	kind, code := byte(unreachable4), byte(portUnreachable4)
	if p.from.Is6() {
		kind, code = unreachable6, noSuchPort
	}
	var quote [ip6Size + quoted]byte
	n := 0
	if p.from.Is4() {
		n = putIPv4(quote[:], p.from, p.to, protoUDP, 0, len(p.body))
	} else {
		n = putIPv6(quote[:], p.from, p.to, protoUDP, 0, len(p.body), p.ttl)
	}
	n += copy(quote[n:], p.body[:min(len(p.body), quoted-ip6Size)])
	s.reply(e, own, p, kind, code, []byte{0, 0, 0, 0}, quote[:n])
}

// reply sends an ICMP message back the way a frame came.
func (s *Stack) reply(e *ether, own *Address, p *packet, kind, code byte, second, rest []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	size := icmpSize + len(rest)
	if size+ip6Size > s.cfg.MTU {
		s.tally.drop(dropTooLong)
		return
	}
	b := s.scratch[:]
	ethernet, proto := uint16(typeIPv4), uint8(protoICMP)
	if p.from.Is6() {
		ethernet, proto = typeIPv6, protoICMPv6
	}
	n := putEther(b, e.from, own.MAC, s.cfg.VLAN, ethernet)
	if p.from.Is4() {
		n += putIPv4(b[n:], own.IP, p.from, proto, 0, size)
	} else {
		n += putIPv6(b[n:], own.IP, p.from, proto, 0, size, hops)
	}
	m := b[n : n+size]
	m[0], m[1], m[2], m[3] = kind, code, 0, 0
	copy(m[4:], second)
	copy(m[icmpSize:], rest)
	c := ^fold(sum(0, m))
	if p.from.Is6() {
		c = transport(own.IP, p.from, proto, m)
	}
	binary.BigEndian.PutUint16(m[2:], c)
	s.out(n + size)
}

// bucket lets errorRate errors through in a second.
type bucket struct {
	second int64
	left   int
}

const errorRate = 100

func (b *bucket) take(now time.Time) bool {
	if sec := now.Unix(); sec != b.second {
		b.second, b.left = sec, errorRate
	}
	if b.left == 0 {
		return false
	}
	b.left--
	return true
}
