package signal

import (
	"context"
	"crypto/tls"
	"net"
	"time"

	"github.com/callwright/callwright/engine/call"
)

// ServeTLS accepts TLS connections until Close, in the caller's goroutine (RFC 3261
// §26.2.1). A handshake has FirstMessage to come to its end.
func (e *Edge) ServeTLS(ln net.Listener, config *tls.Config) error {
	if err := e.listen(ln, "tls", ln.Addr()); err != nil {
		return err
	}
	return e.acceptAll(ln, call.Flow{Transport: "tls"}, func(nc net.Conn) net.Conn {
		return secured{tls.Server(nc, config)}
	})
}

// secured is a TLS connection whose Close waits for nobody: a peer that does not read
// cannot be told goodbye. Where the peer is owed an answer, CloseWrite follows it.
type secured struct{ *tls.Conn }

func (s secured) Close() error { return s.NetConn().Close() }

// shake ends the handshake of a connection that a peer opened.
func (c *conn) shake(nc net.Conn) error {
	s, ok := nc.(secured)
	if !ok {
		return nil
	}
	err := handshake(c.edge.ctx, s, c.edge.config.FirstMessage)
	if err != nil {
		c.add("handshake-error")
		c.edge.config.Log.Debug("a TLS handshake failed", "from", c.remote, "error", err)
	}
	return err
}

// handshake has a deadline of the connection's own: it is what ends a peer that neither
// speaks nor reads. The connection is closed if it fails.
func handshake(ctx context.Context, s secured, within time.Duration) error {
	s.SetDeadline(time.Now().Add(within))
	err := s.HandshakeContext(ctx)
	if err != nil {
		s.Close()
		return err
	}
	return s.SetDeadline(time.Time{})
}

// secure makes a connection that we opened one over TLS. The peer must show a
// certificate of the flow's name, or of its address if the flow has none (RFC 5922).
func (c *conn) secure(nc net.Conn) (net.Conn, error) {
	config := &tls.Config{}
	if c.edge.config.TLS != nil {
		config = c.edge.config.TLS.Clone()
	}
	config.MinVersion = max(config.MinVersion, tls.VersionTLS12)
	config.ServerName = c.flow.Name
	if config.ServerName == "" {
		config.ServerName = c.remote.Addr().String()
	}
	s := secured{tls.Client(nc, config)}
	return s, handshake(c.edge.ctx, s, c.edge.config.WriteTimeout)
}
