package fetch

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// Guard holds apps to the hosts they were granted. Its methods may be called from any
// goroutine.
type Guard struct {
	// Allow is asked for each host and port; see Config. Nil: nothing is allowed.
	Allow func(app, hostport string, private bool) error
	// Key is the manifest's that grants, for the error.
	Key string
}

// MayReach asks for the host of a URL.
func (g Guard) MayReach(app string, u *url.URL) *Error {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443", "ws": "80", "wss": "443"}[u.Scheme]
	}
	host := strings.ToLower(u.Hostname())
	addr, err := netip.ParseAddr(host)
	return g.ask(app, net.JoinHostPort(host, port), host == "localhost" || err == nil && !public(addr))
}

func (g Guard) ask(app, hostport string, private bool) *Error {
	if g.Allow == nil {
		host := strings.TrimSuffix(strings.TrimSuffix(hostport, ":443"), ":80")
		return &Error{"Denied", fmt.Sprintf("%s is not granted; add to app.yaml the line `%s: [%q]`", hostport, g.Key, host)}
	}
	if err := g.Allow(app, hostport, private); err != nil {
		return &Error{"Denied", err.Error()}
	}
	return nil
}

// public says whether an address is one of the internet's.
func public(a netip.Addr) bool {
	a = a.Unmap()
	return a.IsGlobalUnicast() && !a.IsPrivate() && !sharedSpace.Contains(a) && !nat64.Contains(a)
}

var (
	sharedSpace = netip.MustParsePrefix("100.64.0.0/10") // RFC 6598
	nat64       = netip.MustParsePrefix("64:ff9b::/96")  // RFC 6052: may lead to any IPv4 address
)

type dialing struct{}

func (e *Edge) carrier(app string) http.RoundTripper {
	if e.cfg.Transport != nil {
		return e.cfg.Transport
	}
	return e.transport(app)
}

// transport is one app's connections.
func (e *Edge) transport(app string) *http.Transport {
	return &http.Transport{
		DialContext:         e.guard.Dialer(app),
		TLSHandshakeTimeout: 10 * time.Second, MaxIdleConnsPerHost: 8, MaxConnsPerHost: maxOfApp,
		IdleConnTimeout: 30 * time.Second, MaxResponseHeaderBytes: 64 << 10, ForceAttemptHTTP2: true,
	}
}

// Dialer opens an app's connections. The address is looked at when it is known and
// nothing is sent yet.
func (g Guard) Dialer(app string) func(ctx context.Context, network, address string) (net.Conn, error) {
	d := &net.Dialer{Timeout: 10 * time.Second}
	d.ControlContext = func(ctx context.Context, _, address string, _ syscall.RawConn) error {
		return g.mayDial(app, address, ctx.Value(dialing{}) == "localhost")
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		host, _, _ := net.SplitHostPort(address)
		return d.DialContext(context.WithValue(ctx, dialing{}, host), network, address)
	}
}

// mayDial looks at an address that a name has turned out to have. localhost was granted
// by its name.
func (g Guard) mayDial(app, address string, localhost bool) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return &Error{"Denied", fmt.Sprintf("%q is no address", address)}
	}
	if public(at.Addr()) || localhost && at.Addr().IsLoopback() {
		return nil
	}
	if err := g.ask(app, netip.AddrPortFrom(at.Addr().Unmap(), at.Port()).String(), true); err != nil {
		return err
	}
	return nil
}

// redirect holds each step to the grants, and their number to the limit.
func (e *Edge) redirect(app string) func(*http.Request, []*http.Request) error {
	return func(next *http.Request, before []*http.Request) error {
		if len(before) > maxRedirect {
			return &Error{"TypeError", fmt.Sprintf("more than %d redirects", maxRedirect)}
		}
		if next.URL.Scheme != "http" && next.URL.Scheme != "https" {
			return &Error{"Denied", "a redirect to " + next.URL.Scheme}
		}
		if err := e.guard.MayReach(app, next.URL); err != nil {
			return err
		}
		return nil
	}
}
