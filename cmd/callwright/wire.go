package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"path/filepath"
	"sync"
	"time"

	"github.com/callwright/callwright/engine"
	"github.com/callwright/callwright/engine/call"
	"github.com/callwright/callwright/engine/cluster"
	"github.com/callwright/callwright/engine/events"
	"github.com/callwright/callwright/engine/fetch"
	"github.com/callwright/callwright/engine/file"
	"github.com/callwright/callwright/engine/keep"
	"github.com/callwright/callwright/engine/parcel"
	"github.com/callwright/callwright/engine/registrar"
	"github.com/callwright/callwright/engine/resolve"
	"github.com/callwright/callwright/engine/script"
	"github.com/callwright/callwright/engine/signal"
	"github.com/callwright/callwright/engine/ws"
	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/sandbox"
	"github.com/callwright/callwright/sandbox/process"
)

// product is the Server header of what we answer.
const product = "Callwright"

// brainParts are what differs between a brain in production and one in a test: the
// rest of the wiring is the same code.
type brainParts struct {
	Scripts string // directory
	State   string // directory of the state log; "": in memory
	// Tree is what a dead brain of the same process has left; nil: what the log tells.
	Tree *sandbox.State
	Name string // in the log; "": brain
	// Group is who shares the log; nil: nobody. Await is then called once all but the acting
	// is made, and returns when this brain leads.
	Group *cluster.Group
	Await func(*brain) error
	// Versions is where scripts' versions are kept; "": in memory.
	Versions string
	// Files is the directory of apps' own files and secrets; "": there are none.
	Files string
	// Sealer seals what workers keep of calls; nil: calls end with this brain. Workers
	// names those that may keep some of a brain before.
	Sealer  *parcel.Sealer
	Workers []string
	Epoch   uint64 // 0: the state's
	Warm    int    // isolates made ahead, for the next reload
	Secret  string // that workers' Hello must bear
	Allow   []netip.Prefix
	// Users is a file of the users who may register; "": apps alone know some.
	Users  string
	Digest []string // algorithms; nil: MD5
	// Security is of listeners and calls over TLS and WebSocket.
	Security security
	Missed   int                       // heartbeats a worker may miss before it counts as frozen; 0: the hub's default
	Excuse   func(*control.Hello) bool // of a silent worker; see control.HubConfig
	Log      *slog.Logger
	Isolate  bool // apps in processes of their own, unless their manifests opt out
	// Fetch says what hosts apps may send requests to; nil: those in their manifests.
	Fetch func(app, hostport string, private bool) error
	// Web carries the requests of scripts; nil: the network.
	Web http.RoundTripper
	// Dial opens the WebSocket connections of scripts; nil: on the network.
	Dial func(context.Context, ws.Request) (ws.Conn, error)
	// Resolve finds where SIP URIs with a name lead; nil: by DNS.
	Resolve func(uri string, done func([]resolve.Target, error))
	// Coverage counts the lines of scripts that run; nil: nobody does.
	Coverage *sandbox.Coverage
	// Heartbeat is how often workers and brain tell each other that they live; 0: the
	// hub's default.
	Heartbeat time.Duration
	// Observe sees what each activation did before the engine does; nil: nobody.
	Observe func(sandbox.Result)
	// Kill asks a supervisor to end a worker that no longer answers; nil: there is
	// none.
	Kill func(worker string)
}

// brain is the joined rooms of one brain. This file and the two workers' are the
// only ones that know them all.
type brain struct {
	log     *slog.Logger
	engine  *engine.Engine
	edge    *signal.Edge
	hub     *control.Hub
	scripts *script.Catalogue
	pool    *process.Pool // of script hosts; nil when all share this process
	state   *cluster.Store
	tree    *sandbox.State // what scripts see of it
	kept    *keep.Keep
	shelf   *script.Shelf // versions that brains share
	fetch   *fetch.Edge
	sockets *ws.Edge
	files   *file.Edge
	operate *operator

	security security

	logs   *events.Ring[events.Line]
	events *events.Ring[events.Event]
	past   *events.Ring[written]
	states *states

	end  context.CancelFunc
	runs sync.WaitGroup

	mu      sync.Mutex
	up      map[control.Kind]bool // kinds that have been up
	exited  map[string]bool       // workers whose process is known to have ended
	closing bool
	staffed chan struct{} // closed once an SBC and a mixer have been up
}

// joinBrain makes a brain that runs but listens nowhere yet. Close ends it.
func joinBrain(p brainParts) (*brain, error) {
	logs := events.NewRing[events.Line](events.KeptLines)
	p.Log = slog.New(events.NewHandler(logs, p.Log.Handler()))
	b := &brain{log: p.Log, logs: logs, up: map[control.Kind]bool{}, exited: map[string]bool{}, staffed: make(chan struct{})}
	b.security = p.Security
	b.events = events.NewRing[events.Event](events.KeptEvents)
	b.past = events.NewRing[written](keptBatches)
	b.fetch = fetch.New(fetch.Config{Allow: b.mayFetch(p.Fetch), Transport: p.Web, UserAgent: product})
	b.sockets = ws.New(ws.Config{Allow: b.mayConnect(p.Fetch), Dial: p.Dial, UserAgent: product})
	b.files = b.openFiles(p.Files)
	b.kept = keep.New(func(batch sandbox.Batch) { b.state.Submit(batch) })
	b.shelf = script.NewShelf(func(batch sandbox.Batch) { b.state.Submit(batch) })
	tree, err := b.openState(p)
	if err != nil {
		return nil, err
	}
	if err := b.openScripts(p, tree); err != nil {
		return nil, errors.Join(err, b.state.Close())
	}
	if p.Await != nil {
		if err := p.Await(b); err != nil {
			return nil, errors.Join(err, b.forget())
		}
	}
	epoch := cmp.Or(p.Epoch, b.state.Epoch())
	b.hub = control.NewHub(control.HubConfig{
		Epoch: epoch, Secret: p.Secret, Missed: p.Missed, Heartbeat: p.Heartbeat, Excuse: p.Excuse, Log: p.Log,
		Sink: func(e control.HubEvent) { b.heard(e, p.Kill) },
	})
	users, err := openUsers(p.Users)
	if err != nil {
		return nil, errors.Join(err, b.forget())
	}
	phones := registrar.New(time.Now(), registrar.Config{Keep: b.kept, User: users, Algorithms: p.Digest, Seed: secret()})
	b.edge = signal.New(signal.Config{
		Sink: func(in call.Input) { b.engine.Receive(in) }, Allow: allowed(p.Allow), Log: p.Log, UserAgent: product,
		Admit: admitted(phones), TLS: p.Security.client, Origins: p.Security.origins,
	})
	b.engine = engine.New(engine.Config{
		Log: p.Log, Wire: leasedWire{b.edge, b.state}, Workers: leasedHub{b.hub, b.state}, Scripts: b.scripts, Commit: b.state.CommitAsync,
		UserAgent: product, Epoch: epoch, Sealer: p.Sealer, Recover: engine.Recover{Workers: p.Workers}, Secret: secret(), Events: b.events, Keep: b.kept, Registrar: phones, Fetch: b.leased(b.fetch.Do), Files: b.files.Do, MayFetch: b.mayFetch(p.Fetch), Watch: tree.Watch,
		Sockets: leasedSockets{b.sockets, b.state},
		Resolve: p.resolve(), Local: b.edge.Local,
	})
	b.scripts.Changed = b.engine.ScriptsChanged
	b.states = &states{tree: tree, store: b.state, past: b.past}
	b.operate = &operator{engine: b.engine, scripts: b.scripts, edge: b.edge}
	tree.OnChange(b.engine.StateChanged)
	ctx, cancel := context.WithCancel(context.Background())
	b.end = cancel
	b.runs.Go(func() { b.engine.Run(ctx) })
	for _, o := range b.scripts.Loaded() {
		b.engine.ScriptsChanged(o)
	}
	return b, nil
}

func (p *brainParts) resolve() func(string, func([]resolve.Target, error)) {
	if p.Resolve != nil {
		return p.Resolve
	}
	return resolve.New(nil).Find
}

// mayFetch asks the apps' manifests, unless somebody else is to say.
func (b *brain) mayFetch(other func(app, hostport string, private bool) error) func(app, hostport string, private bool) error {
	if other != nil {
		return other
	}
	return func(app, hostport string, private bool) error { return b.scripts.MayFetch(app, hostport, private) }
}

// mayConnect is mayFetch for WebSocket connections.
func (b *brain) mayConnect(other func(app, hostport string, private bool) error) func(app, hostport string, private bool) error {
	if other != nil {
		return other
	}
	return func(app, hostport string, private bool) error { return b.scripts.MayConnect(app, hostport, private) }
}

// openFiles is what scripts reach of this machine: `files` and `secrets` below the data
// directory, and what manifests name.
func (b *brain) openFiles(dir string) *file.Edge {
	c := file.Config{
		Folders: func(app string, write bool) ([]string, error) { return b.scripts.Folders(app, write) },
		Denied:  func(app, what, name string) error { return b.scripts.MayName(app, what, name) },
		Names:   func(app, what, name string) error { return b.scripts.MayName(app, what, name) },
	}
	if dir != "" {
		c.Dir, c.Secrets = filepath.Join(dir, "files"), filepath.Join(dir, "secrets")
	}
	return file.New(c)
}

// openState joins the tree that scripts see as `state` to the log beneath it.
func (b *brain) openState(p brainParts) (*sandbox.State, error) {
	tree, sink := p.Tree, func(batch sandbox.Batch) {
		b.state.Submit(batch)
		b.past.Put(wrote(batch))
	}
	if tree == nil {
		tree = sandbox.NewState(sink)
	}
	tree.Redirect(sink)
	open := cluster.Open
	if p.Group != nil {
		open = cluster.Join
	}
	store, err := open(cluster.Config{
		Dir: p.State, Name: p.Name, Group: p.Group, Log: p.Log, Restore: tree.Restore, Snapshot: tree.Snapshot, Apply: tree.Apply,
		Others: otherTrees(b.kept, b.shelf),
	})
	b.state, b.tree = store, tree
	return tree, err
}

// otherTrees are those beside `state` in the log.
func otherTrees(kept *keep.Keep, shelf *script.Shelf) map[string]cluster.Tree {
	return map[string]cluster.Tree{
		keep.Kind:        {Restore: kept.Restore, Snapshot: kept.Snapshot, Apply: kept.Apply},
		script.ShelfKind: {Restore: shelf.Restore, Snapshot: shelf.Snapshot, Apply: shelf.Apply},
	}
}

// heard takes what the hub tells.
func (b *brain) heard(e control.HubEvent, kill func(string)) {
	switch e.Kind {
	case control.Up:
		b.workerUp(e.Hello)
	case control.Down:
		if kill != nil && b.mayBeFrozen(e.Worker) {
			kill(e.Worker)
		}
	}
	b.engine.Worker(e)
}

func (b *brain) workerUp(h *control.Hello) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.exited, h.Name)
	if b.up[h.Kind] {
		return
	}
	b.up[h.Kind] = true
	if b.up[control.Kind_SBC] && b.up[control.Kind_MIXER] {
		close(b.staffed)
	}
}

// mayBeFrozen says whether a lost worker's process may still live and hold its
// ports: then it is ended before its successor binds them.
func (b *brain) mayBeFrozen(worker string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.exited[worker] && !b.closing
}

// bury takes the word of a supervisor that a worker's process has ended: sooner than
// any heartbeat could tell.
func (b *brain) bury(worker string) {
	b.mu.Lock()
	b.exited[worker] = true
	b.mu.Unlock()
	b.hub.Gone(worker)
}

// close hangs up all calls, waits for that up to grace, and ends every part.
func (b *brain) close(grace time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if err := b.engine.Stop(ctx); err != nil {
		b.log.Warn("not all calls were hung up in time", "error", err)
	}
	b.mu.Lock()
	b.closing = true
	b.mu.Unlock()
	b.edge.Close()
	b.hub.Close()
	b.end()
	b.runs.Wait()
	return b.forget()
}

// forget ends what a brain has before it acts.
func (b *brain) forget() error {
	b.fetch.Close()
	b.sockets.Shut()
	b.files.Close()
	b.scripts.Close()
	b.closePool()
	return b.state.Close()
}

// allowed is who may speak to us: loopback, and the networks an operator named.
func allowed(networks []netip.Prefix) func(netip.Addr) bool {
	return func(a netip.Addr) bool {
		a = a.Unmap()
		if a.IsLoopback() {
			return true
		}
		for _, n := range networks {
			if n.Contains(a) {
				return true
			}
		}
		return false
	}
}

func secret() (s [32]byte) {
	rand.Read(s[:]) // never fails (crypto/rand)
	return s
}

// sourceLine is the line of the author's file that an error is about.
func sourceLine(err error) string {
	var e *sandbox.ScriptError
	if errors.As(err, &e) {
		return e.Source
	}
	return ""
}
