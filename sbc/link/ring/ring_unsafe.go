package ring

import (
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The layouts are those of linux/if_packet.h.
const (
	statusKernel      = 0 // the kernel's; for sending: free
	statusUser        = unix.TP_STATUS_USER
	statusSendRequest = unix.TP_STATUS_SEND_REQUEST
	statusSending     = unix.TP_STATUS_SENDING
	statusUnfinished  = unix.TP_STATUS_CSUMNOTREADY
	statusTagged      = unix.TP_STATUS_VLAN_VALID

	blockStatus = 8 // of tpacket_block_desc
	blockCount  = 12
	blockFirst  = 16

	packetNext   = 0 // of tpacket3_hdr
	packetSec    = 4
	packetNsec   = 8
	packetSize   = 12
	packetStatus = 20
	packetMAC    = 24
	packetVLAN   = 32

	frameStatus = 0 // of tpacket2_hdr
	frameLength = 4
	frameSnap   = 8
	frameBegin  = 32 // TPACKET2_HDRLEN without its sockaddr_ll
)

// word is a status word that the kernel shares.
func word(mem []byte, at int) *uint32 {
	_ = mem[at+3]
	return (*uint32)(unsafe.Pointer(&mem[at]))
}

func load(mem []byte, at int) uint32         { return atomic.LoadUint32(word(mem, at)) }
func store(mem []byte, at int, value uint32) { atomic.StoreUint32(word(mem, at), value) }

// kick makes the kernel send what is asked for in the ring of a socket. It does not
// wait, so the Go scheduler is not told.
func kick(fd int) unix.Errno {
	_, _, errn := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), 0, 0, unix.MSG_DONTWAIT, 0, 0)
	return errn
}

// write sends one frame by a plain packet socket.
func write(fd int, frame []byte) unix.Errno {
	_, _, errn := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(&frame[0])), uintptr(len(frame)),
		unix.MSG_DONTWAIT, 0, 0)
	return errn
}

// wait is poll(2) of two files.
func wait(fds *[2]unix.PollFd, ms int) unix.Errno {
	if ms == 0 {
		_, _, errn := unix.RawSyscall(unix.SYS_POLL, uintptr(unsafe.Pointer(fds)), 2, 0)
		return errn
	}
	_, _, errn := unix.Syscall(unix.SYS_POLL, uintptr(unsafe.Pointer(fds)), 2, uintptr(ms))
	return errn
}

// drain empties an eventfd.
func drain(fd int) {
	var b [8]byte
	unix.RawSyscall(unix.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), 8)
}
