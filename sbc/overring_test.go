package sbc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/media/dsp"
	"github.com/callwright/callwright/media/g711"
	"github.com/callwright/callwright/media/rtp"
	"github.com/callwright/callwright/media/trunk"
	"github.com/callwright/callwright/sbc/link"
	"github.com/callwright/callwright/sbc/link/ring"
	"github.com/callwright/callwright/sbc/stack"
)

// wired gives the test a network of its own with one wire; the phone's end has
// 10.9.0.1. Without root it is skipped aloud.
func wired(t *testing.T) {
	t.Helper()
	runtime.LockOSThread() // for ever: the namespace ends with the thread, that with the goroutine
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Skipf("packet rings need root (network namespaces): %v", err)
	}
	la := netlink.NewLinkAttrs()
	la.Name = "p0"
	if err := netlink.LinkAdd(&netlink.Veth{LinkAttrs: la, PeerName: "s0"}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"p0", "s0"} {
		l, err := netlink.LinkByName(name)
		if err != nil {
			t.Fatal(err)
		}
		if addr, err := netlink.ParseAddr("10.9.0.1/24"); name == "p0" && (err != nil || netlink.AddrAdd(l, addr) != nil) {
			t.Fatal("no address")
		}
		if err := netlink.LinkSetUp(l); err != nil {
			t.Fatal(err)
		}
	}
}

// A phone hears itself by the echo of an SBC whose address exists in its ring alone.
func TestToneOverTheRing(t *testing.T) {
	wired(t)
	vip := netip.MustParseAddr("10.9.0.50")
	l, err := ring.Open(ring.Config{Addr: vip, Device: "s0", FirstPort: 24000, Ports: 4,
		Routes: []stack.Route{{To: netip.MustParsePrefix("10.9.0.0/24")}}})
	if err != nil {
		t.Fatal(err)
	}
	ours, err := trunk.NewMemory().Listen(netip.MustParseAddrPort("10.0.0.1:7000"))
	if err != nil {
		t.Fatal(err)
	}
	phone, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(vip, 24000)))
	if err != nil {
		t.Fatal(err)
	}
	defer phone.Close()
	s, err := New(Config{Name: "sbc-1", Link: l, Trunk: ours, Media: vip, FirstPort: 24000, Ports: 4, Reporter: nobody{}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	s.Connected(1)
	s.Obey(1, &control.Turn{Commands: []*control.Command{owned(vip.String(), "02:00:00:00:00:42", true)}})
	c := stream("a", 24000, phone.LocalAddr().(*net.UDPAddr).AddrPort(), netip.AddrPort{})
	c.GetStream().Trunk = nil
	s.Obey(1, &control.Turn{Commands: []*control.Command{c,
		{Id: 2, Body: &control.Command_Echo{Echo: &control.Echo{Op: "echo", Stream: "a"}}}}})
	if heard := speak(t, phone, 440); !dsp.Hears(heard, 8000, 440) || dsp.Hears(heard, 8000, 600) {
		t.Errorf("%d samples, not of 440 Hz; %v", len(heard), s.Counters())
	}
	s.Obey(1, &control.Turn{Commands: []*control.Command{owned(vip.String(), "", false)}})
	if n, err := l.Send([]link.Packet{{Data: []byte("x"), Port: 24000, Remote: netip.MustParseAddrPort("10.9.0.1:9")}}); n != 0 || err != nil {
		t.Errorf("sent %d from an address that was taken away, %v", n, err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func owned(ip, mac string, yes bool) *control.Command {
	return &control.Command{Id: 9, Body: &control.Command_Address{Address: &control.Address{Ip: ip, Mac: mac, Owned: yes}}}
}

// What cannot be owned is said, not done.
func TestAddressesThatCannotBe(t *testing.T) {
	owner := &owning{}
	for _, c := range []struct {
		link link.Link
		c    *control.Command
		want string
	}{
		{nil, owned("10.0.0.1", "", true), "--link ring"},
		{owner, owned("here", "", true), "address"},
		{owner, owned("10.0.0.1", "02:00", true), "MAC"},
		{owner, owned("10.0.0.1", "02:00:00:00:00:42", true), ""},
		{owner, owned("10.0.0.1", "", false), ""},
	} {
		s := &SBC{cfg: Config{Link: c.link}}
		if _, err := s.obey(c.c); c.want == "" && err != nil || c.want != "" && (!errors.Is(err, ErrCommand) || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%v: %v", c.c, err)
		}
	}
	if want := "own 10.0.0.1 020000000042, disown 10.0.0.1"; strings.Join(owner.told, ", ") != want {
		t.Errorf("%q, want %q", owner.told, want)
	}
}

type owning struct {
	link.Link
	told []string
}

func (o *owning) Own(ip netip.Addr, mac [6]byte, _ bool) error {
	o.told = append(o.told, fmt.Sprintf("own %v %x", ip, mac))
	return nil
}

func (o *owning) Disown(ip netip.Addr) { o.told = append(o.told, fmt.Sprintf("disown %v", ip)) }

// speak sends a tone of A-law as fast as it is answered, and returns a quarter of a
// second of what came back.
func speak(t *testing.T, phone *net.UDPConn, hz float64) (heard []int16) {
	t.Helper()
	sine, b := dsp.Sine(8000, 160*100, hz, 8000), make([]byte, 1500)
	end := time.Now().Add(20 * time.Second)
	for i := 0; len(heard) < 2000 && time.Now().Before(end); i++ {
		p := rtp.Packet{Type: 8, Seq: uint16(i), Timestamp: uint32(i) * 160, SSRC: 3, Payload: make([]byte, 160)}
		for k, x := range sine[i%100*160:][:160] {
			p.Payload[k] = g711.ALaw(x)
		}
		if _, err := phone.Write(b[:p.Put(b)]); err != nil {
			t.Fatal(err)
		}
		phone.SetReadDeadline(time.Now().Add(20 * time.Millisecond)) // its packet time
		for n, err := phone.Read(b); err == nil; n, err = phone.Read(b) {
			var q rtp.Packet
			if q.Parse(b[:n]) == nil && q.Type == 8 {
				for _, c := range q.Payload {
					heard = append(heard, g711.FromALaw(c))
				}
			}
		}
	}
	return heard
}

var _ link.Owner = (*ring.Link)(nil)
