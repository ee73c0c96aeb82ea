package engine

import (
	"context"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/callwright/callwright/engine/call"
	"github.com/callwright/callwright/engine/events"
	"github.com/callwright/callwright/engine/fetch"
	"github.com/callwright/callwright/engine/file"
	"github.com/callwright/callwright/engine/flow"
	"github.com/callwright/callwright/engine/keep"
	"github.com/callwright/callwright/engine/parcel"
	"github.com/callwright/callwright/engine/registrar"
	"github.com/callwright/callwright/engine/resolve"
	"github.com/callwright/callwright/engine/script"
	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/sandbox"
)

// Wire sends SIP messages. Send never blocks; what cannot be sent comes back as a
// call.SendFailed in the inbox.
type Wire interface {
	Send(call.Send)
}

// Config is what an Engine is made of. Log, Wire, Workers, Scripts
// and Secret must be set.
type Config struct {
	Log     *slog.Logger
	Wire    Wire
	Workers control.Commander
	Scripts *script.Catalogue
	// Commit calls done once all state written so far is on disk on a majority.
	// Nil: state lives in memory and a commit succeeds at once.
	Commit func(done func(error))
	// Fetch performs scripts' HTTP requests and tells the result once, from another
	// goroutine; it must not block. Nil: there are none.
	Fetch func(fetch.Request, func(fetch.Result))
	// Sockets are scripts' WebSocket connections. Nil: there are none.
	Sockets Sockets
	// MayFetch says whether an app may have audio fetched from a host and port, or sent
	// there; private: an address that is not public. Nil: none may.
	MayFetch func(app, hostport string, private bool) error
	// Files reads and writes scripts' files, secrets and environment; as Fetch. Nil: there
	// are none.
	Files func(file.Request, func(file.Result))
	// Watch asks for changes of state at a path, or no longer, without blocking; they
	// come by StateChanged. Nil: none come.
	Watch func(path []string, on bool)
	// Keep holds kv and the apps' schedules. Nil: in memory.
	Keep *keep.Keep
	// Registrar takes REGISTER, and knows where users are. Nil: one that knows no users.
	Registrar *registrar.Registrar
	// Resolve finds where a name of a SIP URI leads and tells it once, from another
	// goroutine; it must not block. Nil: only literal addresses can be called.
	Resolve func(uri string, done func([]resolve.Target, error))
	// Local is the address of ours that a transport sends to a peer from; "": it has
	// none. Nil: the wire chooses.
	Local func(transport string, to netip.Addr) string
	// Contact is the URI that peers reach us by, for a listener's address.
	Contact func(call.Flow) string
	// Events keeps what becomes of calls, conferences, scripts and workers, for the
	// operator; nil: nothing does.
	Events    *events.Ring[events.Event]
	UserAgent string
	// Sealer seals what the workers keep of calls, so that calls outlive this brain; nil:
	// nothing is kept, and nothing waits for being kept.
	Sealer *parcel.Sealer
	// Recover says what to take up of the brain before. Its zero value: nothing.
	Recover Recover
	// Epoch grows with each start of a brain on the same state.
	Epoch uint64
	// MaxCalls is how many calls are up at once before INVITEs get 503. 0: 20,000.
	MaxCalls int
	// Secret seeds tags, branches, SSRCs and trunk tokens.
	Secret [32]byte
}

// Engine is the brain's inside. Make it with New, feed it, Run it.
type Engine struct {
	inbox *inbox
	shard *shard
	done  chan struct{}
}

// New makes an engine; nothing happens before Run, but values may be put in.
func New(c Config) *Engine {
	if c.MaxCalls == 0 {
		c.MaxCalls = 20_000
	}
	if c.Keep == nil {
		c.Keep = keep.New(nil)
	}
	if c.Registrar == nil {
		c.Registrar = registrar.New(time.Now(), registrar.Config{Keep: c.Keep, Seed: c.Secret})
	}
	e := &Engine{inbox: newInbox(), done: make(chan struct{})}
	e.shard = newShard(c, e.inbox)
	return e
}

// Receive is the sink of the SIP edge.
func (e *Engine) Receive(in call.Input) { e.inbox.put(in) }

// Worker is the sink of the workers' hub.
func (e *Engine) Worker(ev control.HubEvent) { e.inbox.put(ev) }

// Deliver is where isolates put what an activation did.
func (e *Engine) Deliver(r sandbox.Result) { e.inbox.put(r) }

// StateChanged is told what has changed at a watched path of state.
func (e *Engine) StateChanged(c sandbox.Change) { e.inbox.put(flow.StateChanged{Change: c}) }

// ScriptsChanged tells that a reload came to an end.
func (e *Engine) ScriptsChanged(o script.Outcome) { e.inbox.put(o) }

// Run is the shard's goroutine. It returns when ctx is done; calls that are up by
// then are simply left (see Shutdown).
func (e *Engine) Run(ctx context.Context) {
	defer close(e.done)
	defer e.inbox.close()
	if e.shard.stows != nil {
		var packer sync.WaitGroup
		packer.Go(e.shard.stows.packAll)
		defer packer.Wait()
		defer close(e.shard.stows.pack)
	}
	e.shard.begin(time.Now())
	clock := time.NewTimer(0)
	defer clock.Stop()
	var spare []any
	for {
		select {
		case <-ctx.Done():
			return
		case <-e.inbox.wake:
		case <-clock.C:
		}
		values, waited := e.inbox.take(spare)
		e.shard.judge(waited)
		for _, v := range values {
			e.shard.turn(time.Now(), v)
		}
		clear(values)
		spare = values
		e.shard.fire(time.Now())
		e.shard.release()
		if at, ok := e.shard.timers.next(); ok {
			clock.Reset(time.Until(at))
		}
	}
}
