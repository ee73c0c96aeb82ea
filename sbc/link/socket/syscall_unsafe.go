package socket

import (
	"encoding/binary"
	"net/netip"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The calls below never block, so they go to the kernel without telling the Go
// scheduler, except waitEvents with a time to wait. x/sys's own wrappers allocate an
// address for each datagram.

func waitEvents(epoll int, events []unix.EpollEvent, wait time.Duration) (int, unix.Errno) {
	ev, k := uintptr(unsafe.Pointer(&events[0])), uintptr(len(events))
	if wait == 0 {
		n, _, errn := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(epoll), ev, k, 0, 0, 0)
		return count(n, errn), errn
	}
	timeout := -1
	if wait > 0 {
		timeout = int((wait + time.Millisecond - 1) / time.Millisecond)
	}
	n, _, errn := unix.Syscall6(unix.SYS_EPOLL_PWAIT, uintptr(epoll), uintptr(unsafe.Pointer(&events[0])), k, uintptr(timeout), 0, 0)
	return count(n, errn), errn
}

func count(n uintptr, errn unix.Errno) int {
	if errn != 0 {
		return 0
	}
	return int(n)
}

func drainWake(fd int) {
	var b [8]byte
	unix.RawSyscall(unix.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), 8)
}

// receive reads one datagram, cut to len(b).
func receive(fd int, b []byte) (int, netip.AddrPort, unix.Errno) {
	var name unix.RawSockaddrInet6
	size := uint32(unix.SizeofSockaddrInet6)
	n, _, errn := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)),
		unix.MSG_DONTWAIT, uintptr(unsafe.Pointer(&name)), uintptr(unsafe.Pointer(&size)))
	if errn != 0 {
		return 0, netip.AddrPort{}, errn
	}
	port := binary.BigEndian.Uint16((*[2]byte)(unsafe.Pointer(&name.Port))[:])
	if name.Family == unix.AF_INET {
		v4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(&name))
		return int(n), netip.AddrPortFrom(netip.AddrFrom4(v4.Addr), port), 0
	}
	return int(n), netip.AddrPortFrom(netip.AddrFrom16(name.Addr).Unmap(), port), 0
}

// transmit sends one datagram; an address of the other family is refused.
func transmit(fd int, b []byte, to netip.AddrPort, six bool) unix.Errno {
	a := to.Addr().Unmap()
	if !a.IsValid() || to.Port() == 0 || (a.Is6() && !six) {
		return unix.EADDRNOTAVAIL
	}
	var name unix.RawSockaddrInet6
	size := unix.SizeofSockaddrInet6
	binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(&name.Port))[:], to.Port())
	if six {
		name.Family, name.Addr = unix.AF_INET6, a.As16()
	} else {
		name.Family, size = unix.AF_INET, unix.SizeofSockaddrInet4
		(*unix.RawSockaddrInet4)(unsafe.Pointer(&name)).Addr = a.As4()
	}
	var data unsafe.Pointer
	if len(b) > 0 {
		data = unsafe.Pointer(&b[0])
	}
	_, _, errn := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(data), uintptr(len(b)), unix.MSG_DONTWAIT,
		uintptr(unsafe.Pointer(&name)), uintptr(size))
	return errn
}
