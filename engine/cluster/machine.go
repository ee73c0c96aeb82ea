package cluster

import (
	"fmt"
	"io"
	"sync"

	"github.com/hashicorp/raft"
)

// machine is raft's view of the tree.
type machine struct {
	store *Store

	mu sync.Mutex
	// The last batch that is in the tree, by run and number within it. Written by
	// Restore and Apply, of which one runs at a time.
	run   string
	batch uint64
	lead  Lead  // the last take-over
	err   error // the first entry or snapshot that could not be read
}

// Apply is called for each committed entry. What this run wrote is in the tree
// already; so is what the snapshot held, and the first of two copies of an entry.
func (m *machine) Apply(l *raft.Log) any {
	e, err := decodeEntry(l.Data)
	if err != nil {
		m.note(fmt.Errorf("entry %d: %w", l.Index, err))
		return nil
	}
	if e.lead != nil {
		m.mu.Lock()
		m.lead = *e.lead
		m.mu.Unlock()
	}
	if e.run == m.store.run {
		return nil
	}
	if e.run != m.run {
		m.reached(e.run, 0)
	}
	for i, b := range e.batches {
		n := e.first + uint64(i)
		if n <= m.batch {
			continue
		}
		if err := m.store.hand(b); err != nil {
			m.note(fmt.Errorf("%w: entry %d: %w", ErrCorrupt, l.Index, err))
		}
		m.reached(e.run, n)
	}
	if m.store.logged.Add(int64(len(l.Data))) > m.store.cfg.SnapshotEvery {
		m.store.wakeKeeper()
	}
	return nil
}

// reached notes that the tree has all batches of a run up to one.
func (m *machine) reached(run string, batch uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.run, m.batch = run, batch
}

func (m *machine) led() Lead {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.lead
}

// hand gives a batch of the log to the tree of its kind.
func (s *Store) hand(b Batch) error {
	if b.Kind == "" {
		return s.cfg.Apply(b)
	}
	t, known := s.cfg.Others[b.Kind]
	if !known {
		s.unknown.Add(1)
		return nil
	}
	return t.Apply(b)
}

// Snapshot costs nothing: the tree is read in Persist, off raft's goroutine, and may
// be newer than the index.
func (m *machine) Snapshot() (raft.FSMSnapshot, error) { return &filing{m.store}, nil }

// Restore reads a snapshot whole and hands it to the tree.
func (m *machine) Restore(r io.ReadCloser) error {
	header, trees, err := readSnapshot(r)
	if err == nil {
		m.reached(header.Run, header.Batch)
		if header.Lead != nil {
			m.mu.Lock()
			m.lead = *header.Lead
			m.mu.Unlock()
		}
		if err = m.store.restore(trees); err != nil {
			err = fmt.Errorf("%w: snapshot: %w", ErrCorrupt, err)
		}
	}
	m.note(err)
	return err
}

func (m *machine) note(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err == nil {
		m.err = err
	}
}

func (m *machine) trouble() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.err
}

// restore hands each tree its part.
func (s *Store) restore(trees map[string][]byte) error {
	if err := s.cfg.Restore(trees[""]); err != nil {
		return err
	}
	for kind, tree := range trees {
		if kind == "" {
			continue
		}
		t, known := s.cfg.Others[kind]
		if !known {
			s.unknown.Add(1)
			continue
		}
		if err := t.Restore(tree); err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
	}
	return nil
}

// filing writes one snapshot, on raft's snapshot goroutine.
type filing struct{ store *Store }

// Persist reads the tree, then waits until every batch the tree can contain is on
// disk: else a crash could replay the log only part of the way up to the tree and
// leave half of a batch set back.
func (f *filing) Persist(sink raft.SnapshotSink) error {
	s := f.store
	header, losses := s.known()
	trees, err := s.trees()
	if err != nil {
		return fmt.Errorf("cluster: snapshot: %w", err)
	}
	if s.acting.Load() { // a standby's tree has nothing but what is in the log
		if err := s.settled(); err != nil {
			return err
		}
	}
	if err := writeSnapshot(sink, header, trees); err != nil {
		return err
	}
	s.mu.Lock()
	s.filed = losses
	s.mu.Unlock()
	return nil
}

// known says what the tree surely has by now, and how many batches were refused.
func (s *Store) known() (header snapshotHeader, losses uint64) {
	lead := s.machine.led()
	if !s.acting.Load() {
		s.machine.mu.Lock()
		defer s.machine.mu.Unlock()
		return snapshotHeader{Run: s.machine.run, Batch: s.machine.batch, Lead: &lead}, 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return snapshotHeader{Run: s.run, Batch: s.queue.accepted, Lead: &lead}, s.queue.losses
}

// trees reads all that is kept, each as it is between two of its batches.
func (s *Store) trees() (map[string][]byte, error) {
	tree, err := s.cfg.Snapshot()
	if err != nil {
		return nil, err
	}
	trees := map[string][]byte{"": tree}
	for kind, t := range s.cfg.Others {
		if trees[kind], err = t.Snapshot(); err != nil {
			return nil, fmt.Errorf("%s: %w", kind, err)
		}
	}
	return trees, nil
}

// Release has nothing to free.
func (f *filing) Release() {}
