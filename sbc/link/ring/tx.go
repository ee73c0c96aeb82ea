package ring

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/callwright/callwright/sbc/link"
)

const (
	txFrame  = 2048
	txFrames = 1024
	txBlock  = 1 << 16
)

// sender is the transmitting ring; its lock is held for a batch.
type sender struct {
	mu  sync.Mutex
	fd  int
	mem []byte
	at  int // the next frame
}

func (t *sender) open() error {
	if err := unix.SetsockoptInt(t.fd, unix.SOL_PACKET, unix.PACKET_VERSION, unix.TPACKET_V2); err != nil {
		return fmt.Errorf("TPACKET_V2: %w", err)
	}
	for _, o := range []struct {
		name string
		opt  int
	}{{"PACKET_QDISC_BYPASS", unix.PACKET_QDISC_BYPASS}, {"PACKET_LOSS", unix.PACKET_LOSS}} {
		if err := unix.SetsockoptInt(t.fd, unix.SOL_PACKET, o.opt, 1); err != nil {
			return fmt.Errorf("%s: %w", o.name, err)
		}
	}
	req := unix.TpacketReq{Block_size: txBlock, Block_nr: txFrames * txFrame / txBlock, Frame_size: txFrame, Frame_nr: txFrames}
	if err := unix.SetsockoptTpacketReq(t.fd, unix.SOL_PACKET, unix.PACKET_TX_RING, &req); err != nil {
		return fmt.Errorf("transmitting ring of %d MB: %w", txFrames*txFrame>>20, err)
	}
	var err error
	if t.mem, err = unix.Mmap(t.fd, 0, txFrames*txFrame, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED); err != nil {
		return fmt.Errorf("mapping the transmitting ring: %w", err)
	}
	return nil
}

func (t *sender) slot() []byte { return t.mem[t.at*txFrame : (t.at+1)*txFrame : (t.at+1)*txFrame] }

// free says whether the next frame is ours to fill; a full ring is kicked first.
func (t *sender) free() bool {
	if load(t.slot(), frameStatus) == statusKernel {
		return true
	}
	kick(t.fd)
	return load(t.slot(), frameStatus) == statusKernel
}

// request asks for the frame of size bytes in the slot to be sent.
func (t *sender) request(size int) {
	b := t.slot()
	binary.NativeEndian.PutUint32(b[frameLength:], uint32(size))
	binary.NativeEndian.PutUint32(b[frameSnap:], uint32(size))
	store(b, frameStatus, statusSendRequest)
	t.at = (t.at + 1) % txFrames
}

// withdraw takes back what the kernel did not look at: a device that comes up must not
// begin with old audio. The kernel goes on where it stood, so we step back to there.
func (t *sender) withdraw() (frames int) {
	for frames < txFrames {
		before := (t.at + txFrames - 1) % txFrames
		if load(t.mem[before*txFrame:], frameStatus) != statusSendRequest {
			break
		}
		store(t.mem[before*txFrame:], frameStatus, statusKernel)
		t.at = before
		frames++
	}
	return frames
}

// Send implements link.Link.
func (l *Link) Send(ps []link.Packet) (int, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.closed.Load() {
		return 0, l.gone("send")
	}
	t := &l.tx
	t.mu.Lock()
	defer t.mu.Unlock()
	now, sent := time.Now(), 0
	for i := range ps {
		p := &ps[i]
		if p.Port-l.first >= l.ports {
			kick(t.fd)
			return sent, fmt.Errorf("%w: %d", link.ErrPort, p.Port)
		}
		if !t.free() {
			l.tally.full.Add(1)
			continue
		}
		n := l.stack.Put(t.slot()[frameBegin:], netip.AddrPortFrom(l.addr, p.Port), unmap(p.Remote), p.Data, now)
		if n > 0 {
			t.request(n)
			sent++
		}
	}
	if sent == 0 {
		return 0, nil
	}
	if errn := kick(t.fd); errn == unix.ENETDOWN || errn == unix.ENXIO {
		l.tally.down.Add(1)
		sent -= min(sent, t.withdraw())
	}
	return sent, nil
}

func unmap(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) }

// say sends a frame of the stack's own.
func (l *Link) say(frame []byte) {
	if errn := write(l.talk, frame); errn != 0 {
		l.tally.unsaid.Add(1)
	}
}
