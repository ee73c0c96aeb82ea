package signal

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"

	"github.com/callwright/callwright/engine/call"
)

// ServeWS accepts WebSocket connections until Close, in the caller's goroutine (RFC
// 7118); with a TLS configuration those of wss. A client must ask for the subprotocol
// "sip". Its pings are answered, and it gets one every tenth of Idle.
func (e *Edge) ServeWS(ln net.Listener, config *tls.Config) error {
	f := call.Flow{Transport: "ws", Local: ln.Addr().String()}
	at := ln.Addr()
	ln = turnstile{ln, e}
	if config != nil {
		f.Transport = "wss"
		ln = tls.NewListener(ln, config)
	}
	s := &http.Server{
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { e.serveWeb(w, r, f) }),
		ReadHeaderTimeout: e.config.FirstMessage, IdleTimeout: e.config.FirstMessage, WriteTimeout: e.config.FirstMessage,
		MaxHeaderBytes: maxLine, ErrorLog: log.New(io.Discard, "", 0),
	}
	if err := e.listen(s, f.Transport, at); err != nil {
		ln.Close()
		return err
	}
	defer e.unlisten(s)
	err := s.Serve(ln)
	if e.isClosed() {
		return nil
	}
	return err
}

// serveWeb makes a connection of an HTTP request, and reads from it until it ends.
func (e *Edge) serveWeb(w http.ResponseWriter, r *http.Request, f call.Flow) {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !websocketOf(r) {
		http.Error(w, "This is for SIP over WebSocket (RFC 7118): open it as one, with the subprotocol \"sip\".", http.StatusBadRequest)
		return
	}
	ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		Subprotocols: []string{"sip"}, OriginPatterns: e.config.Origins, CompressionMode: websocket.CompressionDisabled,
	})
	if err != nil { // it has been answered, why
		e.count.add(f.Transport + "/refused")
		return
	}
	ws.SetReadLimit(maxMessage)
	from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
	f.Remote = from.String()
	c := e.newConn(from, f, false)
	if c == nil {
		ws.CloseNow()
		return
	}
	c.begin(&webPipe{ws: ws, ctx: e.ctx})
	e.conns.Add(1)
	go c.pulse(ws)
	c.readWeb(ws)
}

// websocketOf says whether a request asks for what we speak.
func websocketOf(r *http.Request) bool {
	for _, v := range r.Header.Values("Sec-WebSocket-Protocol") {
		for p := range bytes.SplitSeq([]byte(v), []byte(",")) {
			if bytes.EqualFold(bytes.TrimSpace(p), []byte("sip")) {
				return true
			}
		}
	}
	return false
}

// readWeb takes one message from each WebSocket message (RFC 7118 §4.2), text or
// binary, until the connection ends.
func (c *conn) readWeb(ws *websocket.Conn) {
	defer c.edge.conns.Done()
	defer c.close()
	in := inlet{c.flow, c.remote, func(b []byte) { c.put(outgoing{data: b}) }}
	for {
		_, data, err := ws.Read(c.edge.ctx)
		if err != nil {
			return
		}
		if len(bytes.Trim(data, "\r\n")) == 0 { // RFC 5626 §3.5.1, as some clients do it here too
			c.add("keepalive")
			if len(data) >= 4 {
				in.reply([]byte("\r\n"))
			}
			continue
		}
		f, wrong := scan(data)
		if wrong == nil {
			wrong = f.fit()
		}
		c.edge.take(in, f, wrong)
	}
}

// pulse ends a connection whose peer has gone without a word.
func (c *conn) pulse(ws *websocket.Conn) {
	defer c.edge.conns.Done()
	tick := time.NewTicker(c.edge.config.Idle / 10)
	defer tick.Stop()
	for {
		select {
		case <-c.done:
			return
		case <-tick.C:
			ctx, cancel := context.WithTimeout(c.edge.ctx, c.edge.config.WriteTimeout)
			err := ws.Ping(ctx)
			cancel()
			if err != nil {
				c.add("timeout")
				c.close()
				return
			}
		}
	}
}

// webPipe writes messages to a WebSocket: as text, where they are (RFC 7118 §4.2).
type webPipe struct {
	ws    *websocket.Conn
	ctx   context.Context
	until time.Time // of the goroutine that writes
}

func (p *webPipe) SetWriteDeadline(t time.Time) error {
	p.until = t
	return nil
}

func (p *webPipe) Write(b []byte) (int, error) {
	ctx, cancel := context.WithDeadline(p.ctx, p.until)
	defer cancel()
	kind := websocket.MessageText
	if !utf8.Valid(b) {
		kind = websocket.MessageBinary
	}
	return len(b), p.ws.Write(ctx, kind, b)
}

func (p *webPipe) Close() error { return p.ws.CloseNow() }

// sendWeb sends over a WebSocket that a client has opened; none can be opened to it.
func (e *Edge) sendWeb(s call.Send, data []byte) {
	if c := e.open(s.Flow); c != nil && c.put(outgoing{data: data, branch: s.Branch}) {
		e.count.add("sent")
		return
	}
	e.failed(s.Branch, "the peer's WebSocket is gone")
}

// turnstile counts connections as they come, before it is known what they want.
type turnstile struct {
	net.Listener
	edge *Edge
}

func (t turnstile) Accept() (net.Conn, error) {
	for {
		nc, err := t.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from := addrPort(nc.RemoteAddr()).Addr()
		t.edge.mu.Lock()
		ok := !t.edge.closed && t.edge.enter(from, "ws")
		t.edge.mu.Unlock()
		if ok {
			return &counted{Conn: nc, leave: func() {
				t.edge.mu.Lock()
				defer t.edge.mu.Unlock()
				t.edge.leave(from)
			}}, nil
		}
		nc.Close()
	}
}

// counted tells of its end once.
type counted struct {
	net.Conn
	once  sync.Once
	leave func()
}

func (c *counted) Close() error {
	err := c.Conn.Close()
	c.once.Do(c.leave)
	return err
}
