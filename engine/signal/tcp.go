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
	if err := e.listen(ln); err != nil {
		return err
	}
	defer e.unlisten(ln)
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
			e.count.add("tcp/accept-error")
			if !e.pause(100 * time.Millisecond) {
				return nil
			}
			continue
		}
		e.accept(nc, ln.Addr().String())
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

func (e *Edge) accept(nc net.Conn, local string) {
	from := addrPort(nc.RemoteAddr())
	c := e.newConn(from, local)
	if c == nil {
		nc.Close()
		return
	}
	c.start(nc)
}

// newConn enters a connection, unless there are too many. Its goroutines are counted
// from here on: start or abandon must follow.
func (e *Edge) newConn(remote netip.AddrPort, local string) *conn {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.closed:
		return nil
	case len(e.byID) >= e.config.MaxConns:
		e.count.add("tcp/too-many")
		return nil
	case e.perSource[remote.Addr()] >= e.config.MaxConnsPerSource:
		e.count.add("tcp/too-many-of-source")
		return nil
	}
	e.lastID++
	c := &conn{
		edge: e, remote: remote, queue: make(chan outgoing, e.config.queue), done: make(chan struct{}),
		flow: call.Flow{Transport: "tcp", Local: local, Remote: remote.String(), Conn: e.lastID},
	}
	e.byID[e.lastID], e.byRemote[c.flow.Remote] = c, c
	e.perSource[remote.Addr()]++
	e.conns.Add(1)
	e.count.add("tcp/opened")
	return c
}

func (e *Edge) forget(c *conn) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.byID, c.flow.Conn)
	if e.byRemote[c.flow.Remote] == c {
		delete(e.byRemote, c.flow.Remote)
	}
	if a := c.remote.Addr(); e.perSource[a] > 1 {
		e.perSource[a]--
	} else {
		delete(e.perSource, a)
	}
}
