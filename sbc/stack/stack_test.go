package stack

import (
	"bytes"
	"encoding/hex"
	"net/netip"
	"testing"
	"time"
)

var (
	macA  = MAC{2, 0, 0, 0, 0, 0xa}
	macB  = MAC{2, 0, 0, 0, 0, 0xb}
	ip4A  = netip.MustParseAddr("10.0.0.1")
	ip4B  = netip.MustParseAddr("10.0.0.2")
	ip6A  = netip.MustParseAddr("fd00::a")
	ip6B  = netip.MustParseAddr("fd00::b")
	every = []Route{{To: netip.MustParsePrefix("10.0.0.0/24")}, {To: netip.MustParsePrefix("fd00::/64")}}
)

// wire joins stacks: what one says all others hear, in order.
type wire struct {
	now    time.Time
	stacks []*Stack
	frames [][]byte // to be heard
	from   []*Stack
	seen   [][]byte
	got    []Datagram
	told   []string
}

func newWire() *wire { return &wire{now: time.Now()} }

func (w *wire) stack(cfg Config) *Stack {
	var s *Stack
	cfg.FirstPort, cfg.Ports = 20000, 100
	cfg.Out = func(frame []byte) { w.say(s, frame) }
	cfg.Happened = func(ip netip.Addr, what Happening, by MAC) {
		w.told = append(w.told, what.String()+" "+ip.String()+" "+by.String())
	}
	s = New(cfg)
	s.SetRoutes(every)
	w.stacks = append(w.stacks, s)
	return s
}

func (w *wire) say(by *Stack, frame []byte) {
	w.frames = append(w.frames, bytes.Clone(frame))
	w.from = append(w.from, by)
	w.seen = append(w.seen, bytes.Clone(frame))
}

// run lets everybody hear everything.
func (w *wire) run() {
	for len(w.frames) > 0 {
		f, by := w.frames[0], w.from[0]
		w.frames, w.from = w.frames[1:], w.from[1:]
		for _, s := range w.stacks {
			if s == by {
				continue
			}
			if d, ok := s.Receive(f, Meta{}, w.now); ok {
				d.Payload = bytes.Clone(d.Payload)
				w.got = append(w.got, d)
			}
		}
	}
}

// pass lets time go by.
func (w *wire) pass(d time.Duration) {
	for end := w.now.Add(d); w.now.Before(end); w.now = w.now.Add(10 * time.Millisecond) {
		for _, s := range w.stacks {
			s.Tick(w.now)
		}
		w.run()
	}
}

func (w *wire) send(s *Stack, from, to netip.AddrPort, text string) {
	var b [2000]byte
	if n := s.Put(b[:], from, to, []byte(text), w.now); n > 0 {
		w.say(s, b[:n])
	}
	w.run()
}

func own(t *testing.T, s *Stack, ip netip.Addr, mac MAC, now time.Time) {
	t.Helper()
	if err := s.Own(Address{IP: ip, MAC: mac}, false, now); err != nil {
		t.Fatal(err)
	}
}

func port(ip netip.Addr, p uint16) netip.AddrPort { return netip.AddrPortFrom(ip, p) }

func TestDatagramsBetweenStacks(t *testing.T) {
	for _, c := range []struct {
		name string
		a, b netip.Addr
		vlan uint16
	}{{"IPv4", ip4A, ip4B, 0}, {"IPv6", ip6A, ip6B, 0}, {"IPv4 in a VLAN", ip4A, ip4B, 42}, {"IPv6 in a VLAN", ip6A, ip6B, 42}} {
		t.Run(c.name, func(t *testing.T) {
			w := newWire()
			a, b := w.stack(Config{VLAN: c.vlan, TOS: Expedited}), w.stack(Config{VLAN: c.vlan})
			stranger := w.stack(Config{VLAN: 7})
			own(t, a, c.a, macA, w.now)
			own(t, b, c.b, macB, w.now)
			own(t, stranger, c.b, macB, w.now)
			w.run()
			// The first one waits for the neighbour, and is not lost.
			for _, text := range []string{"first", "second", "", "odd"} {
				w.send(a, port(c.a, 20002), port(c.b, 20004), text)
			}
			w.send(b, port(c.b, 20004), port(c.a, 20002), "back")
			var texts []string
			for _, d := range w.got {
				texts = append(texts, string(d.Payload))
			}
			if len(texts) != 5 || texts[0] != "first" || texts[3] != "odd" || texts[4] != "back" {
				t.Fatalf("got %q; drops %v and %v", texts, a.Counters(), b.Counters())
			}
			if d := w.got[0]; d.Remote != port(c.a, 20002) || d.Local != port(c.b, 20004) {
				t.Errorf("from %v to %v", d.Remote, d.Local)
			}
		})
	}
}

// The frames, written out by hand from the RFCs.
func TestFramesOnTheWire(t *testing.T) {
	w := newWire()
	s := w.stack(Config{TOS: Expedited})
	own(t, s, ip4A, macA, w.now)
	var b [200]byte
	s.Put(b[:], port(ip4A, 20000), port(ip4B, 4000), []byte{1, 2, 3}, w.now)
	reply := unhex(t, "02000000000a"+"02000000000b"+"0806"+"0001080006040002"+"02000000000b0a000002"+"02000000000a0a000001")
	s.Receive(reply, Meta{}, w.now)
	pad := "0000000000000000000000000000000000000000"[:36]
	want := []string{
		"ffffffffffff02000000000a0806" + "0001080006040001" + "02000000000a0a000001" + "0000000000000a000001" + pad,
		"ffffffffffff02000000000a0806" + "0001080006040002" + "02000000000a0a000001" + "02000000000a0a000001" + pad,
		"ffffffffffff02000000000a0806" + "0001080006040001" + "02000000000a0a000001" + "0000000000000a000002" + pad,
		"02000000000b02000000000a0800" + "45b8001f000040004011" + "2614" + "0a0000010a000002" + "4e200fa0000b" + "8a13" + "010203",
	}
	if len(w.seen) != len(want) {
		t.Fatalf("%d frames", len(w.seen))
	}
	for i, f := range w.seen {
		if got := hex.EncodeToString(f); got != want[i] {
			t.Errorf("frame %d\n%s, want\n%s", i, got, want[i])
		}
	}
}

func unhex(t testing.TB, text string) []byte {
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// plainSum is the sum as RFC 1071 says it.
func plainSum(b []byte) uint16 {
	var acc uint32
	for i := 0; i < len(b); i += 2 {
		word := uint32(b[i]) << 8
		if i+1 < len(b) {
			word |= uint32(b[i+1])
		}
		acc += word
		acc = acc>>16 + acc&0xffff
	}
	return uint16(acc)
}

func TestSumAgainstPlainTwin(t *testing.T) {
	b := make([]byte, 400)
	for i := range b {
		b[i] = byte(i*i*31 + 255 - i)
	}
	for _, fill := range []bool{false, true} {
		for n := range b {
			if fill {
				b[n] = 0xff
			}
			if got, want := fold(sum(0, b[:n])), plainSum(b[:n]); got != want {
				t.Fatalf("%d bytes: %04x, want %04x", n, got, want)
			}
			if got, want := fold(sum(sum(0, b[:n/4*2]), b[n/4*2:n])), plainSum(b[:n]); got != want {
				t.Fatalf("%d bytes in two pieces: %04x, want %04x", n, got, want)
			}
		}
	}
}

func TestNoAllocationPerPacket(t *testing.T) {
	for _, ips := range [][2]netip.Addr{{ip4A, ip4B}, {ip6A, ip6B}} {
		w := newWire()
		a, b := w.stack(Config{}), w.stack(Config{})
		own(t, a, ips[0], macA, w.now)
		own(t, b, ips[1], macB, w.now)
		w.run()
		w.send(a, port(ips[0], 20000), port(ips[1], 20000), "hello")
		var frame [2000]byte
		payload := make([]byte, 172)
		n := testing.AllocsPerRun(100, func() {
			size := a.Put(frame[:], port(ips[0], 20000), port(ips[1], 20002), payload, w.now)
			if _, ok := b.Receive(frame[:size], Meta{}, w.now); !ok {
				t.Fatal("not received")
			}
			a.Tick(w.now)
		})
		if n != 0 {
			t.Errorf("%v: %v allocations a packet", ips[0], n)
		}
	}
}

func BenchmarkPutReceive(b *testing.B) {
	w := newWire()
	s, r := w.stack(Config{}), w.stack(Config{})
	s.Own(Address{IP: ip4A, MAC: macA}, false, w.now)
	r.Own(Address{IP: ip4B, MAC: macB}, false, w.now)
	w.run()
	w.send(s, port(ip4A, 20000), port(ip4B, 20000), "hello")
	var frame [2000]byte
	payload := make([]byte, 172)
	b.ReportAllocs()
	for b.Loop() {
		n := s.Put(frame[:], port(ip4A, 20000), port(ip4B, 20002), payload, w.now)
		r.Receive(frame[:n], Meta{}, w.now)
	}
}
