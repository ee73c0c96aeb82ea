package ring

import (
	"net/netip"
	"testing"

	"github.com/cilium/ebpf"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"github.com/callwright/callwright/sbc/stack"
)

// frame is one of IPv4 or IPv6 with UDP to a port.
func frame(to netip.Addr, proto byte, port uint16, change func([]byte)) []byte {
	b := make([]byte, 80)
	ip := to.As16()
	b[12], b[13], b[14], b[23] = 0x08, 0x00, 0x45, proto
	copy(b[30:], ip[12:])
	b[36], b[37] = byte(port>>8), byte(port)
	if to.Is6() {
		clear(b)
		b[12], b[13], b[14], b[20] = 0x86, 0xdd, 0x60, proto
		copy(b[38:], ip[:])
		b[56], b[57] = byte(port>>8), byte(port)
	}
	if change != nil {
		change(b)
	}
	return b
}

func kernels(a netip.Addr) stack.Address { return stack.Address{IP: a, Kernel: true} }

// What the two programs make of a frame: into the ring, and away from the kernel.
func TestFilterAndHush(t *testing.T) {
	other := netip.MustParseAddr("10.9.0.51")
	own := []stack.Address{{IP: other}, kernels(vip4), kernels(vip6), {IP: netip.MustParseAddr("fd09::51")}}
	for name, c := range map[string]struct {
		frame      []byte
		ring, hush bool
	}{
		"ours":               {frame(vip4, protUDP, first, nil), true, true},
		"our last port":      {frame(vip4, protUDP, first+ports-1, nil), true, true},
		"one below":          {frame(vip4, protUDP, first-1, nil), false, false},
		"one above":          {frame(vip4, protUDP, first+ports, nil), false, false},
		"TCP":                {frame(vip4, 6, first, nil), false, false},
		"another's":          {frame(phone4, protUDP, first, nil), false, false},
		"a fragment":         {frame(vip4, protUDP, 1, func(b []byte) { b[21] = 9 }), true, false},
		"our own, any port":  {frame(other, protUDP, 9, nil), true, false},
		"our own, our port":  {frame(other, protUDP, first, nil), true, true},
		"our own, ICMP":      {frame(other, 1, first, nil), true, false},
		"with options":       {frame(vip4, protUDP, 0, func(b []byte) { b[14] = 0x46; b[40], b[41] = first>>8, first&255 }), true, false},
		"IPv6":               {frame(vip6, protUDP, first, nil), true, true},
		"IPv6, another's":    {frame(phone6, protUDP, first, nil), false, false},
		"IPv6, our own":      {frame(own[3].IP, protUDP, 9, nil), true, false},
		"ARP":                {frame(vip4, 0, 0, func(b []byte) { b[13] = 6 }), true, false},
		"a solicitation":     {frame(netip.MustParseAddr("ff02::1:ff00:50"), protND, 0, nil), true, false},
		"another's multicas": {frame(netip.MustParseAddr("ff05::1"), protND, 0, nil), false, false},
	} {
		code, err := filter(own, first, ports)
		must(t, err)
		ring, err := vm(t, code).Run(c.frame)
		must(t, err)
		if got := ring > 0; got != c.ring {
			t.Errorf("%s: into the ring: %v", name, got)
		}
		if unix.Geteuid() != 0 {
			continue
		}
		prog, err := ebpf.NewProgram(&ebpf.ProgramSpec{Type: ebpf.SchedCLS, License: "MIT", Instructions: hushed(own, first, ports)})
		must(t, err)
		verdict, err := prog.Run(&ebpf.RunOptions{Data: c.frame})
		must(t, err)
		prog.Close()
		if got := verdict == tcxDrop; got != c.hush || !got && int32(verdict) != tcxNext {
			t.Errorf("%s: dropped: %v (%d)", name, got, verdict)
		}
	}
	if unix.Geteuid() != 0 {
		t.Skip("the eBPF program needs root to be tried; the socket filter was")
	}
}

func vm(t *testing.T, code []unix.SockFilter) *bpf.VM {
	t.Helper()
	raw := make([]bpf.RawInstruction, len(code))
	for i, c := range code {
		raw[i] = bpf.RawInstruction{Op: c.Code, Jt: c.Jt, Jf: c.Jf, K: c.K}
	}
	program, all := bpf.Disassemble(raw)
	if !all {
		t.Fatal("not all of it is BPF")
	}
	m, err := bpf.NewVM(program)
	must(t, err)
	return m
}

// The programs fit the kernel's limits with all addresses there can be.
func TestManyAddresses(t *testing.T) {
	namespace(t)
	pair(t, "p0", "s0", phone4.String()+"/24")
	l := open(t, "s0", vip4)
	for i := range 64 {
		ip := netip.AddrFrom4([4]byte{10, 9, 1, byte(i)})
		if i%2 == 1 {
			ip = netip.AddrFrom16([16]byte{0xfd, 9, 15: byte(i)})
		}
		must(t, l.Own(ip, [6]byte{}, false))
	}
	if err := l.Own(vip4, [6]byte{}, false); err == nil {
		t.Error("one too many")
	}
	if n := len(l.own); n != 64 {
		t.Errorf("%d addresses after one was refused", n)
	}
}
