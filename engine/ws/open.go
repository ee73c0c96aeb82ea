package ws

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/coder/websocket"

	"github.com/callwright/callwright/engine/fetch"
)

const defaultTimeout = 10 * time.Second

// open asks for the grant and opens the connection.
func (l *link) open() (Conn, *Error) {
	if err := l.e.check(l.r); err != nil {
		return nil, err
	}
	limit := l.r.Timeout
	if limit <= 0 {
		limit = defaultTimeout
	}
	ctx, cancel := context.WithTimeout(l.ctx, min(limit, MaxTimeout))
	defer cancel()
	dial := l.e.cfg.Dial
	if dial == nil {
		dial = l.e.dial
	}
	conn, err := dial(ctx, l.r)
	var ours *Error
	switch {
	case err == nil:
		return conn, nil
	case errors.As(err, &ours):
		return nil, ours
	case ctx.Err() != nil && l.ctx.Err() == nil:
		return nil, &Error{Name: "Timeout", Message: fmt.Sprintf("it was not opened within %v", min(limit, MaxTimeout))}
	}
	return nil, &Error{Name: "TypeError", Message: err.Error()}
}

func (e *Edge) check(r Request) *Error {
	u, err := url.Parse(r.URL)
	switch {
	case err != nil:
		return &Error{Name: "BadOption", Message: "the URL cannot be read: " + err.Error()}
	case u.Scheme != "ws" && u.Scheme != "wss" || u.Host == "":
		return &Error{Name: "BadOption", Message: fmt.Sprintf("%.80q is no ws or wss URL", r.URL)}
	case u.User != nil:
		return &Error{Name: "BadOption", Message: "name and password in a URL are not sent: give an Authorization header"}
	case u.Fragment != "":
		return &Error{Name: "BadOption", Message: "a ws URL has no fragment (RFC 6455 §3)"}
	}
	return e.guard.MayReach(r.App, u)
}

func (e *Edge) dial(ctx context.Context, r Request) (Conn, error) {
	header := http.Header{}
	if err := fetch.SetHeaders(header, e.cfg.UserAgent, r.Headers); err != nil {
		return nil, err
	}
	transport := &http.Transport{
		DialContext: e.guard.Dialer(r.App), TLSHandshakeTimeout: defaultTimeout,
		MaxResponseHeaderBytes: 64 << 10, DisableKeepAlives: true,
	}
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	conn, _, err := websocket.Dial(ctx, r.URL, &websocket.DialOptions{
		HTTPClient: client, HTTPHeader: header, Subprotocols: r.Protocols, CompressionMode: websocket.CompressionDisabled,
	})
	if err != nil {
		return nil, err
	}
	conn.SetReadLimit(MaxMessage)
	return conn, nil
}
