package fetch

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Config is what an Edge needs.
type Config struct {
	// Allow says whether an app may reach a host and port. private: it is an address
	// that is not public, which must be granted as it stands, by no pattern. Nil: nothing
	// is allowed.
	Allow func(app, hostport string, private bool) error
	// Transport carries requests in place of the network, for tests; nil: the network.
	Transport http.RoundTripper
	// UserAgent is sent where the script gives none.
	UserAgent string
}

// Edge performs requests. Make it with New, end it with Close.
type Edge struct {
	cfg   Config
	guard Guard
	ctx   context.Context
	stop  context.CancelFunc
	runs  sync.WaitGroup

	mu     sync.Mutex
	apps   map[string]*reach
	all    int
	closed bool
}

// reach is one app's: its connections, and what it has under way.
type reach struct {
	client http.Client
	flying int
}

// New makes an edge.
func New(c Config) *Edge {
	ctx, cancel := context.WithCancel(context.Background())
	return &Edge{cfg: c, guard: Guard{c.Allow, "fetch"}, ctx: ctx, stop: cancel, apps: map[string]*reach{}}
}

// Do performs a request and tells done what came of it, once, on another goroutine.
func (e *Edge) Do(r Request, done func(Result)) {
	a, err := e.begin(r.App)
	if err != nil {
		go done(Result{Error: err})
		return
	}
	go func() {
		defer e.end(a)
		done(e.perform(a, r))
	}()
}

func (e *Edge) begin(app string) (*reach, *Error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	a := e.apps[app]
	if a == nil {
		a = &reach{}
		a.client = http.Client{Transport: e.carrier(app), CheckRedirect: e.redirect(app)}
		e.apps[app] = a
	}
	switch {
	case e.closed:
		return nil, &Error{"Busy", "the engine is stopping"}
	case a.flying >= maxOfApp || e.all >= maxInAll:
		return nil, &Error{"Busy", fmt.Sprintf("%d requests of this app are under way, at most %d; %d of all apps, at most %d", a.flying, maxOfApp, e.all, maxInAll)}
	}
	a.flying++
	e.all++
	e.runs.Add(1)
	return a, nil
}

func (e *Edge) end(a *reach) {
	e.mu.Lock()
	a.flying--
	e.all--
	e.mu.Unlock()
	e.runs.Done()
}

// Close gives up what is under way, closes all connections, and waits.
func (e *Edge) Close() {
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	e.stop()
	e.runs.Wait()
	for _, a := range e.apps {
		a.client.CloseIdleConnections()
	}
}

// perform tries until there is an answer that need not be tried again.
func (e *Edge) perform(a *reach, r Request) Result {
	req, err := e.check(r)
	if err != nil {
		return Result{Error: err}
	}
	for try := 0; ; try++ {
		res, again := e.attempt(a, req, r)
		if !again || try >= min(r.Retries, MaxRetries) {
			return res
		}
		pause := time.NewTimer(200 * time.Millisecond << try)
		select {
		case <-pause.C:
		case <-e.ctx.Done():
			pause.Stop()
			return res
		}
	}
}
