package main

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const virtual = "10.77.0.100"

// street is four machines on one switch, as network namespaces: two brains, the switch
// with the witness on it, and one for the workers and the phone.
type street struct {
	*town
	switchNS, phoneNS string
	ports             map[int]string // brain by the switch's port
}

func newStreet(t *testing.T) *street {
	if os.Getuid() != 0 {
		t.Skip("SKIPPED: network namespaces need root")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("SKIPPED: no ip program (Debian: iproute2)")
	}
	prefix := fmt.Sprintf("cw%d", os.Getpid())
	s := &street{town: emptyTown(t), switchNS: prefix + "s", phoneNS: prefix + "p", ports: map[int]string{}}
	s.ns = map[string]string{"b1": prefix + "1", "b2": prefix + "2", "w": s.switchNS, "sbc-1": s.phoneNS, "mixer-1": s.phoneNS, "phone": s.phoneNS}
	for _, ns := range []string{s.switchNS, prefix + "1", prefix + "2", s.phoneNS} {
		ip(t, "netns", "add", ns)
		t.Cleanup(func() { exec.Command("ip", "netns", "del", ns).Run() })
		ip(t, "-n", ns, "link", "set", "lo", "up")
	}
	ip(t, "-n", s.switchNS, "link", "add", "br0", "type", "bridge", "forward_delay", "0")
	ip(t, "-n", s.switchNS, "addr", "add", "10.77.0.3/24", "dev", "br0")
	ip(t, "-n", s.switchNS, "link", "set", "br0", "up")
	for ns, addr := range map[string]string{prefix + "1": "10.77.0.1/24", prefix + "2": "10.77.0.2/24", s.phoneNS: "10.77.0.9/24"} {
		ip(t, "-n", s.switchNS, "link", "add", "to-"+ns, "type", "veth", "peer", "name", "eth0", "netns", ns)
		ip(t, "-n", s.switchNS, "link", "set", "to-"+ns, "master", "br0", "up")
		ip(t, "-n", ns, "addr", "add", addr, "dev", "eth0")
		ip(t, "-n", ns, "link", "set", "eth0", "up")
	}
	inside(t, s.switchNS, func() {
		for brain, ns := range map[string]string{"b1": prefix + "1", "b2": prefix + "2"} {
			link, err := net.InterfaceByName("to-" + ns)
			if err != nil {
				t.Fatal(err)
			}
			s.ports[link.Index] = brain
		}
	})
	return s
}

// open starts all processes of the street.
func (s *street) open(t *testing.T) {
	s.members = "b1=10.77.0.1:7000,b2=10.77.0.2:7000,witness:w=10.77.0.3:7000"
	s.brains = "10.77.0.1:7100,10.77.0.2:7100"
	for name, addr := range map[string]string{"b1": "10.77.0.1", "b2": "10.77.0.2"} {
		s.http[name], s.sip[name] = "127.0.0.1:8080", virtual+":5060"
		s.start(t, name, "brain", s.dir+"/scripts", "--vip", virtual+"/24", "--vip-dev", "eth0", "--sip", s.sip[name],
			"--control", addr+":7100", "--allow", "10.77.0.0/24", "--missed-heartbeats", "500")
	}
	s.start(t, "w", "witness")
	s.start(t, "sbc-1", "sbc", "--media", "10.77.0.9", "--rtp-ports", "20000-20199")
	s.start(t, "mixer-1", "mixer", "--prompts", s.dir, "--recordings", s.dir)
}

func ip(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		t.Fatalf("ip %s: %v: %s", strings.Join(args, " "), err, out)
	}
}

// inside runs f in a network namespace; sockets that it opens stay there.
func inside(t *testing.T, ns string, f func()) {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	home, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	defer home.Close()
	there, err := os.Open("/var/run/netns/" + ns)
	if err != nil {
		t.Fatal(err)
	}
	defer there.Close()
	if err := unix.Setns(int(there.Fd()), unix.CLONE_NEWNET); err != nil {
		t.Fatal(err)
	}
	defer unix.Setns(int(home.Fd()), unix.CLONE_NEWNET)
	f()
}

// sniffer notes which brain has sent with the virtual address, in the switch's order.
type sniffer struct {
	fd int
	mu sync.Mutex
	by []string // brains, each change once
}

func (s *street) sniff(t *testing.T) *sniffer {
	n := &sniffer{}
	inside(t, s.switchNS, func() {
		var err error
		if n.fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0x0300); err != nil { // ETH_P_ALL in network order
			t.Fatal(err)
		}
	})
	done := make(chan struct{})
	go func() {
		defer close(done)
		frame := make([]byte, 2000)
		for {
			size, from, err := unix.Recvfrom(n.fd, frame, 0)
			if err == unix.EINTR {
				continue
			}
			if err != nil {
				return
			}
			port, is := from.(*unix.SockaddrLinklayer)
			if is && port.Pkttype != unix.PACKET_OUTGOING && s.ports[port.Ifindex] != "" && fromVirtual(frame[:size]) {
				n.note(s.ports[port.Ifindex])
			}
		}
	}()
	unix.SetsockoptTimeval(n.fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 600})
	t.Cleanup(func() { unix.Shutdown(n.fd, unix.SHUT_RDWR); unix.Close(n.fd) })
	return n
}

// fromVirtual: an IPv4 packet or an ARP message that has the address as its sender.
func fromVirtual(frame []byte) bool {
	if len(frame) < 34 {
		return false
	}
	at := map[uint16]int{0x0800: 26, 0x0806: 28}[binary.BigEndian.Uint16(frame[12:])]
	if at == 0 {
		return false
	}
	addr, _ := netip.AddrFromSlice(frame[at : at+4])
	return addr == netip.MustParseAddr(virtual)
}

func (n *sniffer) note(brain string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.by) == 0 || n.by[len(n.by)-1] != brain {
		n.by = append(n.by, brain)
	}
}

func (n *sniffer) owners() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Join(n.by, " ")
}

// outage asks the virtual address again and again until a brain answers with 200, and
// says how long that took.
func (s *street) outage(t *testing.T) time.Duration {
	t.Helper()
	var conn net.Conn
	inside(t, s.phoneNS, func() {
		var err error
		if conn, err = net.Dial("udp", virtual+":5060"); err != nil {
			t.Fatal(err)
		}
	})
	defer conn.Close()
	begun := time.Now()
	answer := make([]byte, 2000)
	for n := 0; time.Since(begun) < patience; n++ {
		fmt.Fprintf(conn, "OPTIONS sip:a@%s SIP/2.0\r\nVia: SIP/2.0/UDP 10.77.0.9;branch=z9hG4bK%d-%d;rport\r\nMax-Forwards: 70\r\n"+
			"From: <sip:b@10.77.0.9>;tag=1\r\nTo: <sip:a@%s>\r\nCall-ID: %d\r\nCSeq: %d OPTIONS\r\nContent-Length: 0\r\n\r\n",
			virtual, begun.UnixNano(), n, virtual, begun.UnixNano(), n+1)
		conn.SetReadDeadline(time.Now().Add(5 * time.Millisecond))
		size, err := conn.Read(answer)
		if err == nil && strings.HasPrefix(string(answer[:size]), "SIP/2.0 200") {
			return time.Since(begun)
		}
	}
	t.Fatal("nobody answers at the virtual address")
	return 0
}

func (s *street) phones(t *testing.T) {
	t.Helper()
	if o := runProgram(t, s.program("phone", "call", "sip:5000@"+virtual+":5060", "--expect", "440")); o.code != 0 {
		t.Errorf("a call: exit code %d\n%s%s", o.code, o.stdout, o.stderr)
	}
}

// TestVirtualIP moves the address by a freeze, a kill and an order: phones find the
// active brain where they always did, and never have two brains sent with it.
func TestVirtualIP(t *testing.T) {
	t.Parallel()
	s := newStreet(t)
	wire := s.sniff(t)
	s.open(t)
	first := s.active(t, "")
	second := other(first)
	s.phones(t)
	awaitView := func(brain string) {
		for _, ok := s.view(t, brain); !ok; _, ok = s.view(t, brain) {
			time.Sleep(50 * time.Millisecond)
		}
	}
	awaitView(second)

	frozen := childOf(t, s.roles[first].Process.Pid, "brain")
	syscall.Kill(frozen, syscall.SIGSTOP)
	time.Sleep(20 * time.Millisecond) // what it had sent is answered
	t.Logf("frozen: %v until the address answers again", s.outage(t))
	s.active(t, second)
	s.phones(t)
	syscall.Kill(frozen, syscall.SIGCONT)
	awaitView(first)
	if got, want := wire.owners(), first+" "+second; got != want {
		t.Errorf("the address was sent from by %s, want %s", got, want)
	}

	syscall.Kill(childOf(t, s.roles[second].Process.Pid, "brain"), syscall.SIGKILL)
	t.Logf("killed: %v until the address answers again", s.outage(t))
	s.active(t, first)
	s.phones(t)
	awaitView(second)

	if o := s.ask(t, first, "cluster", "transfer"); o.code != 0 {
		t.Errorf("%s%s", o.stdout, o.stderr)
	}
	t.Logf("handed over: %v until the address answers again", s.outage(t))
	s.active(t, second)
	s.phones(t)
	if got, want := wire.owners(), strings.Join([]string{first, second, first, second}, " "); got != want {
		t.Errorf("the address was sent from by %s, want %s", got, want)
	}
}
