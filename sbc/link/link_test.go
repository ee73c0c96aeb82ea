package link_test

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callwright/callwright/sbc/link"
	"github.com/callwright/callwright/sbc/link/memory"
	"github.com/callwright/callwright/sbc/link/socket"
)

var loopback = netip.MustParseAddr("127.0.0.1")

// phone is the far side of a link under test.
type phone interface {
	WriteTo([]byte, netip.AddrPort) (int, error)
	ReadFrom([]byte) (int, netip.AddrPort, error)
	Addr() netip.AddrPort
}

type udpPhone struct{ *net.UDPConn }

func (p udpPhone) WriteTo(b []byte, to netip.AddrPort) (int, error) {
	return p.WriteToUDPAddrPort(b, to)
}
func (p udpPhone) ReadFrom(b []byte) (int, netip.AddrPort, error) { return p.ReadFromUDPAddrPort(b) }
func (p udpPhone) Addr() netip.AddrPort                           { return p.LocalAddr().(*net.UDPAddr).AddrPort() }

const first, ports = 24000, 8

// each runs a test on every link there is.
func each(t *testing.T, test func(t *testing.T, l link.Link, p phone)) {
	t.Run("socket", func(t *testing.T) {
		l, at := openSocket(t)
		u, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(loopback, 0)))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { u.Close() })
		test(t, offset{l, at - first}, shifted{udpPhone{u}, at - first})
	})
	t.Run("memory", func(t *testing.T) {
		n := memory.NewNet()
		l, err := n.Link(loopback, first, ports)
		if err != nil {
			t.Fatal(err)
		}
		p, err := n.Phone(netip.AddrPortFrom(loopback, 0))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close(); p.Close() })
		test(t, l, p)
	})
}

// openSocket looks for free ports: other tests of the machine have some.
func openSocket(t *testing.T) (*socket.Link, uint16) {
	for at := uint16(first); at < first+4000; at += 2 * ports {
		l, err := socket.Open(socket.Config{Addr: loopback, FirstPort: at, Ports: ports})
		if err == nil {
			t.Cleanup(func() { l.Close() })
			return l, at
		}
	}
	t.Fatal("no free slice")
	return nil, 0
}

// offset and shifted make a slice found elsewhere look as if it began at first.
type offset struct {
	link.Link
	by uint16
}

func (o offset) Recv(ps []link.Packet, wait time.Duration) (int, error) {
	n, err := o.Link.Recv(ps, wait)
	for i := range n {
		ps[i].Port -= o.by
	}
	return n, err
}

func (o offset) Send(ps []link.Packet) (int, error) {
	for i := range ps {
		ps[i].Port += o.by
	}
	return o.Link.Send(ps)
}

type shifted struct {
	udpPhone
	by uint16
}

func (s shifted) WriteTo(b []byte, to netip.AddrPort) (int, error) {
	return s.udpPhone.WriteTo(b, netip.AddrPortFrom(to.Addr(), to.Port()+s.by))
}

func (s shifted) ReadFrom(b []byte) (int, netip.AddrPort, error) {
	n, from, err := s.udpPhone.ReadFrom(b)
	return n, netip.AddrPortFrom(from.Addr(), from.Port()-s.by), err
}

func TestDatagramsBothWays(t *testing.T) {
	each(t, func(t *testing.T, l link.Link, p phone) {
		sizes := []int{1, 172, 0, 1500, 1501, 4000, 12}
		for i, size := range sizes {
			p.WriteTo(bytes.Repeat([]byte{byte(i)}, size), netip.AddrPortFrom(loopback, first+uint16(i)))
		}
		ps := make([]link.Packet, 3)
		seen := map[uint16]int{}
		for len(seen) < len(sizes) {
			n, err := l.Recv(ps, -1)
			if err != nil {
				t.Fatal(err)
			}
			for _, q := range ps[:n] {
				if q.Remote != p.Addr() || (len(q.Data) > 0 && q.Data[0] != byte(q.Port-first)) {
					t.Errorf("from %v to %d: % x", q.Remote, q.Port, q.Data[:1])
				}
				seen[q.Port-first] = len(q.Data)
			}
		}
		for i, size := range sizes {
			if got := seen[uint16(i)]; got != min(size, link.MaxData+1) {
				t.Errorf("%d bytes came as %d", size, got)
			}
		}
		n, err := l.Send([]link.Packet{{[]byte("one"), first + 1, p.Addr()}, {[]byte("two"), first + 7, p.Addr()}})
		if n != 2 || err != nil {
			t.Fatalf("Send: %d, %v", n, err)
		}
		b := make([]byte, 100)
		for _, want := range []struct {
			text string
			port uint16
		}{{"one", first + 1}, {"two", first + 7}} {
			k, from, err := p.ReadFrom(b)
			if err != nil || string(b[:k]) != want.text || from != netip.AddrPortFrom(loopback, want.port) {
				t.Errorf("phone got %q from %v, %v", b[:k], from, err)
			}
		}
	})
}

func TestSendRefusals(t *testing.T) {
	each(t, func(t *testing.T, l link.Link, p phone) {
		if _, err := l.Send([]link.Packet{{[]byte("x"), first - 1, p.Addr()}}); !errors.Is(err, link.ErrPort) {
			t.Errorf("wrong port: %v", err)
		}
		l.Send([]link.Packet{{[]byte("lost"), first, netip.AddrPort{}}, {[]byte("kept"), first, p.Addr()}})
		b := make([]byte, 100)
		if n, _, _ := p.ReadFrom(b); string(b[:n]) != "kept" {
			t.Errorf("got %q", b[:n])
		}
	})
}

func TestWakeAndClose(t *testing.T) {
	each(t, func(t *testing.T, l link.Link, p phone) {
		ps := make([]link.Packet, 1)
		l.Wake()
		if n, err := l.Recv(ps, -1); n != 0 || err != nil { // blocks for ever if the wake was lost
			t.Errorf("woken: %d, %v", n, err)
		}
		start := time.Now()
		if n, err := l.Recv(ps, 10*time.Millisecond); n != 0 || err != nil || time.Since(start) < 10*time.Millisecond {
			t.Errorf("nothing came: %d, %v after %v", n, err, time.Since(start))
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
	})
}

func TestNoAllocationPerBatch(t *testing.T) {
	each(t, func(t *testing.T, l link.Link, p phone) {
		in, out := make([]link.Packet, 16), make([]link.Packet, 16)
		data := make([]byte, 172)
		var by uint16
		if o, is := l.(offset); is {
			by = o.by
		}
		round := func() { // the link talks to itself
			for i := range out {
				out[i] = link.Packet{Data: data, Port: first, Remote: netip.AddrPortFrom(loopback, first+by+uint16(i%ports))}
			}
			if _, err := l.Send(out); err != nil {
				t.Fatal(err)
			}
			for got := 0; got < len(out); {
				n, err := l.Recv(in, -1)
				if err != nil {
					t.Fatal(err)
				}
				got += n
			}
		}
		round()
		if n := testing.AllocsPerRun(20, round); n != 0 {
			t.Errorf("%v allocations for 16 packets each way", n)
		}
	})
}

// A busy socket link collects once a period: it does not wake for each packet.
func TestCollectingInPeriods(t *testing.T) {
	l, at := openSocket(t)
	ps := make([]link.Packet, 8)
	recv := func() {
		l.Send([]link.Packet{{[]byte("x"), at, netip.AddrPortFrom(loopback, at+1)}})
		if n, err := l.Recv(ps, -1); n != 1 || err != nil {
			t.Fatalf("%d, %v", n, err)
		}
	}
	recv() // wakes the idle link
	start := time.Now()
	for range 5 {
		recv()
	}
	if took := time.Since(start); took < 15*time.Millisecond {
		t.Errorf("5 packets were collected within %v: each woke the link", took)
	}
}

// A flood on one port holds up neither what comes to others nor, for long, what its
// owner sends behind it.
func TestFloodOfOnePort(t *testing.T) {
	l, at := openSocket(t)
	for range 100 {
		l.Send([]link.Packet{{[]byte("flood"), at, netip.AddrPortFrom(loopback, at+1)}})
	}
	l.Send([]link.Packet{{[]byte("owner"), at, netip.AddrPortFrom(loopback, at+1)}})
	l.Send([]link.Packet{{[]byte("other"), at, netip.AddrPortFrom(loopback, at+2)}})
	ps := make([]link.Packet, 256)
	polls := map[string]int{}
	for i := 1; polls["owner"] == 0; i++ {
		n, err := l.Recv(ps, time.Second)
		if n == 0 || err != nil {
			t.Fatalf("%d, %v after %v", n, err, polls)
		}
		for _, p := range ps[:n] {
			polls[string(p.Data)] = i
		}
	}
	if polls["other"] != 1 || polls["owner"] > 8 {
		t.Errorf("came with poll %v; 101 in one queue need 8, others none", polls)
	}
}

func TestSliceTaken(t *testing.T) {
	_, at := openSocket(t)
	if _, err := socket.Open(socket.Config{Addr: loopback, FirstPort: at + 6, Ports: 4}); err == nil {
		t.Error("two links on one port")
	}
	if _, err := socket.Open(socket.Config{Addr: loopback, FirstPort: 65000, Ports: 2000}); err == nil {
		t.Error("a slice beyond port 65535")
	}
}

func TestPhoneInBubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := memory.NewNet()
		p, _ := n.Phone(netip.AddrPortFrom(loopback, 4000))
		start := time.Now()
		p.SetReadDeadline(start.Add(time.Second))
		if _, _, err := p.ReadFrom(nil); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		l, _ := n.Link(loopback, 5000, 2)
		if got, err := l.Recv(make([]link.Packet, 1), time.Minute); got != 0 || err != nil || time.Since(start) != 61*time.Second {
			t.Errorf("%d, %v after %v", got, err, time.Since(start))
		}
		if _, err := n.Phone(p.Addr()); err == nil {
			t.Error("two phones at one address")
		}
		n.Lose(func(_, to netip.AddrPort, _ []byte) bool { return to.Port() == 5000 })
		p.WriteTo([]byte("lost"), netip.AddrPortFrom(loopback, 5000))
		p.WriteTo([]byte("kept"), netip.AddrPortFrom(loopback, 5001))
		ps := make([]link.Packet, 4)
		if k, _ := l.Recv(ps, -1); k != 1 || string(ps[0].Data) != "kept" {
			t.Errorf("%d packets, first %q", k, ps[0].Data)
		}
	})
}
