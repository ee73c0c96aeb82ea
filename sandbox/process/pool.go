package process

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/callwright/callwright/sandbox"
)

// DefaultHeap is what scripts may take in a child, their garbage with it. With what
// a Go process has from its start that makes RLIMIT_DATA some 256 MB.
const DefaultHeap = 192 << 20

var (
	// ErrClosed: the pool has been closed.
	ErrClosed = errors.New("process: the pool is closed")
	// ErrDied: a child ended while it loaded an app, and not by the app's fault.
	ErrDied = errors.New("process: a script host ended")
)

// Config is what a Pool is made of. Faces must be set.
type Config struct {
	Faces []sandbox.Face
	State *sandbox.State // nil: one of its own
	// Heap is what an app may take that says nothing else, in bytes; 0: DefaultHeap.
	Heap int64
	// Command starts a child: a program whose Main is ours. Nil: this program, with
	// Command.
	Command []string
	Log     *slog.Logger // nil: slog.Default
}

// Pool starts children for the generations of one brain and keeps one ahead.
type Pool struct {
	cfg Config

	mu     sync.Mutex
	spare  *child
	all    map[*child]struct{} // that live
	closed bool
}

// NewPool makes a pool and starts its first child.
func NewPool(cfg Config) (*Pool, error) {
	if cfg.Heap == 0 {
		cfg.Heap = DefaultHeap
	}
	if cfg.State == nil {
		cfg.State = sandbox.NewState(nil)
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Command == nil {
		self, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("process: %w", err)
		}
		cfg.Command = []string{self, Command}
	}
	p := &Pool{cfg: cfg, all: map[*child]struct{}{}}
	var err error
	p.spare, err = p.start()
	return p, err
}

// start makes a child. It runs under mu, or before anybody else has the pool.
func (p *Pool) start() (*child, error) {
	c, err := newChild(p.cfg.Command, p.cfg.Faces, p.cfg.State)
	if err != nil {
		return nil, err
	}
	p.all[c] = struct{}{}
	go func() {
		<-c.over
		p.mu.Lock()
		delete(p.all, c)
		p.mu.Unlock()
	}()
	return c, nil
}

// take returns a child that has no program yet: the one ahead, when it lives. It never
// waits. Whoever takes it calls ahead once it has loaded: a realm in the making, which is
// 10 ms of a processor's, must not compete with a load that calls wait for.
func (p *Pool) take() (*child, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, ErrClosed
	}
	c := p.spare
	p.spare = nil
	if c != nil {
		select {
		case <-c.over:
			c = nil
		default:
		}
	}
	if c == nil {
		return p.start()
	}
	return c, nil
}

// ahead starts the next child, unless there is one.
func (p *Pool) ahead() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.spare != nil {
		return
	}
	spare, err := p.start()
	if err != nil {
		p.cfg.Log.Warn("no script host could be started ahead", "error", err)
		return
	}
	p.spare = spare
}

// Load builds an app and runs its top level once, in a child of its own; see
// sandbox.Load. Faces and State of the options are the pool's.
func (p *Pool) Load(src sandbox.AppSource, opts sandbox.Options) (*Generation, error) {
	program, err := sandbox.Bundle(src, p.cfg.Faces)
	if err != nil {
		return nil, err
	}
	return p.Open(program, opts)
}

// Open is Load for a program that is built; see sandbox.Open.
func (p *Pool) Open(program *sandbox.Program, opts sandbox.Options) (*Generation, error) {
	if opts.Budget == 0 {
		opts.Budget = sandbox.DefaultBudget
	}
	if opts.LoadBudget == 0 {
		opts.LoadBudget = max(sandbox.DefaultLoadBudget, opts.Budget)
	}
	g := &Generation{pool: p, program: program, budget: opts.Budget, units: map[string]*resident{}, deliver: opts.Deliver}
	if g.deliver == nil {
		g.deliver = func(sandbox.Result) {}
	}
	opts.Faces, opts.State, opts.Store, opts.Warm, opts.Deliver = p.cfg.Faces, nil, nil, nil, nil
	if opts.Heap == 0 {
		opts.Heap = p.cfg.Heap
	}
	g.order = order{Program: *program, Options: opts}
	return g, g.first()
}

// Close ends all children and waits for them. Generations that are not stopped lose
// their units without a word.
func (p *Pool) Close() {
	p.mu.Lock()
	p.closed = true
	var all []*child
	for c := range p.all {
		all = append(all, c)
	}
	p.mu.Unlock()
	for _, c := range all {
		c.discard()
	}
	for _, c := range all {
		<-c.over
	}
}

// retryAfter is how long deaths without a guilty unit are remembered, and mortal how
// many of them in that time refuse a generation.
const (
	retryAfter = 10 * time.Second
	mortal     = 3
)
