package signal

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"time"

	"github.com/callwright/callwright/engine/call"
)

// AddUDP makes a socket one that Send can use, before anybody reads it; it is for
// those who send first. ServeUDP must follow. The edge owns the socket from now on.
func (e *Edge) AddUDP(pc net.PacketConn) error {
	if err := e.listen(pc, "udp", pc.LocalAddr()); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.udp[pc.LocalAddr().String()] = pc
	return nil
}

// ServeUDP reads datagrams until Close, in the caller's goroutine, one after the
// other: the Sink sees them in the order they came. It does AddUDP first.
func (e *Edge) ServeUDP(pc net.PacketConn) error {
	if err := e.AddUDP(pc); err != nil {
		return err
	}
	return e.readUDP(pc)
}

func (e *Edge) readUDP(pc net.PacketConn) error {
	local := pc.LocalAddr().String()
	defer func() {
		e.unlisten(pc)
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.udp, local)
	}()
	buf := make([]byte, maxMessage)
	for {
		n, addr, err := pc.ReadFrom(buf)
		switch {
		case e.isClosed():
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		case err != nil:
			e.count.add("udp/error") // an ICMP error of an earlier datagram, or worse
			e.pause(10 * time.Millisecond)
			continue
		}
		from := addrPort(addr)
		flow := call.Flow{Transport: "udp", Local: local, Remote: from.String()}
		e.datagram(inlet{flow, from, func(b []byte) { pc.WriteTo(b, addr) }}, buf[:n])
	}
}

func (e *Edge) datagram(in inlet, data []byte) {
	if len(bytes.Trim(data, "\r\n\x00")) == 0 { // RFC 5626 §3.5.1 and its many relatives
		e.count.add("udp/keepalive")
		return
	}
	f, wrong := scan(data)
	if wrong == nil {
		wrong = f.fit()
	}
	e.take(in, f, wrong)
}

// addrPort reads the address of a net.Addr; the zero one if there is none in it.
func addrPort(a net.Addr) netip.AddrPort {
	var ap netip.AddrPort
	switch a := a.(type) {
	case *net.UDPAddr:
		ap = a.AddrPort()
	case *net.TCPAddr:
		ap = a.AddrPort()
	default:
		ap, _ = netip.ParseAddrPort(a.String())
	}
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}
