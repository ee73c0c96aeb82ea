package control

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"google.golang.org/grpc"
)

const (
	defaultHeartbeat = 20 * time.Millisecond
	defaultMissed    = 3
	defaultQueue     = 4096
	helloTime        = 5 * time.Second        // a connection that has not said Hello by then is closed
	farewellTime     = 500 * time.Millisecond // for workers to take the end of their links
	maxName          = 64
)

// HubConfig is what a Hub needs; zero values of Heartbeat, Missed, Queue and Log are
// usable.
type HubConfig struct {
	Epoch     uint64
	Secret    string
	Heartbeat time.Duration // 0: 20 ms
	Missed    int           // heartbeats in a row that mean death; 0: 3
	Queue     int           // turns that may wait for a worker; 0: 4096
	// Excuse is asked about a worker that has missed its heartbeats: true says that
	// its process is known to run and is merely short of CPU, and gives it ten times
	// as long. It must be quick; nil: nobody is excused.
	Excuse func(*Hello) bool
	Sink   func(HubEvent) // see HubEvent; must not block
	Log    *slog.Logger   // nil: none
}

// Hub is the brain's end of all links. Its methods may be called from any goroutine,
// Send and Gone from within Sink too.
type Hub struct {
	cfg  HubConfig
	stop chan struct{}
	wg   sync.WaitGroup

	mu      sync.Mutex
	seats   map[string]*seat
	links   map[*link]struct{} // open ones, welcomed or not
	servers []*grpc.Server
	closed  bool
}

// NewHub starts a hub; Close ends it.
func NewHub(cfg HubConfig) *Hub {
	if cfg.Heartbeat <= 0 {
		cfg.Heartbeat = defaultHeartbeat
	}
	if cfg.Missed <= 0 {
		cfg.Missed = defaultMissed
	}
	if cfg.Queue <= 0 {
		cfg.Queue = defaultQueue
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	h := &Hub{cfg: cfg, stop: make(chan struct{}), seats: map[string]*seat{}, links: map[*link]struct{}{}}
	h.wg.Go(h.detect)
	return h
}

// Send implements Commander. The hub owns t from here on.
func (h *Hub) Send(worker string, t *Turn) error {
	h.mu.Lock()
	s := h.seats[worker]
	h.mu.Unlock()
	if s == nil {
		return fmt.Errorf("%w: %q", ErrNoWorker, worker)
	}
	return s.out.put(h.message(&ToWorker_Turn{Turn: t}))
}

// Gone says that the worker's process has ended: it is Down at once. Call it before
// a successor of the same name starts. Unknown or down already: nothing happens.
func (h *Hub) Gone(worker string) {
	h.mu.Lock()
	s := h.seats[worker]
	h.mu.Unlock()
	if s == nil {
		return
	}
	if who := s.sits.Load(); who != nil {
		h.spawn(func() { s.end(*who, ErrGone) }) // Sink may be our caller and holds the seat
	}
}

// Close ends all links, which their workers see as ErrClosed, and waits for their
// goroutines. No event comes afterwards.
// Not to be called from Sink.
func (h *Hub) Close() {
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return
	}
	h.closed = true
	close(h.stop)
	for l := range h.links {
		l.fail(ErrClosed)
	}
	for _, s := range h.seats {
		s.out.shut()
	}
	servers := h.servers
	h.mu.Unlock()
	stopServers(servers)
	h.wg.Wait()
}

// spawn runs f unless the hub is closed; Close waits for it.
func (h *Hub) spawn(f func()) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return false
	}
	h.wg.Go(f)
	return true
}

func (h *Hub) message(body isToWorker_Body) *ToWorker {
	return &ToWorker{Epoch: h.cfg.Epoch, Body: body}
}

// admit checks a Hello and seats its link. Digests make the comparison independent
// of the secret's length too.
func (h *Hub) admit(l *link, hello *Hello) error {
	ours, theirs := sha256.Sum256([]byte(h.cfg.Secret)), sha256.Sum256([]byte(hello.GetSecret()))
	switch {
	case !l.known && subtle.ConstantTimeCompare(ours[:], theirs[:]) != 1:
		return fmt.Errorf("%w from worker %.64q", ErrSecret, hello.GetName())
	case hello.Name == "" || len(hello.Name) > maxName || hello.Instance == "":
		return fmt.Errorf("%w: name %.64q, instance %.64q", ErrHello, hello.Name, hello.Instance)
	case hello.Epoch > h.cfg.Epoch:
		return fmt.Errorf("%w: ours is %d, worker %q has obeyed %d", ErrEpoch, h.cfg.Epoch, hello.Name, hello.Epoch)
	}
	hello.Secret = ""
	h.mu.Lock()
	s := h.seats[hello.Name]
	if s == nil && !h.closed {
		s = newSeat(h, hello.Name)
		h.seats[hello.Name] = s
	}
	h.mu.Unlock()
	if s == nil {
		return ErrClosed
	}
	l.hello = hello
	return s.take(l, hello)
}

// detect is the clock of all links: it sends heartbeats and counts missed ones. A tick
// that comes late itself proves nothing about the others, so counting starts anew.
func (h *Hub) detect() {
	t := time.NewTicker(h.cfg.Heartbeat)
	defer t.Stop()
	for last := time.Now(); ; {
		select {
		case <-h.stop:
			return
		case <-t.C:
		}
		now := time.Now()
		late := now.Sub(last) > h.cfg.Heartbeat*3/2
		last = now
		h.mu.Lock()
		for l := range h.links {
			l.tick(late)
		}
		h.mu.Unlock()
	}
}
