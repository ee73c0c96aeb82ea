package signal

import (
	"errors"
	"net"
	"net/netip"
	"time"

	"github.com/callwright/callwright/engine/call"
)

// ServeTCP accepts connections until Close, in the caller's goroutine.
func (e *Edge) ServeTCP(ln net.Listener) error {
	if err := e.listen(ln, "tcp", ln.Addr()); err != nil {
		return err
	}
	return e.acceptAll(ln, call.Flow{Transport: "tcp"}, func(nc net.Conn) net.Conn { return nc })
}

// acceptAll makes a connection of each that comes, until Close.
func (e *Edge) acceptAll(ln net.Listener, f call.Flow, wrap func(net.Conn) net.Conn) error {
	defer e.unlisten(ln)
	f.Local = ln.Addr().String()
	for {
		nc, err := ln.Accept()
		switch {
		case e.isClosed():
			if err == nil {
				nc.Close()
			}
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		case err != nil: // no file descriptors left, most likely
			e.count.add(f.Transport + "/accept-error")
			if !e.pause(100 * time.Millisecond) {
				return nil
			}
			continue
		}
		e.accept(nc, f, wrap)
	}
}

// pause waits, and says whether the edge is still open after that.
func (e *Edge) pause(d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-e.ctx.Done():
		return false
	}
}

func (e *Edge) accept(nc net.Conn, f call.Flow, wrap func(net.Conn) net.Conn) {
	from := addrPort(nc.RemoteAddr())
	f.Remote = from.String()
	c := e.newConn(from, f, true)
	if c == nil {
		nc.Close()
		return
	}
	c.start(wrap(nc))
}

// newConn enters a connection for a flow, unless there are too many. Its goroutines are
// counted from here on: start or abandon must follow. Those of WebSockets have entered
// before they were known to be any.
func (e *Edge) newConn(remote netip.AddrPort, f call.Flow, enter bool) *conn {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed || enter && !e.enter(remote.Addr(), f.Transport) {
		return nil
	}
	e.lastID++
	f.Conn = e.lastID
	c := &conn{edge: e, remote: remote, queue: make(chan outgoing, e.config.queue), done: make(chan struct{}), flow: f, leaves: enter}
	e.byID[f.Conn], e.byRemote[reusable(f)] = c, c
	e.conns.Add(1)
	c.add("opened")
	return c
}

// enter counts a connection, or refuses it. The caller holds the lock.
func (e *Edge) enter(from netip.Addr, transport string) bool {
	switch {
	case e.entered >= e.config.MaxConns:
		e.count.add(transport + "/too-many")
		return false
	case e.perSource[from] >= e.config.MaxConnsPerSource:
		e.count.add(transport + "/too-many-of-source")
		return false
	}
	e.entered++
	e.perSource[from]++
	return true
}

func (e *Edge) leave(from netip.Addr) {
	e.entered--
	if e.perSource[from]--; e.perSource[from] <= 0 {
		delete(e.perSource, from)
	}
}

func (e *Edge) forget(c *conn) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.byID, c.flow.Conn)
	if e.byRemote[reusable(c.flow)] == c {
		delete(e.byRemote, reusable(c.flow))
	}
	if c.leaves {
		e.leave(c.remote.Addr())
	}
}
