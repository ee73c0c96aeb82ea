package ws

import (
	"context"
	"fmt"
	"sync"

	"github.com/callwright/callwright/engine/fetch"
)

// Config is what an Edge needs.
type Config struct {
	// Allow says whether an app may reach a host and port; see fetch.Config.
	Allow func(app, hostport string, private bool) error
	// Dial opens connections in place of the network, for tests; nil: the network. What
	// an app may reach has been asked before.
	Dial      func(ctx context.Context, r Request) (Conn, error)
	UserAgent string
}

// Edge keeps connections, by keys of the caller's. Make it with New, end it with Shut.
type Edge struct {
	cfg   Config
	guard fetch.Guard
	ctx   context.Context
	stop  context.CancelFunc
	runs  sync.WaitGroup

	mu     sync.Mutex
	links  map[string]*link
	apps   map[string]int
	closed bool
}

// New makes an edge.
func New(c Config) *Edge {
	ctx, cancel := context.WithCancel(context.Background())
	return &Edge{cfg: c, guard: fetch.Guard{Allow: c.Allow, Key: "websocket"}, ctx: ctx, stop: cancel, links: map[string]*link{}, apps: map[string]int{}}
}

// Open opens a connection and tells what comes of it. The key must be new.
func (e *Edge) Open(key string, r Request, tell func(Event)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.full(r.App); err != nil {
		go tell(Event{Kind: Closed, Code: Abnormal, Error: err})
		return
	}
	l := newLink(e, r, tell)
	e.links[key] = l
	e.apps[r.App]++
	e.runs.Go(func() {
		last := l.run()
		e.mu.Lock()
		delete(e.links, key)
		if e.apps[r.App]--; e.apps[r.App] == 0 {
			delete(e.apps, r.App)
		}
		e.mu.Unlock()
		tell(last)
	})
}

func (e *Edge) full(app string) *Error {
	switch {
	case e.closed:
		return &Error{Name: "Busy", Message: "the engine is stopping"}
	case e.apps[app] >= maxOfApp || len(e.links) >= maxInAll:
		return &Error{Name: "Busy", Message: fmt.Sprintf("%d connections of this app are open, at most %d; %d of all apps, at most %d", e.apps[app], maxOfApp, len(e.links), maxInAll)}
	}
	return nil
}

// Ask asks something of a connection. One that is closed, or will have told so, takes it
// and says nothing.
func (e *Edge) Ask(key string, a Ask) {
	e.mu.Lock()
	l := e.links[key]
	e.mu.Unlock()
	if l != nil {
		l.ask(a)
	}
}

// Shut breaks all connections and waits.
func (e *Edge) Shut() {
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	e.stop()
	e.runs.Wait()
}
