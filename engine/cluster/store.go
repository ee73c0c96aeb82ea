package cluster

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
)

// Config says where the log is and what it keeps.
type Config struct {
	// Dir holds log, snapshots and lock; it is created. Empty: nothing is kept, every
	// commit succeeds, the epoch is 1 (tests, and brains without a data directory).
	Dir string
	// Name is this brain in the log, "brain" by default. A log belongs to its names.
	Name string
	Log  *slog.Logger // slog.Default() when nil
	// Group is who shares the log; nil: nobody, this brain is alone. It needs Dir.
	Group *Group

	// Restore replaces the tree by what Snapshot gave; the slice is the tree's to keep.
	Restore func(snapshot []byte) error
	// Snapshot returns the whole tree as it is between two batches. It is called from
	// raft's snapshot goroutine; the store drops the slice when it is written.
	Snapshot func() ([]byte, error)
	// Apply writes one batch of the log to the tree without submitting it again.
	// A batch that Snapshot's tree may or may not have comes again: the tree must know
	// it by Unit and Turn. An error refuses the start.
	Apply func(Batch) error

	// Others are further trees in the same log, by the Kind of their batches. Their
	// Apply must bear batches that the tree has already, in order. Batches and snapshots
	// of a kind that is not here are passed over, and lost with the next snapshot.
	Others map[string]Tree

	// SnapshotEvery is the bytes of log between snapshots, 16 MiB by default: it bounds
	// what a start must replay.
	SnapshotEvery int64

	segment int // bytes allotted ahead of the log, the least disk a store needs; tests take less
}

// Tree is what a kind of batches is kept in; see Config for its functions.
type Tree struct {
	Restore  func(snapshot []byte) error
	Snapshot func() ([]byte, error)
	Apply    func(Batch) error
}

// Store is an open log. All methods may be called from any goroutine.
type Store struct {
	cfg   Config
	log   *slog.Logger
	run   string // names this process run in entries
	epoch atomic.Uint64

	opened   time.Time    // what held counts from
	held     atomic.Int64 // end of the lease, on the monotonic clock
	acting   atomic.Bool  // Lead has returned
	before   Lead         // valid then
	lost     chan struct{}
	lostErr  error // valid once lost is closed
	loseOnce sync.Once
	silent   map[raft.ServerID]time.Time // members that do not answer us, under mu

	mu    sync.Mutex
	queue queue
	filed uint64 // refused batches that the snapshot under way holds

	raft      *raft.Raft // nil when nothing is kept
	transport raft.Transport
	machine   *machine
	disk      *disk
	lock      *os.File

	wake, keepWake chan struct{} // one pending wake-up each
	closing        chan struct{} // closed: give up instead of trying again
	mute           chan struct{} // closed: the transport is
	written, kept  chan struct{} // the goroutines have ended
	closeOnce      sync.Once
	endErr         error // why the queue was not emptied; read after written
	closeErr       error

	entries, snapshots, failures atomic.Uint64
	unknown                      atomic.Uint64 // batches and trees of kinds that are not ours
	logged                       atomic.Int64  // bytes of log since the last snapshot
	troubled                     atomic.Pointer[error]
}

// Open reads what is on disk into the tree and returns when this brain leads: Join and
// Lead, for who has nothing to do in between. Errors: ErrLocked, ErrCorrupt, ErrVersion,
// ErrNotMember, ErrNoLeader, ErrDisk, and those of the file system.
func Open(cfg Config) (*Store, error) {
	s, err := Join(cfg)
	if err != nil {
		return nil, err
	}
	if err := s.Lead(context.Background()); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Join reads what is on disk and returns while others may lead: the tree follows the
// log, and must not be written before Lead has returned. Errors are Open's. A lone
// brain is its own leader when it returns.
func Join(cfg Config) (*Store, error) {
	s := newStore(cfg)
	if cfg.Dir == "" {
		s.epoch.Store(1)
		s.acting.Store(true)
		close(s.kept)
		go s.write()
		return s, nil
	}
	err := s.openRaft()
	if err == nil && !s.shared() {
		err = s.elect()
	}
	if err != nil {
		s.giveUp()
		return nil, err
	}
	go s.keep()
	if s.shared() {
		go s.listen()
		if cfg.Group.Witness {
			go s.pass()
		}
	}
	return s, nil
}

func newStore(cfg Config) *Store {
	if cfg.Name == "" {
		cfg.Name = "brain"
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.SnapshotEvery == 0 {
		cfg.SnapshotEvery = 16 << 20
	}
	if cfg.segment == 0 {
		cfg.segment = 16 << 20
	}
	return &Store{
		cfg:      cfg,
		log:      cfg.Log,
		run:      rand.Text(),
		wake:     make(chan struct{}, 1),
		keepWake: make(chan struct{}, 1),
		closing:  make(chan struct{}),
		mute:     make(chan struct{}),
		lost:     make(chan struct{}),
		silent:   map[raft.ServerID]time.Time{},
		opened:   time.Now(),
		written:  make(chan struct{}),
		kept:     make(chan struct{}),
	}
}

// Epoch grows with each start and each change of leader: a command that bears a lower
// one is from a brain that is gone. It is 0 before Lead has returned.
func (s *Store) Epoch() uint64 { return s.epoch.Load() }

// Close writes what is queued, ends all goroutines and frees the directory. Its error
// says how many batches the disk did not take. Later calls return the same.
func (s *Store) Close() error {
	s.closeOnce.Do(func() { s.closeErr = s.close() })
	return s.closeErr
}

func (s *Store) close() error {
	s.mu.Lock()
	s.queue.closed = true
	s.mu.Unlock()
	close(s.closing)
	s.wakeWriter()
	if s.acting.Load() {
		<-s.written
	}
	<-s.kept
	if s.raft == nil {
		return nil
	}
	var healErr error
	if s.acting.Load() && s.gap() && s.Reason() == nil {
		healErr = s.snapshot()
	}
	s.closeTransport()
	close(s.mute)
	err := s.raft.Shutdown().Error()
	if s.endErr == nil {
		s.disk.markEnd()
	}
	return errors.Join(s.endErr, healErr, err, s.closeDisk())
}

// giveUp frees what a failed Open has taken.
func (s *Store) giveUp() {
	close(s.closing)
	if s.transport != nil {
		s.closeTransport()
	}
	close(s.mute)
	if s.raft != nil {
		s.raft.Shutdown().Error()
	}
	s.closeDisk()
}

func (s *Store) closeDisk() error {
	var err error
	if s.disk != nil {
		err = s.disk.close()
	}
	if s.lock != nil {
		err = errors.Join(err, s.lock.Close())
	}
	return err
}

// onTrouble is told by the disk of each failed attempt, and with nil of the first
// that succeeds.
func (s *Store) onTrouble(err error) {
	if err == nil {
		s.troubled.Store(nil)
		s.log.Info("cluster: the log is written again", "dir", s.cfg.Dir)
		return
	}
	if s.troubled.Swap(&err) == nil {
		s.log.Error("cluster: the log cannot be written, trying again", "dir", s.cfg.Dir, "err", err)
	}
	s.fail(err)
	if s.shared() && s.acting.Load() {
		s.lose(fmt.Errorf("%w: %w", ErrDisk, err))
	}
}

// Stats are counters since Open.
type Stats struct {
	Epoch     uint64 `json:"epoch"`
	Accepted  uint64 `json:"accepted"`  // batches
	Durable   uint64 `json:"durable"`   // batches on disk
	Refused   uint64 `json:"refused"`   // batches not queued or not loggable
	Queued    int    `json:"queued"`    // bytes not on disk yet
	Entries   uint64 `json:"entries"`   // of the log
	Snapshots uint64 `json:"snapshots"` // filed
	Failures  uint64 `json:"failures"`  // attempts to write that failed
	Unknown   uint64 `json:"unknown"`   // batches and snapshots of a kind that is not in Config.Others
}

// Stats returns the counters.
func (s *Store) Stats() Stats {
	s.mu.Lock()
	q := &s.queue
	st := Stats{Epoch: s.Epoch(), Accepted: q.accepted, Durable: q.durable, Refused: q.losses, Queued: q.bytes}
	s.mu.Unlock()
	st.Entries, st.Snapshots, st.Failures = s.entries.Load(), s.snapshots.Load(), s.failures.Load()
	st.Unknown = s.unknown.Load()
	return st
}
