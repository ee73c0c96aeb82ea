package ring

import (
	"encoding/binary"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/callwright/callwright/sbc/link"
	"github.com/callwright/callwright/sbc/stack"
)

const (
	// Blocks are small and many: one that its time retires holds few packets, and while
	// we are held up each millisecond may take one. So there is room for half a second.
	rxBlock  = 1 << 14 // bytes; some 50 packets of voice
	rxBlocks = 512
	retireMs = 1 // after which a block that is not full is handed over
)

// receiver is the receiving ring. It is the receiving goroutine's.
type receiver struct {
	fd  int
	mem []byte

	first int // of the blocks held: our packets lie in them
	held  int
	block int // the one at hand, the last of them
	left  int // packets in it
	at    int // the next one
}

func (r *receiver) open(filter []unix.SockFilter) error {
	req := unix.TpacketReq3{Block_size: rxBlock, Block_nr: rxBlocks, Frame_size: 2048, Frame_nr: rxBlock / 2048 * rxBlocks,
		Retire_blk_tov: retireMs}
	if err := attach(r.fd, filter); err != nil {
		return err
	}
	if err := unix.SetsockoptInt(r.fd, unix.SOL_PACKET, unix.PACKET_VERSION, unix.TPACKET_V3); err != nil {
		return fmt.Errorf("TPACKET_V3: %w", err)
	}
	if err := unix.SetsockoptTpacketReq3(r.fd, unix.SOL_PACKET, unix.PACKET_RX_RING, &req); err != nil {
		return fmt.Errorf("receiving ring of %d MB: %w", rxBlock*rxBlocks>>20, err)
	}
	if err := unix.SetsockoptInt(r.fd, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1); err != nil {
		return fmt.Errorf("PACKET_IGNORE_OUTGOING: %w", err)
	}
	var err error
	r.mem, err = unix.Mmap(r.fd, 0, rxBlock*rxBlocks, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return fmt.Errorf("mapping the receiving ring: %w", err)
	}
	return nil
}

// next gives a frame, which is ours until release; nil: there is none now.
func (r *receiver) next() (frame []byte, m stack.Meta) {
	for r.left == 0 { // more than once for a block that its time retired, empty
		next := (r.first + r.held) % rxBlocks
		b := r.mem[next*rxBlock : (next+1)*rxBlock]
		if r.held == rxBlocks/2 || load(b, blockStatus)&statusUser == 0 {
			return nil, m
		}
		r.held, r.block = r.held+1, next
		r.left = int(binary.NativeEndian.Uint32(b[blockCount:]))
		r.at = int(binary.NativeEndian.Uint32(b[blockFirst:]))
	}
	h := r.mem[r.block*rxBlock : (r.block+1)*rxBlock][r.at:]
	begin := int(binary.NativeEndian.Uint16(h[packetMAC:]))
	frame = h[begin : begin+int(binary.NativeEndian.Uint32(h[packetSize:]))]
	status := binary.NativeEndian.Uint32(h[packetStatus:])
	m.Unfinished = status&statusUnfinished != 0
	if status&statusTagged != 0 {
		m.VLAN = uint16(binary.NativeEndian.Uint32(h[packetVLAN:])) & 0xfff
	}
	m.At = time.Unix(int64(binary.NativeEndian.Uint32(h[packetSec:])), int64(binary.NativeEndian.Uint32(h[packetNsec:])))
	r.at += int(binary.NativeEndian.Uint32(h[packetNext:]))
	r.left--
	return frame, m
}

// release gives finished blocks back to the kernel.
func (r *receiver) release() {
	for r.held > 1 || r.held == 1 && r.left == 0 {
		store(r.mem[r.first*rxBlock:], blockStatus, statusKernel)
		r.first, r.held = (r.first+1)%rxBlocks, r.held-1
	}
}

// Recv implements link.Link.
func (l *Link) Recv(ps []link.Packet, patience time.Duration) (int, error) {
	l.receiving.Store(true)
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.closed.Load() {
		return 0, l.ended()
	}
	if n := l.collect(ps); n > 0 {
		return n, nil
	}
	if next := l.stack.Tick(time.Now()); next >= 0 && (patience < 0 || next < patience) {
		patience = next
	}
	if err := l.poll(patience); err != nil {
		return 0, err
	}
	if l.closed.Load() {
		return 0, l.ended()
	}
	return l.collect(ps), nil
}

// collect takes what is in the ring through the stack.
func (l *Link) collect(ps []link.Packet) int {
	now := time.Now()
	n := 0
	for n < len(ps) {
		if n == 0 {
			l.rx.release()
		}
		frame, m := l.rx.next()
		if frame == nil {
			break
		}
		d, ok := l.stack.Receive(frame, m, now)
		if !ok {
			continue
		}
		data := d.Payload
		if len(data) > link.MaxData {
			data = data[:link.MaxData+1]
		}
		ps[n] = link.Packet{Data: data, Port: d.Local.Port(), Remote: d.Remote}
		n++
		if d.Gathered {
			break // its memory is the stack's, until the next frame
		}
	}
	return n
}

// poll waits for the ring, for Wake, or for the time to pass.
func (l *Link) poll(patience time.Duration) error {
	ms := -1
	if patience >= 0 {
		ms = int((patience + time.Millisecond - 1) / time.Millisecond)
	}
	l.fds[0] = unix.PollFd{Fd: int32(l.rx.fd), Events: unix.POLLIN}
	l.fds[1] = unix.PollFd{Fd: int32(l.wake), Events: unix.POLLIN}
	if errn := wait(&l.fds, ms); errn != 0 {
		if errn == unix.EINTR {
			return nil
		}
		return fmt.Errorf("link: ring: poll: %w", errn)
	}
	if l.fds[1].Revents != 0 {
		drain(l.wake)
	}
	if l.fds[0].Revents&unix.POLLERR != 0 {
		return l.troubled()
	}
	return nil
}

// troubled looks why the ring reports an error. A device that is down may come up
// again; one that has gone does not.
func (l *Link) troubled() error {
	errn, err := unix.GetsockoptInt(l.rx.fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err != nil {
		return fmt.Errorf("link: ring: %w", err)
	}
	if errn == int(unix.ENETDOWN) {
		l.tally.down.Add(1)
	}
	at, err := unix.Getsockname(l.rx.fd)
	if a, is := at.(*unix.SockaddrLinklayer); err != nil || !is || a.Ifindex != l.device.index {
		return fmt.Errorf("%w: %s", ErrGone, l.device.name)
	}
	return nil
}
