package stack

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

// dropped says how often a reason occurred.
func dropped(s *Stack, reason string) uint64 {
	for _, c := range s.Counters() {
		if c.Reason == reason {
			return c.Value
		}
	}
	return 0
}

// datagram is a good frame from B to A for tests to spoil.
func datagram(t testing.TB, from, to netip.AddrPort, payload []byte) []byte {
	w := newWire()
	a, b := w.stack(Config{}), w.stack(Config{})
	a.Own(Address{IP: to.Addr(), MAC: macA}, false, w.now)
	b.Own(Address{IP: from.Addr(), MAC: macB}, false, w.now)
	w.run()
	w.send(b, from, port(to.Addr(), 20000), "first")
	frame := make([]byte, 2000)
	n := b.Put(frame, from, to, payload, w.now)
	if n == 0 {
		t.Fatal("no frame")
	}
	return frame[:n]
}

func TestWhatIsRefused(t *testing.T) {
	four := func(change func(b []byte)) []byte {
		f := datagram(t, port(ip4B, 5000), port(ip4A, 20000), []byte("payload"))
		change(f)
		binary.BigEndian.PutUint16(f[24:], 0)
		binary.BigEndian.PutUint16(f[24:], ^fold(sum(0, f[14:34])))
		return f
	}
	six := func(change func(b []byte)) []byte {
		f := datagram(t, port(ip6B, 5000), port(ip6A, 20000), []byte("payload"))
		change(f)
		return f
	}
	for _, c := range []struct {
		reason string
		frame  []byte
	}{
		{"ethernet", []byte{1, 2, 3}},
		{"ethernet", unhex(t, "02000000000a02000000000b8100000181000001810000010800")},
		{"vlan", unhex(t, "02000000000a02000000000b810000050800")},
		{"protocol", unhex(t, "02000000000a02000000000b88cc0000")},
		{"ip", four(func(b []byte) { b[14] = 0x44 })},
		{"ip", four(func(b []byte) { b[16] = 9 })},
		{"ip", six(func(b []byte) { b[18] = 9 })},
		{"ip", six(func(b []byte) { b[20] = extHopByHop; b[55] = 200 })},
		{"ip", six(func(b []byte) { b[20] = extRouting; b[57] = 1 })},
		{"ip_checksum", func() []byte { f := four(func([]byte) {}); f[24]++; return f }()},
		{"mac", four(func(b []byte) { b[5]++ })},
		{"mac", four(func(b []byte) { copy(b, "\xff\xff\xff\xff\xff\xff") })},
		{"address", four(func(b []byte) { b[33]++ })},
		{"source", four(func(b []byte) { b[26] = 224 })},
		{"source", four(func(b []byte) { copy(b[26:], b[30:34]) })}, // a land attack
		{"udp", four(func(b []byte) { b[38] = 0; b[39] = 7 })},
		{"udp", four(func(b []byte) { b[38] = 1 })},
		{"udp_checksum", four(func(b []byte) { b[45]++ })},
		{"udp_checksum", six(func(b []byte) { b[60], b[61] = 0, 0 })},
		{"port", datagram(t, port(ip4B, 5000), port(ip4A, 19999), nil)},
		{"port", datagram(t, port(ip4B, 5000), port(ip4A, 20100), nil)},
		{"protocol", four(func(b []byte) { b[23] = 6 })},
		{"arp", unhex(t, "ffffffffffff02000000000b0806"+"0001080006040003"+"02000000000b0a000002"+"0000000000000a000001")},
		{"arp", unhex(t, "ffffffffffff02000000000b0806"+"0001080006040001"+"03000000000b0a000002"+"0000000000000a000001")},
		{"arp", unhex(t, "ffffffffffff02000000000b0806"+"000108000604")},
	} {
		w := newWire()
		s := w.stack(Config{})
		own(t, s, ip4A, macA, w.now)
		own(t, s, ip6A, macA, w.now)
		if d, ok := s.Receive(c.frame, Meta{}, w.now); ok || dropped(s, c.reason) != 1 {
			t.Errorf("%s: delivered %q; %v\n%x", c.reason, d.Payload, s.Counters(), c.frame)
		}
	}
}

// The sum of a local sender's datagram is finished by nobody on a virtual wire; a
// sum of zero says that there is none. Options do not hide the payload.
func TestWhatIsTakenNevertheless(t *testing.T) {
	f := datagram(t, port(ip4B, 5000), port(ip4A, 20000), []byte("payload"))
	odd := bytes.Clone(f)
	odd[40]++
	zero := bytes.Clone(f)
	zero[40], zero[41] = 0, 0
	options := slices.Concat(f[:34], []byte{1, 1, 1, 0}, f[34:])
	options[14] = 0x46
	options[17] += 4
	options[24], options[25] = 0, 0
	binary.BigEndian.PutUint16(options[24:], ^fold(sum(0, options[14:38])))
	six := datagram(t, port(ip6B, 5000), port(ip6A, 20000), []byte("payload"))
	extended := slices.Concat(six[:54], []byte{extDestination, 0, 1, 4, 0, 0, 0, 0}, []byte{protoUDP, 0, 1, 4, 0, 0, 0, 0}, six[54:])
	extended[20], extended[19] = extHopByHop, extended[19]+16
	tagged := slices.Concat(f[:12], []byte{0x81, 0, 0xe0, 0}, f[12:]) // a priority, no VLAN
	for name, c := range map[string]struct {
		frame []byte
		meta  Meta
	}{
		"unfinished": {odd, Meta{Unfinished: true}}, "no sum": {zero, Meta{}}, "options": {options, Meta{}}, "priority": {tagged, Meta{}},
		"extension headers": {extended, Meta{}}, "padded": {append(bytes.Clone(f), 0, 0, 0), Meta{}},
	} {
		w := newWire()
		s := w.stack(Config{})
		own(t, s, ip4A, macA, w.now)
		own(t, s, ip6A, macA, w.now)
		if d, ok := s.Receive(c.frame, c.meta, w.now); !ok || string(d.Payload) != "payload" {
			t.Errorf("%s: %q, %v", name, d.Payload, s.Counters())
		}
	}
}

func TestEchoAndPortUnreachable(t *testing.T) {
	echo := datagram(t, port(ip4B, 5000), port(ip4A, 20000), []byte("0123456789"))
	echo[23] = protoICMP
	copy(echo[34:], []byte{echo4, 0, 0, 0, 1, 2, 3, 4})
	binary.BigEndian.PutUint16(echo[24:], 0)
	binary.BigEndian.PutUint16(echo[24:], ^fold(sum(0, echo[14:34])))
	binary.BigEndian.PutUint16(echo[36:], ^fold(sum(0, echo[34:])))
	w := newWire()
	s := w.stack(Config{})
	own(t, s, ip4A, macA, w.now)
	w.seen = nil
	s.Receive(echo, Meta{}, w.now)
	if len(w.seen) != 1 {
		t.Fatalf("no echo: %v", s.Counters())
	}
	e, _ := parseEther(w.seen[0])
	p, bad := parseIPv4(e.body)
	if bad != none || e.to != macB || p.from != ip4A || p.to != ip4B || p.body[0] != echoReply4 || fold(sum(0, p.body)) != 0xffff ||
		string(p.body[8:]) != "0123456789" || !bytes.Equal(p.body[4:8], []byte{1, 2, 3, 4}) {
		t.Errorf("echo reply %x", w.seen[0])
	}
	w.seen = nil
	for range 2 * errorRate {
		s.Receive(datagram4(t, 300), Meta{}, w.now)
	}
	if len(w.seen) != errorRate || dropped(s, "rate") != errorRate {
		t.Errorf("%d errors for %d datagrams", len(w.seen), 2*errorRate)
	}
	e, _ = parseEther(w.seen[0])
	if p, bad = parseIPv4(e.body); bad != none || p.body[0] != unreachable4 || p.body[1] != portUnreachable4 ||
		fold(sum(0, p.body)) != 0xffff || !bytes.Equal(p.body[8+ip4Size:][:4], []byte{0x13, 0x88, 0x4e, 0x1f}) {
		t.Errorf("unreachable %x", w.seen[0])
	}
}

func datagram4(t testing.TB, size int) []byte {
	return datagram(t, port(ip4B, 5000), port(ip4A, 19999), make([]byte, size))
}

// An address of the kernel's is not spoken for.
func TestSharedAddress(t *testing.T) {
	w := newWire()
	s, other := w.stack(Config{}), w.stack(Config{})
	if err := s.Own(Address{IP: ip4A, MAC: macA, Kernel: true}, false, w.now); err != nil {
		t.Fatal(err)
	}
	own(t, other, ip4B, macB, w.now)
	w.pass(2 * time.Second)
	w.seen = nil
	var b [200]byte
	other.Put(b[:], port(ip4B, 20000), port(ip4A, 20000), nil, w.now) // asks
	w.run()
	s.Receive(datagram4(t, 3), Meta{}, w.now)
	if len(w.seen) != 1 || len(w.told) != 0 {
		t.Errorf("%d frames, %v: the kernel answers", len(w.seen), w.told)
	}
	if _, ok := s.Receive(datagram(t, port(ip4B, 5000), port(ip4A, 20000), nil), Meta{}, w.now); !ok {
		t.Error("our port is not served")
	}
}

func TestAnnouncedThreeTimesAndProbed(t *testing.T) {
	for _, ip := range []netip.Addr{ip4A, ip6A} {
		w := newWire()
		s := w.stack(Config{})
		if err := s.Own(Address{IP: ip, MAC: macA}, true, w.now); err != nil {
			t.Fatal(err)
		}
		if s.Owns(ip) {
			t.Error("owned before it was probed for")
		}
		w.pass(590 * time.Millisecond)
		asked := len(w.seen)
		if asked != probes || s.Owns(ip) {
			t.Errorf("%v: %d probes", ip, asked)
		}
		w.pass(2 * time.Second)
		said := len(w.seen) - asked
		if ip.Is4() {
			said /= 2
		}
		if said != 3 || !s.Owns(ip) {
			t.Errorf("%v: announced %d times", ip, said)
		}
		if wait := s.Tick(w.now); wait >= 0 {
			t.Errorf("something is due in %v", wait)
		}
	}
}

func TestProbeFindsAnOwner(t *testing.T) {
	for _, ip := range []netip.Addr{ip4A, ip6A} {
		w := newWire()
		a, b := w.stack(Config{}), w.stack(Config{})
		own(t, a, ip, macA, w.now)
		w.pass(2 * time.Second)
		if err := b.Own(Address{IP: ip, MAC: macB}, true, w.now); err != nil {
			t.Fatal(err)
		}
		w.pass(2 * time.Second)
		if !a.Owns(ip) || b.Owns(ip) || len(w.told) != 1 || !strings.HasPrefix(w.told[0], "taken") {
			t.Errorf("%v: %v, %v; %v", ip, a.Owns(ip), b.Owns(ip), w.told)
		}
	}
}

// A floating address moves with its MAC: the one who hears the next owner is silent.
func TestCededToTheNextOwner(t *testing.T) {
	for _, ip := range []netip.Addr{ip4A, ip6A} {
		w := newWire()
		a, b := w.stack(Config{}), w.stack(Config{})
		own(t, a, ip, macA, w.now)
		w.pass(2 * time.Second)
		own(t, b, ip, macA, w.now)
		for _, f := range w.seen { // what a said before, still queued
			b.Receive(f, Meta{At: w.now.Add(-time.Second)}, w.now.Add(time.Second))
		}
		w.run()
		if a.Owns(ip) || !b.Owns(ip) || len(w.told) != 1 || !strings.HasPrefix(w.told[0], "ceded") {
			t.Errorf("%v: %v, %v; %v", ip, a.Owns(ip), b.Owns(ip), w.told)
		}
		var f [200]byte
		if a.Put(f[:], port(ip, 20000), port(ip4B, 20000), nil, w.now) != 0 || dropped(a, "not_ours") != 1 {
			t.Error("it still sends")
		}
	}
}

// A poisoner claims our address with a MAC of its own: we defend it, but not for ever
// and each time.
func TestDefendedAtABoundedRate(t *testing.T) {
	w := newWire()
	s := w.stack(Config{})
	own(t, s, ip4A, macA, w.now)
	w.pass(2 * time.Second)
	w.seen = nil
	poison := unhex(t, "ffffffffffff02000000000b0806"+"0001080006040002"+"02000000000b0a000001"+"02000000000b0a000001")
	for range 50 {
		s.Receive(poison, Meta{}, w.now)
		w.pass(300 * time.Millisecond)
	}
	if n := len(w.seen) / 2; n != 2 || !s.Owns(ip4A) {
		t.Errorf("defended %d times in 15 s", n)
	}
}

// Who was not asked about is not believed.
func TestUnaskedAnswers(t *testing.T) {
	w := newWire()
	s := w.stack(Config{})
	own(t, s, ip4A, macA, w.now)
	answer := unhex(t, "02000000000a02000000000b0806"+"0001080006040002"+"02000000000b0a000002"+"02000000000a0a000001")
	s.Receive(answer, Meta{}, w.now)
	var b [200]byte
	if n := s.Put(b[:], port(ip4A, 20000), port(ip4B, 20000), nil, w.now); n != 0 {
		t.Error("it was believed")
	}
	s.Receive(answer, Meta{}, w.now)
	if n := s.Put(b[:], port(ip4A, 20000), port(ip4B, 20000), nil, w.now); n == 0 {
		t.Error("it was not believed when it was asked")
	}
}

func TestNeighboursGrowOld(t *testing.T) {
	w := newWire()
	a, b := w.stack(Config{}), w.stack(Config{})
	own(t, a, ip4A, macA, w.now)
	own(t, b, ip4B, macB, w.now)
	w.pass(2 * time.Second)
	w.send(a, port(ip4A, 20000), port(ip4B, 20000), "x")
	w.seen = nil
	w.pass(staleAfter + time.Second)
	w.send(a, port(ip4A, 20000), port(ip4B, 20000), "y") // asks, and sends
	if len(w.got) != 2 || len(w.seen) != 3 {
		t.Errorf("%d datagrams, %d frames", len(w.got), len(w.seen))
	}
	b.Disown(ip4B)
	w.pass(staleAfter + time.Second)
	for range 10 {
		w.send(a, port(ip4A, 20000), port(ip4B, 20000), "z")
		w.pass(time.Second)
	}
	if n := dropped(a, "neighbour"); n != 7 {
		t.Errorf("%d were not sent to one who has gone, want 7", n)
	}
}

func TestNeighboursAreBounded(t *testing.T) {
	w := newWire()
	s := w.stack(Config{})
	s.SetRoutes([]Route{{To: netip.MustParsePrefix("0.0.0.0/0")}})
	own(t, s, ip4A, macA, w.now)
	var b [200]byte
	for i := range maxNeighbours + 50 {
		to := netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)})
		s.Put(b[:], port(ip4A, 20000), port(to, 20000), nil, w.now)
	}
	if n := len(*s.neighbours.table.Load()); n != maxNeighbours {
		t.Errorf("%d neighbours", n)
	}
}

func TestRoutes(t *testing.T) {
	w := newWire()
	a, gateway := w.stack(Config{}), w.stack(Config{})
	own(t, a, ip4A, macA, w.now)
	own(t, gateway, netip.MustParseAddr("10.0.0.254"), macB, w.now)
	far := port(netip.MustParseAddr("192.0.2.7"), 4000)
	var b [200]byte
	if n := a.Put(b[:], port(ip4A, 20000), far, nil, w.now); n != 0 || dropped(a, "no_route") != 1 {
		t.Errorf("sent without a route: %v", a.Counters())
	}
	a.SetRoutes(append(every, Route{To: netip.MustParsePrefix("0.0.0.0/0"), Via: netip.MustParseAddr("10.0.0.254")}))
	a.Put(b[:], port(ip4A, 20000), far, nil, w.now)
	w.run()
	if n := a.Put(b[:], port(ip4A, 20000), far, nil, w.now); n == 0 || MAC(b[:6]) != macB {
		t.Errorf("not to the gateway: % x", b[:6])
	}
	if n := a.Put(b[:], port(ip4A, 20000), port(ip4B, 1), make([]byte, 1473), w.now); n != 0 {
		t.Error("longer than the MTU")
	}
}

func TestWhatIsNoAddress(t *testing.T) {
	s := newWire().stack(Config{})
	for _, a := range []Address{{}, {IP: ip4A}, {MAC: macA}, {IP: netip.MustParseAddr("224.0.0.1"), MAC: macA},
		{IP: ip4A, MAC: everyone()}, {IP: netip.MustParseAddr("::ffff:10.0.0.1"), MAC: macA}} {
		if s.Own(a, false, time.Now()) == nil {
			t.Errorf("%+v", a)
		}
	}
	for i := range maxAddresses {
		own(t, s, netip.AddrFrom4([4]byte{10, 0, 1, byte(i)}), macA, time.Now())
	}
	if s.Own(Address{IP: ip4A, MAC: macA}, false, time.Now()) == nil {
		t.Error("one too many")
	}
	if FloatingMAC(ip4A) == FloatingMAC(ip4B) || FloatingMAC(ip4A)[0]&3 != 2 {
		t.Error("floating MACs")
	}
	if m, err := ParseMAC("02:00:00:00:00:0a"); err != nil || m != macA || m.String() != "02:00:00:00:00:0a" {
		t.Errorf("%v, %v", m, err)
	}
	if _, err := ParseMAC("x"); err == nil {
		t.Error("x is a MAC")
	}
}
