package signal

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/callwright/callwright/engine/call"
)

// ErrClosed is what serving on an edge that was closed comes to.
var ErrClosed = errors.New("signal: edge is closed")

// Config is what an Edge is made of. Sink must be set; zero fields have the defaults
// named.
type Config struct {
	// Sink takes call.Received and call.SendFailed. It must not block, and owns the
	// message it is given.
	Sink func(call.Input)
	// Allow says whether a source may speak to us; default: loopback only. It is
	// asked for every message and must be quick.
	Allow func(netip.Addr) bool
	// Admit lets messages of other sources in one by one, by their flow and method: those of
	// phones that are registered, and what it takes to become one. Nil: none.
	Admit func(f call.Flow, method string) bool
	Log   *slog.Logger
	// Dial opens a TCP connection; default net.Dialer with 5 s.
	Dial func(ctx context.Context, to netip.AddrPort) (net.Conn, error)
	// TLS is for connections that are opened over it: the authorities that are believed
	// and our certificate, if any; nil: those of the machine. The name is the flow's.
	TLS *tls.Config
	// Origins are the hosts whose pages may open a WebSocket beside the listener's own,
	// such as "*.example.com". A page from elsewhere could call in its visitor's name.
	Origins []string
	// StandBy, if not 0, answers every request with 503 and this Retry-After: another
	// brain is the one to ask (RFC 3261 §21.5.4). Nothing reaches the Sink.
	StandBy time.Duration
	// UserAgent is the Server header of answers from here; "": none.
	UserAgent string

	MaxConns, MaxConnsPerSource int           // 1000, 100
	FirstMessage, Message, Idle time.Duration // 30 s, 30 s, 10 min
	WriteTimeout                time.Duration // 10 s
	queue                       int
}

// Edge is the SIP edge. Make it with New; it is safe for concurrent use.
type Edge struct {
	config Config
	count  counters
	ctx    context.Context
	stop   context.CancelFunc
	conns  sync.WaitGroup // goroutines of connections
	called called

	mu        sync.Mutex
	closed    bool
	udp       map[string]net.PacketConn // by local address
	listeners map[io.Closer]listening
	byID      map[uint64]*conn
	byRemote  map[reuse]*conn
	entered   int // connections, of any kind
	perSource map[netip.Addr]int
	lastID    uint64
}

// New makes an edge that listens nowhere yet.
func New(c Config) *Edge {
	if c.Allow == nil {
		c.Allow = netip.Addr.IsLoopback
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Dial == nil {
		c.Dial = dialTCP
	}
	orInt(&c.MaxConns, 1000)
	orInt(&c.MaxConnsPerSource, 100)
	orInt(&c.queue, 256)
	orTime(&c.FirstMessage, 30*time.Second)
	orTime(&c.Message, 30*time.Second)
	orTime(&c.Idle, 10*time.Minute)
	orTime(&c.WriteTimeout, 10*time.Second)
	e := &Edge{
		config: c, udp: map[string]net.PacketConn{}, listeners: map[io.Closer]listening{},
		byID: map[uint64]*conn{}, byRemote: map[reuse]*conn{}, perSource: map[netip.Addr]int{},
		// Flows outlive the brain that wrote them down: its connections' numbers do not come again.
		lastID: uint64(time.Now().UnixMicro()),
	}
	e.ctx, e.stop = context.WithCancel(context.Background())
	return e
}

func orInt(n *int, v int) {
	if *n <= 0 {
		*n = v
	}
}

func orTime(d *time.Duration, v time.Duration) {
	if *d <= 0 {
		*d = v
	}
}

func dialTCP(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	d := net.Dialer{Timeout: 5 * time.Second}
	return d.DialContext(ctx, "tcp", to.String())
}

// Close closes all listeners and connections and waits for their goroutines. The
// Serve calls return nil.
func (e *Edge) Close() {
	e.mu.Lock()
	e.closed = true
	e.stop()
	listeners, conns := slices.Collect(maps.Keys(e.listeners)), slices.Collect(maps.Values(e.byID))
	e.mu.Unlock()
	for _, l := range listeners {
		l.Close()
	}
	for _, c := range conns {
		c.close()
	}
	e.conns.Wait()
}

// listening is where a listener is, and what is spoken there.
type listening struct {
	transport string
	at        netip.AddrPort
}

// listen enters a listener; the edge closes it with itself.
func (e *Edge) listen(l io.Closer, transport string, at net.Addr) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		l.Close()
		return ErrClosed
	}
	e.listeners[l] = listening{transport, addrPort(at)}
	return nil
}

func (e *Edge) unlisten(l io.Closer) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.listeners, l)
}

func (e *Edge) isClosed() bool { return e.ctx.Err() != nil }

// Counters brings back how often what happened since the start, by name:
// "received", "sent", "refused/<reason>" (answered here), "dropped/<reason>",
// "<transport>/<what>".
func (e *Edge) Counters() map[string]uint64 { return e.count.all() }

type counters struct {
	mu sync.Mutex
	n  map[string]uint64
}

func (c *counters) add(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == nil {
		c.n = make(map[string]uint64)
	}
	c.n[name]++
}

func (c *counters) all() map[string]uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := make(map[string]uint64, len(c.n))
	for k, v := range c.n {
		m[k] = v
	}
	return m
}
