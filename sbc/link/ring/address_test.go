package ring

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/callwright/callwright/sbc/link"
	"github.com/callwright/callwright/sbc/stack"
)

// An address of the kernel's is shared: our ports go to the ring, and the kernel works
// on none of it; its own ports stay its own.
func TestSharedWithTheKernel(t *testing.T) {
	for name, c := range map[string][2]netip.Addr{"IPv4": {vip4, phone4}, "IPv6": {vip6, phone6}} {
		t.Run(name, func(t *testing.T) {
			namespace(t)
			pair(t, "p0", "s0")
			p, stop := elsewhere(t, "p0", c[1])
			defer stop()
			bits := map[bool]string{true: "/24", false: "/64"}[c[0].Is4()]
			give(t, "s0", c[0].String()+bits)
			l, err := Open(Config{Addr: c[0], FirstPort: first, Ports: ports}) // finds device and routes
			must(t, err)
			t.Cleanup(func() { l.Close(); l.Recv(nil, 0) })
			kernels := listen(t, c[0])
			for range 3 {
				_, err := p.WriteToUDPAddrPort([]byte("media"), netip.AddrPortFrom(c[0], first+2))
				must(t, err)
			}
			_, err = p.WriteToUDPAddrPort([]byte("signalling"), kernels.LocalAddr().(*net.UDPAddr).AddrPort())
			must(t, err)
			got := receive(t, l, 3)
			if string(got[0].Data) != "media" || got[0].Port != first+2 {
				t.Errorf("%q at %d", got[0].Data, got[0].Port)
			}
			hears(t, kernels, "signalling", got[0].Remote)
			if n := noPorts(t, c[0].Is6()); n != 0 {
				t.Errorf("the kernel looked at %d datagrams of ours", n)
			}
			_, err = l.Send([]link.Packet{{Data: []byte("back"), Port: first + 2, Remote: got[0].Remote}})
			must(t, err)
			defer answer(t, l)()
			hears(t, p, "back", netip.AddrPortFrom(c[0], first+2))
		})
	}
}

// elsewhere moves a device into another namespace, and listens there.
func elsewhere(t *testing.T, device string, at netip.Addr) (u *net.UDPConn, stop func()) {
	t.Helper()
	home := filepath.Join("/proc/self/task", strconv.Itoa(unix.Gettid()), "ns/net")
	done, ready := make(chan struct{}), make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with its namespace
		ready <- func() error {
			here, err := os.Open(home)
			if err != nil {
				return err
			}
			defer here.Close()
			if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
				return err
			}
			tid := unix.Gettid()
			if err := move(device, here, tid); err != nil {
				return err
			}
			l, err := netlink.LinkByName(device)
			if err != nil {
				return err
			}
			addr, err := netlink.ParseAddr(at.String() + map[bool]string{true: "/24", false: "/64"}[at.Is4()])
			if err != nil {
				return err
			}
			addr.Flags = unix.IFA_F_NODAD
			if err := errors.Join(netlink.AddrAdd(l, addr), netlink.LinkSetUp(l)); err != nil {
				return err
			}
			u, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(at, 0)))
			return err
		}()
		<-done
	}()
	must(t, <-ready)
	u.SetReadDeadline(time.Now().Add(20 * time.Second))
	return u, func() { u.Close(); close(done) }
}

// move takes a device out of the namespace that home names into the thread's.
func move(device string, home *os.File, tid int) error {
	own, err := os.Open(filepath.Join("/proc/self/task", strconv.Itoa(tid), "ns/net"))
	if err != nil {
		return err
	}
	defer own.Close()
	if err := unix.Setns(int(home.Fd()), unix.CLONE_NEWNET); err != nil {
		return err
	}
	l, err := netlink.LinkByName(device)
	if err == nil {
		err = netlink.LinkSetNsFd(l, int(own.Fd()))
	}
	return errors.Join(err, unix.Setns(int(own.Fd()), unix.CLONE_NEWNET))
}

// noPorts is how many datagrams the kernel had no port for, in this namespace.
func noPorts(t *testing.T, six bool) int {
	t.Helper()
	if six {
		b, err := os.ReadFile("/proc/thread-self/net/snmp6")
		must(t, err)
		_, rest, _ := strings.Cut(string(b), "Udp6NoPorts")
		n, err := strconv.Atoi(strings.Fields(rest)[0])
		must(t, err)
		return n
	}
	b, err := os.ReadFile("/proc/thread-self/net/snmp")
	must(t, err)
	_, rest, _ := strings.Cut(string(b), "\nUdp: ")
	_, rest, _ = strings.Cut(rest, "\nUdp: ")
	n, err := strconv.Atoi(strings.Fields(rest)[1])
	must(t, err)
	return n
}

// bridge joins SBCs and a phone, which is the bridge's own end; the devices s0, s1 …
// of the SBCs are returned with the ports of the bridge they lead to.
func bridge(t *testing.T, n int) (devices, to []string) {
	t.Helper()
	la := netlink.NewLinkAttrs()
	la.Name = "p0"
	br := &netlink.Bridge{LinkAttrs: la}
	must(t, netlink.LinkAdd(br))
	for i := range n {
		s, b := fmt.Sprint("s", i), fmt.Sprint("b", i)
		pair(t, s, b)
		// The kernel is to say nothing there, neither for itself nor for the phone.
		must(t, os.WriteFile("/proc/sys/net/ipv6/conf/"+s+"/disable_ipv6", []byte("1"), 0o644))
		must(t, os.WriteFile("/proc/sys/net/ipv4/conf/"+s+"/arp_ignore", []byte("8"), 0o644))
		port, err := netlink.LinkByName(b)
		must(t, err)
		must(t, netlink.LinkSetMaster(port, br))
		devices, to = append(devices, s), append(to, b)
	}
	up(t, "p0")
	give(t, "p0", phone4.String()+"/24")
	return devices, to
}

// sniffer notes which SBC each frame came from that speaks as an address: its MAC or
// its IP. The frames of both come in the order they were on the wire.
type sniffer struct {
	fd   int
	ends map[int]string // index of a bridge's port
}

func sniff(t *testing.T, on []string) *sniffer {
	t.Helper()
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, int(unix.ETH_P_ALL<<8))
	must(t, err)
	t.Cleanup(func() { unix.Close(fd) })
	must(t, unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1))
	s := &sniffer{fd: fd, ends: map[int]string{}}
	for _, name := range on {
		l, err := netlink.LinkByName(name)
		must(t, err)
		s.ends[l.Attrs().Index] = name
	}
	return s
}

// speaks waits until a port of the bridge has brought a frame from a MAC.
func (s *sniffer) speaks(t *testing.T, port string, mac stack.MAC) {
	t.Helper()
	b := make([]byte, 2048)
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
		unix.Poll([]unix.PollFd{{Fd: int32(s.fd), Events: unix.POLLIN}}, 1000)
		n, from, err := unix.Recvfrom(s.fd, b, 0)
		if err == unix.EAGAIN {
			continue
		}
		must(t, err)
		if s.ends[from.(*unix.SockaddrLinklayer).Ifindex] == port && n >= 14 && stack.MAC(b[6:12]) == mac {
			return
		}
	}
	t.Fatalf("%s does not speak", port)
}

// sent is how many frames have left a device. The kernel itself says nothing there.
func sent(t *testing.T, device string) uint64 {
	t.Helper()
	l, err := netlink.LinkByName(device)
	must(t, err)
	return l.Attrs().Statistics.TxPackets
}

// An address moves between two SBCs ten times, by command, while both try to send from
// it all the time: on the wire each turn has one speaker, and the phone's packets
// follow at once.
func TestMovedWithOneOwnerOnTheWire(t *testing.T) {
	namespace(t)
	devices, to := bridge(t, 2)
	links := []*Link{open(t, devices[0], vip4), open(t, devices[1], vip4)}
	phone := listen(t, phone4)
	at := phone.LocalAddr().(*net.UDPAddr).AddrPort()
	wire := sniff(t, to)
	mac := stack.FloatingMAC(vip4)

	var wg sync.WaitGroup
	quit := make(chan struct{})
	heard := []chan link.Packet{make(chan link.Packet, 1000), make(chan link.Packet, 1000)}
	for i, l := range links {
		wg.Go(func() {
			ps := make([]link.Packet, 16)
			for {
				select {
				case <-quit:
					return
				default:
				}
				n, err := l.Recv(ps, time.Millisecond)
				if err != nil {
					t.Error(err)
					return
				}
				for range n {
					heard[i] <- link.Packet{}
				}
				l.Send([]link.Packet{{Data: []byte("media"), Port: first, Remote: at}})
			}
		})
	}
	var slowest time.Duration
	for turn := range 10 {
		lost, won := (turn+1)%2, turn%2
		began := time.Now()
		links[lost].Disown(vip4)
		silent := sent(t, devices[lost])
		must(t, links[won].Own(vip4, mac, false))
		slowest = max(slowest, time.Since(began))
		reaches(t, phone, heard[won])
		wire.speaks(t, to[won], mac)
		if n := sent(t, devices[lost]) - silent; n != 0 {
			t.Errorf("turn %d: two owners: %d frames came from the one that had lost", turn, n)
		}
	}
	close(quit)
	wg.Wait()
	t.Logf("moved within %v", slowest)
}

// reaches sends from the phone until the owner has heard it.
func reaches(t *testing.T, phone *net.UDPConn, heard chan link.Packet) {
	t.Helper()
	for len(heard) > 0 {
		<-heard
	}
	for range 1000 {
		_, err := phone.WriteToUDPAddrPort([]byte("media"), netip.AddrPortFrom(vip4, first))
		must(t, err)
		select {
		case <-heard:
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
	t.Fatal("the owner hears nothing")
}

// An owner that was not told, because it was frozen, is silent once it hears the next.
func TestSilentOnceTheNextIsHeard(t *testing.T) {
	namespace(t)
	devices, _ := bridge(t, 2)
	var told []string
	frozen, err := Open(Config{Device: devices[0], Addr: vip4, FirstPort: first, Ports: ports,
		Routes: []stack.Route{{To: netip.MustParsePrefix("10.9.0.0/24")}},
		Happened: func(ip netip.Addr, what stack.Happening, _ stack.MAC) {
			told = append(told, what.String()+" "+ip.String())
		}})
	must(t, err)
	t.Cleanup(func() { frozen.Close(); frozen.Recv(nil, 0) })
	must(t, frozen.Own(vip4, [6]byte{}, false))
	time.Sleep(10 * time.Millisecond) // what follows at once could be of an owner before
	next := open(t, devices[1], vip4)
	must(t, next.Own(vip4, [6]byte{}, false))
	for end := time.Now().Add(20 * time.Second); len(told) == 0 && time.Now().Before(end); {
		_, err := frozen.Recv(make([]link.Packet, 8), 10*time.Millisecond) // thawed, it looks before it sends
		must(t, err)
	}
	n, err := frozen.Send([]link.Packet{{Data: []byte("media"), Port: first, Remote: netip.AddrPortFrom(phone4, 4000)}})
	refused := slices.Contains(frozen.Counters(), link.Counter{Reason: "not_ours", Value: 1})
	if n != 0 || err != nil || len(told) != 1 || told[0] != "ceded 10.9.0.50" || !refused {
		t.Errorf("sent %d, %v; told %v; %v", n, err, told, frozen.Counters())
	}
}

func TestDeviceDownUpAndGone(t *testing.T) {
	namespace(t)
	pair(t, "p0", "s0", phone4.String()+"/24")
	l := open(t, "s0", vip4)
	must(t, l.Own(vip4, [6]byte{}, false))
	phone := listen(t, phone4)
	device, err := netlink.LinkByName("s0")
	must(t, err)
	phone.WriteToUDPAddrPort([]byte("x"), netip.AddrPortFrom(vip4, first))
	to := receive(t, l, 1)[0].Remote
	stop := answer(t, l)
	l.Send([]link.Packet{{Data: []byte("x"), Port: first, Remote: to}})
	hears(t, phone, "x", netip.AddrPortFrom(vip4, first))
	stop()
	must(t, netlink.LinkSetDown(device))
	if n, err := l.Send([]link.Packet{{Data: []byte("old"), Port: first, Remote: to}}); n != 0 || err != nil {
		t.Errorf("sent %d by a device that is down, %v", n, err)
	}
	if _, err := l.Recv(make([]link.Packet, 1), 10*time.Millisecond); err != nil {
		t.Errorf("down: %v", err)
	}
	must(t, netlink.LinkSetUp(device))
	b := make([]byte, 100)
	for tries := 0; ; tries++ { // the wire takes its time to have a carrier
		_, err := l.Send([]link.Packet{{Data: []byte("new"), Port: first, Remote: to}})
		must(t, err)
		phone.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
		if n, err := phone.Read(b); err == nil {
			if string(b[:n]) != "new" {
				t.Errorf("a device that came up began with %q", b[:n])
			}
			break
		}
		if tries == txFrames/2 { // when the ring has come round, it finds its way again
			t.Fatalf("nothing comes by a device that is up again: %v", l.Counters())
		}
	}
	must(t, netlink.LinkDel(device))
	for end := time.Now().Add(20 * time.Second); ; {
		_, err := l.Recv(make([]link.Packet, 1), 10*time.Millisecond)
		if errors.Is(err, ErrGone) {
			break
		}
		if err != nil || time.Now().After(end) {
			t.Fatalf("gone: %v", err)
		}
	}
}
