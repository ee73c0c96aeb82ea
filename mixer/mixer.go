package mixer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/media/kernel"
	"github.com/callwright/callwright/media/trunk"
	"github.com/callwright/callwright/mixer/prompt"
)

// Config is what a Mixer is made of. Trunk and Report are needed.
type Config struct {
	Name    string
	Version string // of the program, told in the Hello
	Secret  string // of this start of the engine, told in the Hello

	Trunk      trunk.Conn // closed by Run
	Prompts    string     // directory; empty: none
	Recordings string     // directory, made if missing; empty: none
	Cache      string     // directory for what is fetched or spoken; empty: neither is done
	Say        string     // command or URL that speaks; see prompt.NewSpeaker; empty: none
	Report     control.Reporter

	// Capacity is the most members, whatever the machine; 0: 20000. What the machine can
	// bear the tick finds out: see Full.
	Capacity int
	// Rests lets the tick rest while nobody speaks and nothing plays or records: then
	// members get no frames. Phones of people must hear frames always; those of tests
	// in virtual time need not, and an hour of waiting costs nothing. The Trunk must be
	// one in memory.
	Rests   bool
	Kernels *kernel.Kernels // nil: the best of this machine
}

const defaultCapacity = 20000

// Mixer is one worker. It implements control.Worker.
type Mixer struct {
	cfg      Config
	instance string
	count    *counters
	tick     *ticker
	desk     *desk

	mu      sync.Mutex
	counted time.Time
}

var _ control.Worker = (*Mixer)(nil)

// New opens the directories; Run starts the work.
func New(cfg Config) (*Mixer, error) {
	if cfg.Trunk == nil || cfg.Report == nil {
		return nil, errors.New("mixer: Trunk and Report are needed")
	}
	if cfg.Capacity <= 0 {
		cfg.Capacity = defaultCapacity
	}
	if cfg.Kernels == nil {
		cfg.Kernels = kernel.Best()
	}
	roots, err := openRoots(cfg.Prompts, cfg.Recordings)
	if err != nil {
		return nil, err
	}
	m := &Mixer{cfg: cfg, instance: random(), count: new(counters)}
	m.tick = newTicker(cfg.Trunk, cfg.Kernels, m.count)
	table := newTable()
	m.tick.receive = newReceiver(m.tick, table)
	if m.tick.rests = cfg.Rests; cfg.Rests {
		m.tick.phase = period
	}
	m.desk = newDesk(cfg, roots, m.tick, table, m.count)
	if cfg.Cache != "" {
		say, err := prompt.NewSpeaker(cfg.Say)
		if err != nil {
			return nil, err
		}
		if m.desk.cache, err = prompt.NewCache(cfg.Cache, say); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func openRoots(prompts, recordings string) (prompt.Roots, error) {
	var r prompt.Roots
	var err error
	if prompts != "" {
		if r.Prompts, err = os.OpenRoot(prompts); err != nil {
			return r, fmt.Errorf("mixer: prompts: %w", err)
		}
	}
	if recordings == "" {
		return r, nil
	}
	if err = os.MkdirAll(recordings, 0o750); err == nil {
		r.Recordings, err = os.OpenRoot(recordings)
	}
	if err != nil {
		if r.Prompts != nil {
			r.Prompts.Close()
		}
		return r, fmt.Errorf("mixer: recordings: %w", err)
	}
	return r, nil
}

// Run works until ctx ends (nil) or the trunk fails. On its return all recordings are
// closed, all goroutines ended, and the trunk is closed.
func (m *Mixer) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	failed := make(chan error, 1)
	wg.Go(func() { failed <- m.tick.run(ctx) })
	if w, ok := m.cfg.Trunk.(waiter); ok && m.cfg.Rests {
		wg.Go(func() { m.tick.watch(ctx, w) })
	}
	wg.Go(func() { m.reportTalks(ctx) })
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	cancel()
	m.desk.close()
	m.cfg.Trunk.Close()
	wg.Wait()
	return err
}

// Hello implements control.Worker.
func (m *Mixer) Hello() *control.Hello {
	return &control.Hello{
		Kind: control.Kind_MIXER, Name: m.cfg.Name, Version: m.cfg.Version, Secret: m.cfg.Secret,
		Capacity: uint32(m.cfg.Capacity), Trunk: m.cfg.Trunk.LocalAddr().String(),
		Pid: uint32(os.Getpid()), Epoch: m.desk.obeyed(), Instance: m.instance,
	}
}

// Obey implements control.Worker.
func (m *Mixer) Obey(epoch uint64, t *control.Turn) { m.desk.obey(epoch, t) }

// Load implements control.Worker; the counters come once a second.
func (m *Mixer) Load() (uint32, []*control.Counter) {
	n := uint32(m.desk.load())
	m.mu.Lock()
	defer m.mu.Unlock()
	if now := time.Now(); m.counted.IsZero() || now.Sub(m.counted) >= time.Second {
		m.counted = now
		return n, m.count.list(m.cfg.Trunk.Counters())
	}
	return n, nil
}

// Full implements control.Fillable: the tick has no time for more.
func (m *Mixer) Full() bool { return m.tick.strain.full.Load() }

// Connected implements control.Worker: a newer brain finds nothing of an older one.
func (m *Mixer) Connected(epoch uint64) { m.desk.begin(epoch) }

// Disconnected implements control.Worker: audio goes on.
func (m *Mixer) Disconnected(string) {}
