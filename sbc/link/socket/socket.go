package socket

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/callwright/callwright/sbc/link"
)

const (
	period    = 4 * time.Millisecond
	idleAfter = 50 * time.Millisecond // without a packet: block instead of polling
	readyMax  = 512                   // sockets a poll tells of; the rest are told by the next
	burst     = 16                    // datagrams a poll of a socket that had some at the last one too
	spareFDs  = 64                    // what the process needs beside the sockets
)

// Config names the slice.
type Config struct {
	Addr      netip.Addr
	FirstPort uint16
	Ports     uint16
	Log       *slog.Logger // nil: none
}

// Counters count since Open.
type Counters struct {
	Refused uint64 // not sent: the network said no
}

// Link implements link.Link.
type Link struct {
	addr  netip.Addr
	first uint16
	fds   []int // by port minus first
	epoll int
	wake  int // eventfd, in the epoll as index -1

	// Of the receiver.
	events  [readyMax]unix.EpollEvent
	ready   int // events of the last poll
	at      int // the next one to read
	polled  time.Time
	came    time.Time // when there was a packet last
	buffers []byte
	polls   uint32
	told    []uint32 // by port minus first: the poll that last told of it
	left    int      // to be read of the socket at hand

	refused atomic.Uint64
	closed  atomic.Bool
	mu      sync.RWMutex // read-locked during a system call: Close frees no file under it
}

// Open binds all ports of the slice.
func Open(c Config) (*Link, error) {
	if int(c.FirstPort)+int(c.Ports) > 1<<16 || c.FirstPort == 0 || c.Ports == 0 {
		return nil, fmt.Errorf("link: socket: ports %d to %d are no slice", c.FirstPort, int(c.FirstPort)+int(c.Ports)-1)
	}
	if err := allowFiles(int(c.Ports) + spareFDs); err != nil {
		return nil, err
	}
	l := &Link{addr: c.Addr.Unmap(), first: c.FirstPort, epoll: -1, wake: -1, polls: 1}
	if err := l.open(int(c.Ports)); err != nil {
		l.Close()
		return nil, err
	}
	if c.Log != nil {
		c.Log.Info("media link", "kind", "socket", "addr", l.addr, "first", c.FirstPort, "ports", c.Ports)
	}
	return l, nil
}

func (l *Link) open(ports int) (err error) {
	if l.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return fmt.Errorf("link: socket: epoll: %w", err)
	}
	if l.wake, err = unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC); err != nil {
		return fmt.Errorf("link: socket: eventfd: %w", err)
	}
	if err := l.watch(l.wake, -1); err != nil {
		return err
	}
	l.told = make([]uint32, ports)
	for i := range ports {
		at := netip.AddrPortFrom(l.addr, l.first+uint16(i))
		fd, err := bind(at)
		if err != nil {
			return fmt.Errorf("link: socket: bind %v: %w", at, err)
		}
		l.fds = append(l.fds, fd)
		if err := l.watch(fd, i); err != nil {
			return err
		}
	}
	return nil
}

func (l *Link) watch(fd, index int) error {
	e := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(index)}
	if err := unix.EpollCtl(l.epoll, unix.EPOLL_CTL_ADD, fd, &e); err != nil {
		return fmt.Errorf("link: socket: watch: %w", err)
	}
	return nil
}

func bind(at netip.AddrPort) (int, error) {
	family := unix.AF_INET
	var sa unix.Sockaddr = &unix.SockaddrInet4{Port: int(at.Port())}
	if at.Addr().Is4() {
		sa.(*unix.SockaddrInet4).Addr = at.Addr().As4()
	} else {
		family = unix.AF_INET6
		sa = &unix.SockaddrInet6{Port: int(at.Port()), Addr: at.Addr().As16()}
	}
	fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	if err := unix.Bind(fd, sa); err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// allowFiles raises the limit of open files to what is needed.
func allowFiles(extra int) error {
	var lim unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &lim); err != nil {
		return fmt.Errorf("%w: reading the limit: %w", link.ErrFiles, err)
	}
	need := uint64(extra)
	if lim.Cur >= need {
		return nil
	}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: need, Max: max(need, lim.Max)}); err != nil {
		return fmt.Errorf("%w: the slice needs %d, the limit (ulimit -n) is %d, at most %d: %w",
			link.ErrFiles, need, lim.Cur, lim.Max, err)
	}
	return nil
}

// Counters may be called from any goroutine.
func (l *Link) Counters() Counters { return Counters{Refused: l.refused.Load()} }

// Wake implements link.Link.
func (l *Link) Wake() {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if !l.closed.Load() {
		l.ring()
	}
}

func (l *Link) ring() { unix.Write(l.wake, []byte{1, 0, 0, 0, 0, 0, 0, 0}) }

// Close implements link.Link. It waits for a Recv under way, which it wakes.
func (l *Link) Close() error {
	if l.closed.Swap(true) {
		return nil
	}
	l.ring()
	l.mu.Lock()
	defer l.mu.Unlock()
	var errs []error
	for _, fd := range append(l.fds, l.wake, l.epoll) {
		if fd >= 0 {
			errs = append(errs, unix.Close(fd))
		}
	}
	return errors.Join(errs...)
}

func (l *Link) gone(what string) error {
	return fmt.Errorf("link: socket: %s on %v: %w", what, l.addr, net.ErrClosed)
}
