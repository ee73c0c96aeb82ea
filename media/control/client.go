package control

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"
)

const (
	defaultPatience = 500 * time.Millisecond
	firstBackOff    = 50 * time.Millisecond
	lastBackOff     = 100 * time.Millisecond
	fleetBackOff    = 100 * time.Millisecond // where another brain takes over meanwhile
	calmAtStart     = time.Second            // a brain is only starting, or its successor
	calmAfterEnd    = 15 * time.Second       // one that ended in order: this worker is told to end next
	countersEvery   = time.Second
)

// Conn is the worker's end of a connection. Close ends a Send and a Recv under way;
// it may be called from any goroutine, more than once.
type Conn interface {
	Send(*ToBrain) error
	Recv() (*ToWorker, error)
	Close()
}

// Dialer opens a connection: DialGRPC's, or Hub.Attach in memory.
type Dialer func(context.Context) (Conn, error)

// ClientConfig is what a Client needs; zero values of the last three are usable.
type ClientConfig struct {
	Dial   Dialer
	Secret string
	// Alone is how long the worker may carry on without any brain before Run ends with
	// ErrAlone; 0: for ever.
	Alone    time.Duration
	Patience time.Duration // silence of the brain before dialling anew; 0: 500 ms
	Queue    int           // events that may wait for a brain; 0: 8192
	Log      *slog.Logger  // nil: none
}

// ClientCounters count since the Client was made.
type ClientCounters struct {
	Dials         uint64
	OlderEpochs   uint64 // messages refused
	EventsDropped uint64 // the queue was full of what no brain has heard
}

// Client is a worker process's end of its link. Make it first, give it to the worker
// as its Reporter, then Run it with the worker.
type Client struct {
	cfg      ClientConfig
	instance string
	events   eventQueue
	stows    stows     // of the link's goroutine
	epoch    uint64    // highest obeyed; of the link's goroutine
	welcomed bool      // the latest connection was
	parted   time.Time // the last brain was lost; zero: none yet
	calm     time.Time // until then nobody is told that there is no brain

	dials, older atomic.Uint64
}

// NewClient makes a Client of a new instance.
func NewClient(cfg ClientConfig) *Client {
	if cfg.Patience <= 0 {
		cfg.Patience = defaultPatience
	}
	if cfg.Queue <= 0 {
		cfg.Queue = defaultEvents
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Client{cfg: cfg, instance: rand.Text(), events: newEventQueue(cfg.Queue), stows: stows{parcels: map[string]*Parcel{}}}
}

// Report implements Reporter; it may be called from any goroutine and owns e from
// here on. Events wait until a brain has them in safety.
func (c *Client) Report(e *Event) { c.events.put(e) }

// Counters may be called from any goroutine.
func (c *Client) Counters() ClientCounters {
	return ClientCounters{Dials: c.dials.Load(), OlderEpochs: c.older.Load(), EventsDropped: c.events.dropped()}
}

// Run serves w until ctx is done (nil) or the brain has given this instance up
// (ErrReplaced), or none is there for too long (ErrAlone): then the process must end
// and start anew. Everything else is dialled
// through, after 50 to 100 ms. All methods of w are called on this goroutine.
func (c *Client) Run(ctx context.Context, w Worker) error {
	c.calm = time.Now().Add(calmAtStart)
	last := lastBackOff
	if c.cfg.Alone > 0 {
		last = fleetBackOff
	}
	for wait := firstBackOff; ; wait = min(2*wait, last) {
		c.welcomed = false
		c.stows.expire()
		err := c.connect(ctx, w)
		if ctx.Err() != nil {
			return nil
		}
		if errors.Is(err, ErrReplaced) {
			return err
		}
		if c.welcomed {
			wait, c.parted = firstBackOff, time.Now()
			c.stows.left = c.parted
		}
		if c.cfg.Alone > 0 && !c.parted.IsZero() && time.Since(c.parted) > c.cfg.Alone {
			return fmt.Errorf("%w for %v", ErrAlone, c.cfg.Alone)
		}
		c.tell(err, wait)
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			t.Stop()
			return nil
		case <-t.C:
		}
	}
}

// tell logs why there is no brain. One that closed in order, or is not there yet, is
// nothing to worry about for a while.
func (c *Client) tell(why error, wait time.Duration) {
	level, what := slog.LevelWarn, "no brain"
	switch {
	case errors.Is(why, errDial) && time.Now().Before(c.calm):
		level = slog.LevelDebug
	case errors.Is(why, ErrClosed):
		level, what = slog.LevelInfo, "the brain has ended"
		c.calm = time.Now().Add(calmAfterEnd)
	case errors.Is(why, errDial):
		c.calm = time.Now().Add(calmAfterEnd) // said now and then: it is tried ten times a second
	case c.welcomed:
		what = "brain lost"
		c.calm = time.Now().Add(calmAtStart)
	}
	c.cfg.Log.Log(context.Background(), level, what, "why", why, "again", wait)
}

// connect is one connection's life.
func (c *Client) connect(ctx context.Context, w Worker) error {
	c.dials.Add(1)
	s, err := c.cfg.Dial(ctx)
	if err != nil {
		return fmt.Errorf("%w: %w", errDial, err)
	}
	l := &clientLink{client: c, worker: w, stream: s, in: make(chan *ToWorker), quit: make(chan struct{}), read: make(chan struct{})}
	defer l.close()
	defer context.AfterFunc(ctx, s.Close)()
	hello := w.Hello()
	hello.Secret, hello.Epoch, hello.Instance = c.cfg.Secret, c.epoch, c.instance
	// A dead man's switch: whatever blocks, silence of the brain ends the connection.
	l.silence = time.AfterFunc(max(c.cfg.Patience, time.Second), l.giveUp)
	go l.receive()
	if err := s.Send(&ToBrain{Body: &ToBrain_Hello{Hello: hello}}); err != nil {
		return l.reason(err)
	}
	return l.run()
}
