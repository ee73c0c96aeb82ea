package signal

import (
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/callwright/callwright/engine/call"
)

// Send writes a message to its flow. It never waits for a peer. What cannot be sent
// comes back through the Sink as call.SendFailed, now or later, if it belongs to a
// transaction. A TCP or TLS flow whose
// connection is gone is opened anew to Flow.Remote; a WebSocket only its client opens.
func (e *Edge) Send(s call.Send) {
	to, err := netip.ParseAddrPort(s.Flow.Remote)
	if err != nil || to.Port() == 0 {
		e.failed(s.Branch, "no address to send to: "+s.Flow.Remote)
		return
	}
	if s.Msg.Status == 0 && !e.config.Allow(to.Addr()) {
		e.called.add(to.Addr(), time.Now())
	}
	data := Write(s.Msg)
	switch s.Flow.Transport {
	case "", "udp":
		e.sendUDP(s, to, data)
	case "tcp", "tls":
		e.sendStream(s, to, data)
	case "ws", "wss":
		e.sendWeb(s, data)
	default:
		e.failed(s.Branch, "unknown transport "+s.Flow.Transport)
	}
}

// Local is the address of a listener of ours that a message to a peer goes out from,
// as the peer can reach it; "": there is none of that transport and address family. A
// listener on all addresses has the one that the route to the peer begins with.
func (e *Edge) Local(transport string, to netip.Addr) string {
	to = to.Unmap()
	e.mu.Lock()
	var all []netip.AddrPort
	for _, l := range e.listeners {
		if l.transport == transport && (l.at.Addr().Is4() == to.Is4() || l.at.Addr().IsUnspecified()) {
			all = append(all, l.at)
		}
	}
	e.mu.Unlock()
	slices.SortFunc(all, func(a, b netip.AddrPort) int { return a.Compare(b) })
	var other string
	for _, at := range all {
		if at.Addr().IsUnspecified() {
			at = netip.AddrPortFrom(routeTo(to), at.Port())
		}
		if at.Addr().IsLoopback() == to.IsLoopback() {
			return at.String()
		}
		other = at.String()
	}
	return other
}

// routeTo is our address on the way to a peer. Connecting a UDP socket sends nothing.
func routeTo(to netip.Addr) netip.Addr {
	c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(to, 9)))
	if err != nil {
		return netip.IPv4Unspecified()
	}
	defer c.Close()
	return addrPort(c.LocalAddr()).Addr()
}

// failed tells what could not be sent.
func (e *Edge) failed(branch, why string) {
	e.count.add("dropped/send")
	if branch != "" && !e.isClosed() {
		e.config.Sink(call.SendFailed{Branch: branch, Why: why})
	}
}

func (e *Edge) sendUDP(s call.Send, to netip.AddrPort, data []byte) {
	pc := e.socket(s.Flow.Local, to.Addr())
	if pc == nil {
		e.failed(s.Branch, "no UDP listener at "+s.Flow.Local)
		return
	}
	if _, err := pc.WriteTo(data, net.UDPAddrFromAddrPort(to)); err != nil {
		e.failed(s.Branch, err.Error())
		return
	}
	e.count.add("sent")
}

// socket is the listener a flow names, else any of the peer's address family.
func (e *Edge) socket(local string, to netip.Addr) net.PacketConn {
	e.mu.Lock()
	defer e.mu.Unlock()
	if pc := e.udp[local]; pc != nil {
		return pc
	}
	for _, pc := range e.udp {
		if a := addrPort(pc.LocalAddr()).Addr(); a.Is4() == to.Unmap().Is4() || a.IsUnspecified() {
			return pc
		}
	}
	return nil
}

func (e *Edge) sendStream(s call.Send, to netip.AddrPort, data []byte) {
	o := outgoing{data: data, branch: s.Branch}
	if c := e.open(s.Flow); c != nil && c.put(o) {
		e.count.add("sent")
		return
	}
	c := e.newConn(netip.AddrPortFrom(to.Addr().Unmap(), to.Port()), s.Flow, true)
	if c == nil {
		e.failed(s.Branch, "too many connections")
		return
	}
	c.put(o)
	e.count.add("sent")
	go c.dial()
}

// open finds a connection for a flow: the one it names, else one to the same peer.
func (e *Edge) open(f call.Flow) *conn {
	e.mu.Lock()
	defer e.mu.Unlock()
	if c := e.byID[f.Conn]; c != nil {
		return c
	}
	return e.byRemote[reusable(f)]
}

// reuse is what a connection must have in common with another to do for it. One that we
// opened over TLS has shown the certificate of one name, and does for that name alone.
type reuse struct{ transport, name, remote string }

func reusable(f call.Flow) reuse { return reuse{f.Transport, f.Name, f.Remote} }

// dial opens a connection of ours.
func (c *conn) dial() {
	nc, err := c.edge.config.Dial(c.edge.ctx, c.remote)
	if err == nil && c.flow.Transport == "tls" {
		nc, err = c.secure(nc)
	}
	if err == nil {
		c.start(nc)
		return
	}
	c.add("dial-error")
	c.close()
	c.edge.forget(c)
	c.drain(err.Error())
	c.edge.conns.Done()
}
