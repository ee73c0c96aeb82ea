package stack

import (
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// Address is one of ours, with the MAC it is reached by.
type Address struct {
	IP  netip.Addr
	MAC MAC
	// Kernel: the address is the kernel's, who answers ARP and all but our ports; the
	// MAC is the device's.
	Kernel bool
}

// Happening is what became of an address without a command.
type Happening uint8

const (
	// Conflict: another MAC claims the address. It is defended.
	Conflict Happening = iota
	// Ceded: another one claims the address with the same MAC. It is ours no more.
	Ceded
	// Taken: it was probed for and is another's. It never was ours.
	Taken
)

func (h Happening) String() string { return [...]string{"conflict", "ceded", "taken"}[h] }

const (
	probes       = 3                      // RFC 5227 §1.1
	probeGap     = 200 * time.Millisecond // the RFC's 1 to 2 s are for hosts that may wait
	secondSaying = 100 * time.Millisecond
	thirdSaying  = 900 * time.Millisecond
	defendGap    = 10 * time.Second
	// grace is how long frames of the last owner may still be on the wire. A next owner
	// announces again later than that.
	grace = 5 * time.Millisecond
	never = int64(1<<63 - 1)
)

// claim is an address on its way to be ours, or ours.
type claim struct {
	Address
	since    time.Time // it was claimed; of the wall clock too
	probing  int       // probes left to send before it is ours
	said     int       // announcements
	due      int64     // of the next probe or announcement
	defended int64     // last, if there was a conflict
	conflict bool
}

// Own makes an address ours and announces it at once. With probe it is not ours before
// three questions in 600 ms have shown that nobody else has it; Tick asks them.
func (s *Stack) Own(a Address, probe bool, now time.Time) error {
	if !unicast(a.IP) || a.IP.Is4In6() || a.MAC == (MAC{}) || a.MAC.group() {
		return fmt.Errorf("%w: %v at %v: not an address of one host", ErrAddress, a.IP, a.MAC)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.claimed(a.IP); c != nil && c.Address == a {
		return nil
	}
	if len(s.claims) >= maxAddresses && s.claimed(a.IP) == nil {
		return fmt.Errorf("%w: %v: %d are the most", ErrAddress, a.IP, maxAddresses)
	}
	s.disown(a.IP)
	c := &claim{Address: a, due: s.clock(now), since: now}
	if probe && !a.Kernel {
		c.probing = probes + 1
	}
	s.claims = append(s.claims, c)
	s.publish()
	s.attend(c, s.clock(now))
	return nil
}

// Disown ends an address with this call: no frame is made from it any more. Unknown:
// nothing happens.
func (s *Stack) Disown(ip netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.disown(ip)
}

func (s *Stack) disown(ip netip.Addr) {
	s.claims = slices.DeleteFunc(s.claims, func(c *claim) bool { return c.IP == ip })
	s.publish()
	s.neighbours.forgetWaiting(ip)
}

// publish shows Receive and Put the addresses that are ours by now.
func (s *Stack) publish() {
	var own []Address
	for _, c := range s.claims {
		if c.probing == 0 {
			own = append(own, c.Address)
		}
	}
	s.own.Store(&own)
}

func (s *Stack) claimed(ip netip.Addr) *claim {
	for _, c := range s.claims {
		if c.IP == ip {
			return c
		}
	}
	return nil
}

// Tick sends the probes and announcements that are due and says how long nothing will
// be; negative: for ever.
func (s *Stack) Tick(now time.Time) time.Duration {
	t := s.clock(now)
	if due := s.due.Load(); due > t {
		if due == never {
			return -1
		}
		return time.Duration(due - t)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	next := never
	for _, c := range s.claims {
		s.attend(c, t)
		next = min(next, c.due)
	}
	s.due.Store(next)
	if next == never {
		return -1
	}
	return time.Duration(next - t)
}

// attend says for one address what is due.
func (s *Stack) attend(c *claim, now int64) {
	if c.due > now {
		return
	}
	if c.probing > 0 {
		if c.probing--; c.probing > 0 {
			s.probe(c)
			c.due = now + int64(probeGap)
			s.due.Store(0)
			return
		}
		s.publish()
	}
	if c.Kernel {
		c.due = never
		return
	}
	s.announce(&c.Address)
	c.said++
	switch c.said {
	case 1:
		c.due = now + int64(secondSaying)
	case 2:
		c.due = now + int64(thirdSaying)
	default:
		c.due = never
	}
	s.due.Store(0)
}

func (s *Stack) probe(c *claim) {
	if c.IP.Is4() {
		s.out(putARP(s.scratch[:], s.cfg.VLAN, everyone(), arpRequest, c.MAC, netip.IPv4Unspecified(), MAC{}, c.IP))
		return
	}
	group := solicited(c.IP)
	s.out(putNDP(s.scratch[:], s.cfg.VLAN, groupMAC(group), c.MAC, netip.IPv6Unspecified(), group, ndpSolicit, 0, c.IP))
}

// announce uses both forms of ARP: some hosts hear only one of them.
func (s *Stack) announce(a *Address) {
	if a.IP.Is4() {
		s.out(putARP(s.scratch[:], s.cfg.VLAN, everyone(), arpRequest, a.MAC, a.IP, MAC{}, a.IP))
		s.out(putARP(s.scratch[:], s.cfg.VLAN, everyone(), arpReply, a.MAC, a.IP, a.MAC, a.IP))
		return
	}
	all := allNodes()
	s.out(putNDP(s.scratch[:], s.cfg.VLAN, groupMAC(all), a.MAC, a.IP, all, ndpAdvertise, flagOverride, a.IP))
}

// disputed looks whether someone else speaks as one of ours; if so the rest of what it
// says is not heard. The lock is held.
func (s *Stack) disputed(a *asking, from MAC, came time.Time, now int64) bool {
	ip := a.sender
	if ip.IsUnspecified() {
		if c := s.claimed(a.target); c != nil && c.probing > 0 && from != c.MAC {
			ip = a.target // another one probes for it (RFC 5227 §2.1.1, RFC 4862 §5.4.3)
		}
	}
	c := s.claimed(ip)
	if c == nil || c.Kernel {
		return false
	}
	mac := a.mac
	if mac == (MAC{}) {
		mac = from
	}
	switch {
	case c.probing > 0:
		s.disown(ip)
		s.tell(ip, Taken, mac)
	case came.Sub(c.since) < grace: // of the owner before us
	case mac == c.MAC:
		s.disown(ip)
		s.tell(ip, Ceded, mac)
	case !c.conflict || now-c.defended > int64(defendGap):
		c.conflict, c.defended = true, now
		s.announce(&c.Address)
		s.tell(ip, Conflict, mac)
	}
	return true
}

func (s *Stack) tell(ip netip.Addr, what Happening, by MAC) {
	if s.cfg.Happened != nil {
		s.cfg.Happened(ip, what, by)
	}
}
