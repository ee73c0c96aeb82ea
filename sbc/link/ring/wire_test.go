package ring

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/callwright/callwright/sbc/link"
	"github.com/callwright/callwright/sbc/stack"
)

// The tests make a network namespace each, which ends with the thread that is in it.
// Without root they are skipped aloud.

var (
	phone4 = netip.MustParseAddr("10.9.0.1")
	phone6 = netip.MustParseAddr("fd09::1")
	vip4   = netip.MustParseAddr("10.9.0.50")
	vip6   = netip.MustParseAddr("fd09::50")
)

const first, ports = 24000, 8

// namespace puts the test's goroutine into a network of its own.
func namespace(t *testing.T) {
	t.Helper()
	runtime.LockOSThread() // for ever: the thread ends with the goroutine
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Skipf("packet rings need root (network namespaces): %v", err)
	}
	lo, err := netlink.LinkByName("lo")
	must(t, err)
	must(t, netlink.LinkSetUp(lo))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// pair makes a wire: a is the phone's end, with its addresses, b has none.
func pair(t *testing.T, a, b string, attrs ...string) {
	t.Helper()
	la := netlink.NewLinkAttrs()
	la.Name = a
	must(t, netlink.LinkAdd(&netlink.Veth{LinkAttrs: la, PeerName: b}))
	for _, name := range []string{a, b} {
		up(t, name)
	}
	for _, p := range attrs {
		give(t, a, p)
	}
}

func up(t *testing.T, name string) {
	t.Helper()
	l, err := netlink.LinkByName(name)
	must(t, err)
	must(t, netlink.LinkSetUp(l))
}

func give(t *testing.T, name, prefix string) {
	t.Helper()
	l, err := netlink.LinkByName(name)
	must(t, err)
	addr, err := netlink.ParseAddr(prefix)
	must(t, err)
	addr.Flags = unix.IFA_F_NODAD
	must(t, netlink.AddrAdd(l, addr))
}

// open makes a ring link at a device's end of the wire.
func open(t *testing.T, device string, addr netip.Addr) *Link {
	t.Helper()
	l, err := Open(Config{Device: device, Addr: addr, FirstPort: first, Ports: ports, Routes: []stack.Route{
		{To: netip.MustParsePrefix("10.9.0.0/24")}, {To: netip.MustParsePrefix("fd09::/64")}}})
	must(t, err)
	t.Cleanup(func() { l.Close(); l.Recv(make([]link.Packet, 1), 0) })
	return l
}

func listen(t *testing.T, at netip.Addr) *net.UDPConn {
	t.Helper()
	u, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(at, 0)))
	must(t, err)
	t.Cleanup(func() { u.Close() })
	u.SetReadDeadline(time.Now().Add(20 * time.Second))
	return u
}

// receive gathers n packets, copied.
func receive(t *testing.T, l *Link, n int) []link.Packet {
	t.Helper()
	ps := make([]link.Packet, 3)
	var got []link.Packet
	for end := time.Now().Add(20 * time.Second); len(got) < n; {
		k, err := l.Recv(ps, time.Second)
		must(t, err)
		for _, p := range ps[:k] {
			p.Data = bytes.Clone(p.Data)
			got = append(got, p)
		}
		if time.Now().After(end) {
			t.Fatalf("%d packets of %d; %v", len(got), n, l.Counters())
		}
	}
	return got
}

// answer lets the stack of a link answer ARP while the test waits elsewhere.
func answer(t *testing.T, l *Link) (stop func()) {
	ended := make(chan struct{})
	quit := make(chan struct{})
	go func() {
		defer close(ended)
		ps := make([]link.Packet, 8)
		for {
			select {
			case <-quit:
				return
			default:
			}
			if _, err := l.Recv(ps, 10*time.Millisecond); err != nil {
				return
			}
		}
	}()
	return func() { close(quit); <-ended }
}

func TestDatagramsBothWays(t *testing.T) {
	for name, c := range map[string][2]netip.Addr{"IPv4": {vip4, phone4}, "IPv6": {vip6, phone6}} {
		t.Run(name, func(t *testing.T) {
			namespace(t)
			pair(t, "p0", "s0", phone4.String()+"/24", phone6.String()+"/64")
			l := open(t, "s0", c[0])
			must(t, l.Own(c[0], [6]byte{}, false))
			p := listen(t, c[1])
			sizes := []int{1, 172, 0, 1400, 1500, 1501, 4000, 12}
			for i, size := range sizes {
				_, err := p.WriteToUDPAddrPort(bytes.Repeat([]byte{byte(i)}, size), netip.AddrPortFrom(c[0], first+uint16(i)))
				must(t, err)
			}
			from := p.LocalAddr().(*net.UDPAddr).AddrPort()
			for _, q := range receive(t, l, len(sizes)) {
				i := int(q.Port - first)
				if want := min(sizes[i], link.MaxData+1); len(q.Data) != want || q.Remote != from || want > 0 && q.Data[want-1] != byte(i) {
					t.Errorf("%d bytes from %v to %d, want %d from %v", len(q.Data), q.Remote, q.Port, want, from)
				}
			}
			_, err := l.Send([]link.Packet{{Data: []byte("waits for the neighbour"), Port: first + 1, Remote: from}})
			must(t, err)
			stop := answer(t, l)
			hears(t, p, "waits for the neighbour", netip.AddrPortFrom(c[0], first+1))
			stop()
			n, err := l.Send([]link.Packet{{Data: []byte("one"), Port: first + 1, Remote: from}, {Data: []byte("two"), Port: first + 7, Remote: from}})
			if n != 2 || err != nil {
				t.Errorf("sent %d, %v; %v", n, err, l.Counters())
			}
			hears(t, p, "one", netip.AddrPortFrom(c[0], first+1))
			hears(t, p, "two", netip.AddrPortFrom(c[0], first+7))
		})
	}
}

func hears(t *testing.T, p *net.UDPConn, text string, from netip.AddrPort) {
	t.Helper()
	b := make([]byte, 100)
	n, at, err := p.ReadFromUDPAddrPort(b)
	if err != nil || at != from || string(b[:n]) != text {
		t.Errorf("phone got %q from %v, %v; want %q from %v", b[:n], at, err, text, from)
	}
}

func TestSendRefusals(t *testing.T) {
	namespace(t)
	pair(t, "p0", "s0", phone4.String()+"/24")
	l := open(t, "s0", vip4)
	to := netip.AddrPortFrom(phone4, 4000)
	if _, err := l.Send([]link.Packet{{Data: []byte("x"), Port: first - 1, Remote: to}}); !errors.Is(err, link.ErrPort) {
		t.Errorf("wrong port: %v", err)
	}
	for name, p := range map[string]link.Packet{
		"not owned": {Data: []byte("x"), Port: first, Remote: to}, "nowhere": {Data: []byte("x"), Port: first},
	} {
		if n, err := l.Send([]link.Packet{p}); n != 0 || err != nil {
			t.Errorf("%s: %d, %v", name, n, err)
		}
	}
	_, err := Open(Config{Addr: netip.MustParseAddr("127.0.0.1"), FirstPort: first, Ports: ports})
	if !errors.Is(err, ErrDevice) {
		t.Errorf("on loopback: %v", err)
	}
	if _, err = Open(Config{Addr: netip.MustParseAddr("192.0.2.1"), FirstPort: first, Ports: ports}); !errors.Is(err, ErrDevice) {
		t.Errorf("in no network: %v", err)
	}
	if _, err = Open(Config{Device: "nix", Addr: vip4, FirstPort: first, Ports: ports}); !errors.Is(err, ErrDevice) {
		t.Errorf("no such device: %v", err)
	}
	if _, err = Open(Config{Device: "s0", Addr: vip4, FirstPort: 65000, Ports: 2000}); err == nil {
		t.Error("beyond port 65535")
	}
}

func TestWakeAndClose(t *testing.T) {
	namespace(t)
	pair(t, "p0", "s0", phone4.String()+"/24")
	l := open(t, "s0", vip4)
	ps := make([]link.Packet, 1)
	l.Wake()
	if n, err := l.Recv(ps, -1); n != 0 || err != nil { // blocks for ever if the wake was lost
		t.Errorf("woken: %d, %v", n, err)
	}
	ended := make(chan error)
	go func() {
		var err error
		for err == nil {
			_, err = l.Recv(ps, -1)
		}
		ended <- err
	}()
	l.Close()
	if err := <-ended; !errors.Is(err, net.ErrClosed) {
		t.Errorf("Recv after Close: %v", err)
	}
	if _, err := l.Send(nil); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Send after Close: %v", err)
	}
	l.Wake()
	l.Counters()
}

func TestNoAllocationPerBatch(t *testing.T) {
	namespace(t)
	pair(t, "p0", "s0", phone4.String()+"/24")
	l := open(t, "s0", vip4)
	must(t, l.Own(vip4, [6]byte{}, false))
	p := listen(t, phone4)
	from := p.LocalAddr().(*net.UDPAddr).AddrPort()
	in, out := make([]link.Packet, 16), make([]link.Packet, 16)
	data := make([]byte, 172)
	for i := range out {
		out[i] = link.Packet{Data: data, Port: first, Remote: from}
	}
	to := netip.AddrPortFrom(vip4, first)
	end := time.Now().Add(30 * time.Second)
	round := func() {
		for range out {
			p.WriteToUDPAddrPort(data, to)
		}
		for got := 0; got < len(out); {
			n, err := l.Recv(in, 20*time.Second)
			if err != nil || time.Now().After(end) {
				t.Fatal(err, l.Counters())
			}
			got += n
		}
		if _, err := l.Send(out); err != nil {
			t.Fatal(err)
		}
	}
	round()
	round() // the neighbour is known
	if n := testing.AllocsPerRun(20, round); n != 0 {
		t.Errorf("%v allocations for 16 packets each way", n)
	}
}
