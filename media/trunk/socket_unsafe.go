package trunk

import (
	"encoding/binary"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

// batch is what one recvmmsg(2) or sendmmsg(2) takes: the kernel reads hdrs, which
// point into msgs. Both are wired once and never move.
type batch struct {
	hdrs []mmsghdr
	msgs []message
}

type mmsghdr struct {
	hdr unix.Msghdr
	n   uint32
	_   [4]byte
}

// message is one datagram of a batch.
type message struct {
	*mmsghdr
	buf     []byte
	iov     unix.Iovec
	name    unix.RawSockaddrInet6 // big enough for both families
	control [8]uint64             // of control messages, which want alignment
	size    int                   // of a record, when sending
}

func newBatch(n, size int) batch {
	b := batch{make([]mmsghdr, n), make([]message, n)}
	for i := range b.msgs {
		m := &b.msgs[i]
		m.mmsghdr = &b.hdrs[i]
		m.buf = make([]byte, size)
		m.iov.Base = &m.buf[0]
		m.iov.SetLen(size)
		m.hdr.Iov = &m.iov
		m.hdr.SetIovlen(1)
		m.hdr.Name = (*byte)(unsafe.Pointer(&m.name))
	}
	return b
}

// receive fills messages with what is there, without waiting for more.
func (b *batch) receive(fd uintptr) (int, unix.Errno) {
	for i := range b.msgs {
		h := &b.hdrs[i].hdr
		h.Namelen = unix.SizeofSockaddrInet6
		h.Control = b.msgs[i].controlBytes()
		h.SetControllen(int(unsafe.Sizeof(b.msgs[i].control)))
	}
	n, _, errn := unix.Syscall6(unix.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(&b.hdrs[0])), uintptr(len(b.hdrs)), unix.MSG_DONTWAIT, 0, 0)
	if errn != 0 {
		return 0, errn
	}
	return int(n), 0
}

// send hands messages [from, to) to the kernel and returns how many it took; the
// error is that of the first it did not.
func (b *batch) send(fd uintptr, from, to int) (int, unix.Errno) {
	n, _, errn := unix.Syscall6(unix.SYS_SENDMMSG, fd, uintptr(unsafe.Pointer(&b.hdrs[from])), uintptr(to-from), unix.MSG_DONTWAIT, 0, 0)
	if errn != 0 {
		return 0, errn
	}
	return int(n), 0
}

func (m *message) controlBytes() *byte { return (*byte)(unsafe.Pointer(&m.control[0])) }

func (m *message) controlAt(at int) unsafe.Pointer {
	return unsafe.Add(unsafe.Pointer(&m.control[0]), at)
}

func (m *message) data() []byte { return m.buf[:m.n] }

func (m *message) peer() netip.AddrPort {
	p := (*[2]byte)(unsafe.Pointer(&m.name.Port))
	v4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(&m.name))
	return peerOf(m.name.Family, binary.BigEndian.Uint16(p[:]), v4.Addr, m.name.Addr)
}

// segment is the record size of a coalesced datagram (UDP_GRO), 0 for a plain one.
func (m *message) segment() int {
	left := int(m.hdr.Controllen)
	at := 0
	for left-at >= unix.SizeofCmsghdr {
		h := (*unix.Cmsghdr)(m.controlAt(at))
		if int(h.Len) < unix.SizeofCmsghdr || at+int(h.Len) > left {
			return 0
		}
		if h.Level == unix.SOL_UDP && h.Type == unix.UDP_GRO && int(h.Len) >= unix.CmsgLen(4) {
			return int(*(*int32)(m.controlAt(at + unix.CmsgLen(0))))
		}
		at += unix.CmsgSpace(int(h.Len) - unix.CmsgLen(0))
	}
	return 0
}

// address sets where the message goes; false if the socket's family cannot.
func (m *message) address(to netip.AddrPort, six bool) bool {
	a := to.Addr().Unmap()
	if !a.IsValid() || to.Port() == 0 || (a.Is6() && !six) {
		return false
	}
	binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(&m.name.Port))[:], to.Port())
	if six {
		m.name.Family = unix.AF_INET6
		m.name.Addr = a.As16()
		m.hdr.Namelen = unix.SizeofSockaddrInet6
		return true
	}
	m.name.Family = unix.AF_INET
	(*unix.RawSockaddrInet4)(unsafe.Pointer(&m.name)).Addr = a.As4()
	m.hdr.Namelen = unix.SizeofSockaddrInet4
	return true
}

// load says what to send and, when cut, the size of a record. The memory must stay as
// it is until the message is sent.
func (m *message) load(b []byte, size int, cut bool) {
	m.iov.Base = &b[0]
	m.iov.SetLen(len(b))
	m.size = size
	m.hdr.Control = nil
	m.hdr.SetControllen(0)
	if !cut {
		return
	}
	h := (*unix.Cmsghdr)(m.controlAt(0))
	h.Level = unix.SOL_UDP
	h.Type = unix.UDP_SEGMENT
	h.SetLen(unix.CmsgLen(2))
	*(*uint16)(m.controlAt(unix.CmsgLen(0))) = uint16(size)
	m.hdr.Control = m.controlBytes()
	m.hdr.SetControllen(unix.CmsgSpace(2))
}

// first shortens the message to one plain record, skip moves on to the next.
func (m *message) first() int {
	m.hdr.Control = nil
	m.hdr.SetControllen(0)
	m.iov.SetLen(m.size)
	return m.size
}

func (m *message) skip(n int) {
	m.iov.Base = (*byte)(unsafe.Add(unsafe.Pointer(m.iov.Base), n))
}

// overflow is how many datagrams the socket's buffer had no room for (SO_MEMINFO).
func overflow(fd int) uint64 {
	const drops = 8 // SK_MEMINFO_DROPS
	var info [9]uint32
	size := uint32(unsafe.Sizeof(info))
	_, _, errn := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_MEMINFO,
		uintptr(unsafe.Pointer(&info[0])), uintptr(unsafe.Pointer(&size)), 0)
	if errn != 0 || size < uint32(unsafe.Sizeof(info)) {
		return 0
	}
	return uint64(info[drops])
}
