package ring

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/callwright/callwright/sbc/link"
	"github.com/callwright/callwright/sbc/stack"
)

var (
	// ErrDevice: there is no network interface for the address.
	ErrDevice = errors.New("link: ring: no device")
	// ErrGone: the interface has vanished.
	ErrGone = errors.New("link: ring: the device has gone")
	// ErrPermission: packet sockets or BPF are not allowed to this process.
	ErrPermission = errors.New("link: ring: not allowed")
)

// Capabilities are what Open needs, for setcap and systemd.
const Capabilities = "cap_net_raw,cap_net_admin,cap_bpf"

// Config names the slice and its wire.
type Config struct {
	Device    string // "": the one that Addr is on, or in the network of
	Addr      netip.Addr
	FirstPort uint16
	Ports     uint16
	VLAN      uint16        // 0: untagged
	Routes    []stack.Route // nil: the kernel's over the device
	Log       *slog.Logger  // nil: none
	// Happened tells what became of an address of our own without a command. It is
	// called under a lock of the link and must not call it; nil: nobody is told.
	Happened func(ip netip.Addr, what stack.Happening, by stack.MAC)
}

// Link implements link.Link and link.Owner.
type Link struct {
	addr         netip.Addr
	first, ports uint16
	device       device
	stack        *stack.Stack
	talk         int // packet socket of the stack's own frames
	wake         int // eventfd
	log          *slog.Logger

	rx  receiver
	fds [2]unix.PollFd // of the receiver
	tx  sender

	ownMu  sync.Mutex // guards what follows
	own    []stack.Address
	hush   hush
	hushed []stack.Address

	tally     tally
	receiving atomic.Bool
	closed    atomic.Bool
	mu        sync.RWMutex // read-locked by Recv and Send: Close frees nothing under them
}

type tally struct{ full, down, unsaid, overrun atomic.Uint64 }

// Open makes the rings. An address that the device holds is shared with the kernel at
// once; any other one is no one's until Own.
func Open(c Config) (*Link, error) {
	if int(c.FirstPort)+int(c.Ports) > 1<<16 || c.FirstPort == 0 || c.Ports == 0 {
		return nil, fmt.Errorf("link: ring: ports %d to %d are no slice", c.FirstPort, int(c.FirstPort)+int(c.Ports)-1)
	}
	addr := c.Addr.Unmap()
	d, err := find(c.Device, addr)
	if err != nil {
		return nil, err
	}
	if c.Routes == nil {
		if c.Routes, err = d.routes(addr); err != nil {
			return nil, err
		}
	}
	l := &Link{addr: addr, first: c.FirstPort, ports: c.Ports, device: d, log: c.Log, talk: -1, wake: -1}
	l.rx.fd, l.tx.fd = -1, -1
	if l.log == nil {
		l.log = slog.New(slog.DiscardHandler)
	}
	l.stack = stack.New(stack.Config{VLAN: c.VLAN, MTU: d.mtu, FirstPort: c.FirstPort, Ports: c.Ports, TOS: stack.Expedited,
		Out: l.say, Happened: c.Happened})
	l.stack.SetRoutes(c.Routes)
	if err := l.open(); err != nil {
		l.Close()
		if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
			return nil, fmt.Errorf("%w: %w; it takes root or %s", ErrPermission, err, Capabilities)
		}
		return nil, fmt.Errorf("link: ring: %s: %w", d.name, err)
	}
	l.log.Info("media link", "kind", "ring", "device", d.name, "addr", addr, "kernel", d.holds, "first", c.FirstPort, "ports", c.Ports)
	return l, nil
}

func (l *Link) open() (err error) {
	if l.wake, err = unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC); err != nil {
		return err
	}
	for _, fd := range []*int{&l.rx.fd, &l.tx.fd, &l.talk} {
		// Protocol 0: nothing is received before there is a ring to receive into.
		if *fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0); err != nil {
			return fmt.Errorf("packet socket: %w", err)
		}
	}
	code, err := filter(nil, l.first, l.ports)
	if err != nil {
		return err
	}
	if err := l.rx.open(code); err != nil {
		return err
	}
	if err := l.tx.open(); err != nil {
		return err
	}
	for fd, protocol := range map[int]uint16{l.tx.fd: 0, l.talk: 0, l.rx.fd: unix.ETH_P_ALL} {
		at := &unix.SockaddrLinklayer{Ifindex: l.device.index, Protocol: protocol<<8 | protocol>>8}
		if err := unix.Bind(fd, at); err != nil {
			return fmt.Errorf("packet socket: bind: %w", err)
		}
	}
	// Here, for a device's index means something in this thread's namespace only.
	if err := l.quieten(); err != nil {
		return err
	}
	if l.device.holds {
		return l.take(stack.Address{IP: l.addr, MAC: l.device.mac, Kernel: true}, false)
	}
	return nil
}

// Own implements link.Owner. The zero MAC stands for the one that floats with the
// address.
func (l *Link) Own(ip netip.Addr, mac [6]byte, probe bool) error {
	a := stack.Address{IP: ip.Unmap(), MAC: stack.MAC(mac)}
	if l.device.holds && a.IP == l.addr {
		return nil // shared since Open
	}
	if a.MAC == (stack.MAC{}) {
		a.MAC = stack.FloatingMAC(a.IP)
	}
	return l.take(a, probe)
}

// take lets an address in before it is announced.
func (l *Link) take(a stack.Address, probe bool) error {
	l.ownMu.Lock()
	defer l.ownMu.Unlock()
	was := slices.Clone(l.own)
	l.own = slices.DeleteFunc(l.own, func(b stack.Address) bool { return b.IP == a.IP })
	l.own = append(l.own, a)
	if err := l.bring(a, probe); err != nil {
		l.own = was
		return errors.Join(err, l.admit(), l.quieten())
	}
	l.Wake()
	return nil
}

// bring is what takes time to matter last: the kernel may look at our own addresses
// for a moment, at an address of its own it must not.
func (l *Link) bring(a stack.Address, probe bool) error {
	steps := []func() error{
		l.admit,
		func() error { return l.members(a) },
		func() error { return l.stack.Own(a, probe, time.Now()) },
		l.quieten,
	}
	if a.Kernel {
		steps = []func() error{l.quieten, steps[0], steps[2]}
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// Disown implements link.Owner.
func (l *Link) Disown(ip netip.Addr) {
	ip = ip.Unmap()
	l.tx.mu.Lock() // a Send under way leaves before
	l.stack.Disown(ip)
	l.tx.mu.Unlock()
	l.ownMu.Lock()
	defer l.ownMu.Unlock()
	l.own = slices.DeleteFunc(l.own, func(b stack.Address) bool { return b.IP == ip })
	if err := errors.Join(l.admit(), l.quieten()); err != nil {
		l.log.Warn("filters not narrowed", "addr", ip, "error", err)
	}
}

// admit makes the filter fit the addresses, quieten the program behind it.
func (l *Link) admit() error {
	code, err := filter(l.own, l.first, l.ports)
	if err != nil {
		return err
	}
	return attach(l.rx.fd, code)
}

// An address with a MAC of its own needs no program: the kernel drops what is for
// another host. So such a one moves without waiting for BPF, which can take 100 ms.
func (l *Link) quieten() error {
	var loud []stack.Address
	for _, a := range l.own {
		if a.MAC == l.device.mac {
			loud = append(loud, a)
		}
	}
	if l.hush.link != nil && slices.Equal(loud, l.hushed) {
		return nil
	}
	err := l.hush.set(l.device.index, loud, l.first, l.ports)
	l.hushed = loud
	if err != nil && !l.device.holds {
		l.log.Warn("the kernel looks at media too, at some cost", "error", err)
		return nil // it drops what is for no MAC or address of its own
	}
	return err
}

// members lets the device hear MACs that are not its own. They last as long as the
// socket: the frames of an address that is disowned end at the filter.
func (l *Link) members(a stack.Address) error {
	if a.Kernel {
		return nil
	}
	join := func(kind uint16, mac stack.MAC) error {
		m := unix.PacketMreq{Ifindex: int32(l.device.index), Type: kind, Alen: 6}
		copy(m.Address[:], mac[:])
		if err := unix.SetsockoptPacketMreq(l.rx.fd, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP, &m); err != nil {
			return fmt.Errorf("%s does not take frames for %v: %w", l.device.name, mac, err)
		}
		return nil
	}
	if a.MAC != l.device.mac {
		if err := join(unix.PACKET_MR_UNICAST, a.MAC); err != nil {
			return err
		}
	}
	if a.IP.Is6() {
		return join(unix.PACKET_MR_MULTICAST, stack.SolicitedMAC(a.IP))
	}
	return nil
}

// Counters may be called from any goroutine.
func (l *Link) Counters() []link.Counter {
	cs := []link.Counter{{Reason: "ring_full", Value: l.tally.full.Load()}, {Reason: "device_down", Value: l.tally.down.Load()},
		{Reason: "stack_not_sent", Value: l.tally.unsaid.Load()}}
	l.mu.RLock()
	defer l.mu.RUnlock()
	if !l.closed.Load() {
		// The kernel counts from one question to the next.
		if st, err := unix.GetsockoptTpacketStatsV3(l.rx.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS); err == nil {
			l.tally.overrun.Add(uint64(st.Drops))
		}
	}
	cs = append(cs, link.Counter{Reason: "ring_overrun", Value: l.tally.overrun.Load()})
	for _, c := range l.stack.Counters() {
		cs = append(cs, link.Counter{Reason: c.Reason, Value: c.Value})
	}
	return slices.DeleteFunc(cs, func(c link.Counter) bool { return c.Value == 0 })
}

// Describe says on what the rings are.
func (l *Link) Describe() string {
	if l.device.holds {
		return fmt.Sprintf("on %s, sharing %v with the kernel", l.device.name, l.addr)
	}
	return fmt.Sprintf("on %s, where %v would be the SBC's alone", l.device.name, l.addr)
}

// Wake implements link.Link.
func (l *Link) Wake() {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if !l.closed.Load() {
		unix.Write(l.wake, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	}
}

// Close implements link.Link. It waits for a Recv under way, which it wakes.
func (l *Link) Close() error {
	if l.closed.Swap(true) {
		return nil
	}
	unix.Write(l.wake, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hush.close()
	var errs []error
	if l.tx.mem != nil {
		errs = append(errs, unix.Munmap(l.tx.mem))
	}
	if !l.receiving.Load() {
		l.unmap()
	}
	for _, fd := range []int{l.rx.fd, l.tx.fd, l.talk, l.wake} {
		if fd >= 0 {
			errs = append(errs, unix.Close(fd))
		}
	}
	return errors.Join(errs...)
}

// ended is what Recv returns after Close: nobody looks at its packets any more.
func (l *Link) ended() error {
	l.unmap()
	return l.gone("recv")
}

func (l *Link) unmap() {
	if l.rx.mem != nil {
		unix.Munmap(l.rx.mem)
		l.rx.mem = nil
	}
}

func (l *Link) gone(what string) error {
	return fmt.Errorf("link: ring: %s on %v: %w", what, l.addr, net.ErrClosed)
}
