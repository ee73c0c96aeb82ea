package fleet

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"github.com/callwright/callwright/engine/parcel"
	"github.com/callwright/callwright/media/control"
)

// Errors of placement. Callers answer 503 with them.
var (
	ErrNoSBC   = errors.New("fleet: no SBC is up")
	ErrNoPort  = errors.New("fleet: every SBC is full")
	ErrNoMixer = errors.New("fleet: no mixer is up with room for one more")
	ErrUnknown = errors.New("fleet: unknown")
	ErrApart   = errors.New("fleet: the two are on different SBCs")
)

// Worker is one live worker.
type Worker struct {
	Name     string
	Kind     control.Kind
	Instance string
	Version  string
	Pid      uint32
	Capacity int
	Load     int  // as the worker itself says
	Full     bool // says the worker: it gets nothing new
	Trunk    string
	Media    netip.Addr // SBC
	Since    time.Time
	ports    ring // SBC: free RTP ports
	carried  int  // calls placed on it
	counters []*control.Counter
	draining bool      // carries nothing more
	heard    uint64    // its events, up to this one
	dead     bool      // a successor of the same name is another Worker
	beaten   time.Time // its last sign of life
	linked   time.Time // its connection of now began
}

// Place is where one call's media lives.
type Place struct {
	Call  string
	SBC   string
	Local netip.AddrPort // RTP address and port that the SDP shows
	Mixer string
	SSRC  uint32 // of the trunk stream
	Token uint64 // of the trunk stream
	// Public is the SSRC that the phone sees: never the trunk's, which is nobody's
	// business outside.
	Public uint32

	Stream *control.Stream // target state last commanded, nil: none
	Member *control.Member

	Latched string // where the phone's packets come from, if not from where it said
	Line    line   // of what the phone is sent

	joined string  // the call whose stream hears this one's, past the mixer
	sbc    *Worker `freeze:"-"`
	left   left    `freeze:"-"`
	mixer  *Worker `freeze:"-"`
}

// Room is where one room is mixed.
type Room struct {
	ID    string
	Rate  int
	Mixer string
	State *control.Room // last commanded

	mixer *Worker `freeze:"-"`
}

// Fleet is all workers of one brain. The zero value is not usable; see New.
type Fleet struct {
	workers map[string]*Worker
	places  map[string]*Place
	rooms   map[string]*Room
	ssrcs   map[uint32]bool
	lost    map[string]*Worker // not up, with what waits for a process of that name
	now     time.Time          // of the turn
	random  *rand.ChaCha8
	nextID  uint64
	scheme  *parcel.Scheme
}

// New returns an empty fleet. The seed feeds SSRCs and tokens: it must be secret
// where strangers can reach the trunk.
func New(seed [32]byte) *Fleet {
	return &Fleet{
		workers: map[string]*Worker{},
		places:  map[string]*Place{},
		rooms:   map[string]*Room{},
		ssrcs:   map[uint32]bool{},
		lost:    map[string]*Worker{},
		random:  rand.NewChaCha8(seed),
		scheme:  parcel.NewScheme(),
	}
}

// At is the time of the turn that begins.
func (f *Fleet) At(now time.Time) { f.now = now }

// Up takes in a worker. One of the same name is replaced: its calls must have been
// taken out by Down before.
func (f *Fleet) Up(h *control.Hello, now time.Time) error {
	w := &Worker{
		Name: h.Name, Kind: h.Kind, Instance: h.Instance, Version: h.Version,
		Pid: h.Pid, Capacity: int(h.Capacity), Trunk: h.Trunk, Since: now, beaten: now, linked: now,
	}
	switch h.Kind {
	case control.Kind_SBC:
		addr, err := netip.ParseAddr(h.Media)
		if err != nil {
			return fmt.Errorf("fleet: %s: media address %q: %w", h.Name, h.Media, err)
		}
		w.Media = addr
		if err := w.ports.fill(h.FirstPort, h.Ports); err != nil {
			return fmt.Errorf("fleet: %s: %w", h.Name, err)
		}
	case control.Kind_MIXER:
	default:
		return fmt.Errorf("fleet: %s: kind %v is neither SBC nor mixer", h.Name, h.Kind)
	}
	f.workers[h.Name] = w
	return nil
}

// Down forgets a worker and returns the calls and rooms that still have their place on
// it, sorted. The
// rooms are gone; the calls keep their places until FreeCall, and what is commanded
// there meanwhile goes nowhere.
func (f *Fleet) Down(name string) (calls, rooms []string) {
	w := f.workers[name]
	if w == nil {
		w = f.lost[name]
		delete(f.lost, name)
	}
	if w == nil {
		return nil, nil
	}
	w.dead = true
	for id, p := range f.places {
		if p.sbc == w || p.mixer == w {
			calls = append(calls, id)
		}
	}
	for id, r := range f.rooms {
		if r.mixer == w {
			rooms = append(rooms, id)
			delete(f.rooms, id)
		}
	}
	if f.workers[name] == w {
		delete(f.workers, name)
	}
	slices.Sort(calls)
	slices.Sort(rooms)
	return calls, rooms
}

// Beat notes what a worker's heartbeat said.
func (f *Fleet) Beat(name string, b *control.Heartbeat) {
	w := f.workers[name]
	if w == nil {
		return
	}
	w.Load, w.Full, w.beaten = int(b.Load), b.Full, f.now
	if len(b.Counters) > 0 {
		w.counters = b.Counters
	}
}

// Workers returns the live workers, by name, for the eyes of an operator.
func (f *Fleet) Workers() []Worker {
	var ws []Worker
	for _, w := range f.workers {
		ws = append(ws, *w)
	}
	slices.SortFunc(ws, func(a, b Worker) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return ws
}

// Counters are the worker's own, as last told; shared, not to be changed.
func (w *Worker) Counters() []*control.Counter { return w.counters }

// Carried is how many calls are placed on the worker.
func (w *Worker) Carried() int { return w.carried }

// leastBusy is the live worker of a kind with a place left that carries least;
// ties go to the first name, so that the choice is the same on every run.
func (f *Fleet) leastBusy(kind control.Kind, free func(*Worker) bool) *Worker {
	var best *Worker
	for _, w := range f.workers {
		if w.Kind != kind || !free(w) {
			continue
		}
		if best == nil || w.carried < best.carried || w.carried == best.carried && w.Name < best.Name {
			best = w
		}
	}
	return best
}

func (f *Fleet) has(kind control.Kind) bool {
	for _, w := range f.workers {
		if w.Kind == kind {
			return true
		}
	}
	return false
}
