package cluster

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"sync"

	"github.com/hashicorp/raft"
)

// A snapshot is a version byte, the length of a JSON header, the header and the
// tree's own bytes. raft's file store beneath keeps a CRC-64 of all of it.
const (
	snapshotVersion = 1
	maxTree         = 1 << 30 // what Open is willing to hold at once
)

type snapshotHeader struct {
	Bytes int64 `json:"bytes"` // of the tree that follows
	// The tree has all batches of this run up to this number, and perhaps some after.
	Run   string `json:"run"`
	Batch uint64 `json:"n"`
}

// machine is raft's view of the tree.
type machine struct {
	store *Store

	// The last batch that is in the tree, by run and number within it. Touched by
	// Restore and Apply, of which one runs at a time.
	run   string
	batch uint64

	mu  sync.Mutex
	err error // the first entry or snapshot that could not be read
}

// Apply is called for each committed entry. What this run wrote is in the tree
// already; so is what the snapshot held, and the first of two copies of an entry.
func (m *machine) Apply(l *raft.Log) any {
	e, err := decodeEntry(l.Data)
	if err != nil {
		m.note(fmt.Errorf("entry %d: %w", l.Index, err))
		return nil
	}
	if e.run == m.store.run {
		return nil
	}
	if e.run != m.run {
		m.run, m.batch = e.run, 0
	}
	for i, b := range e.batches {
		n := e.first + uint64(i)
		if n <= m.batch {
			continue
		}
		m.batch = n
		if err := m.store.cfg.Apply(b); err != nil {
			m.note(fmt.Errorf("%w: entry %d: %w", ErrCorrupt, l.Index, err))
		}
	}
	m.store.logged.Add(int64(len(l.Data)))
	return nil
}

// Snapshot costs nothing: the tree is read in Persist, off raft's goroutine, and may
// be newer than the index.
func (m *machine) Snapshot() (raft.FSMSnapshot, error) { return &filing{m.store}, nil }

// Restore reads a snapshot whole and hands it to the tree.
func (m *machine) Restore(r io.ReadCloser) error {
	header, tree, err := readSnapshot(r)
	if err == nil {
		m.run, m.batch = header.Run, header.Batch
		if err = m.store.cfg.Restore(tree); err != nil {
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

func readSnapshot(r io.Reader) (header snapshotHeader, tree []byte, err error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return header, nil, fmt.Errorf("%w: snapshot header: %w", ErrCorrupt, err)
	}
	if head[0] != snapshotVersion {
		return header, nil, fmt.Errorf("%w: snapshot version %d, this release reads %d", ErrVersion, head[0], snapshotVersion)
	}
	n := binary.BigEndian.Uint32(head[1:])
	if n > 1<<20 {
		return header, nil, fmt.Errorf("%w: snapshot header of %d bytes", ErrCorrupt, n)
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(r, text); err != nil {
		return header, nil, fmt.Errorf("%w: snapshot header: %w", ErrCorrupt, err)
	}
	if err := json.Unmarshal(text, &header); err != nil {
		return header, nil, fmt.Errorf("%w: snapshot header: %w", ErrCorrupt, err)
	}
	if header.Bytes < 0 || header.Bytes > maxTree {
		return header, nil, fmt.Errorf("%w: snapshot of %d bytes", ErrCorrupt, header.Bytes)
	}
	tree = make([]byte, header.Bytes)
	if _, err := io.ReadFull(r, tree); err != nil {
		return header, nil, fmt.Errorf("%w: snapshot: %w", ErrCorrupt, err)
	}
	return header, tree, nil
}

func writeSnapshot(w io.Writer, header snapshotHeader, tree []byte) error {
	if len(tree) > maxTree {
		return fmt.Errorf("%w: snapshot of %d bytes, at most %d", ErrTooLarge, len(tree), maxTree)
	}
	header.Bytes = int64(len(tree))
	text, err := json.Marshal(header)
	if err != nil {
		return fmt.Errorf("cluster: snapshot header: %w", err)
	}
	head := binary.BigEndian.AppendUint32([]byte{snapshotVersion}, uint32(len(text)))
	for _, part := range [][]byte{append(head, text...), tree} {
		if _, err := w.Write(part); err != nil {
			return fmt.Errorf("cluster: write snapshot: %w", err)
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
	s.mu.Lock()
	losses, accepted := s.queue.losses, s.queue.accepted
	s.mu.Unlock()
	tree, err := s.cfg.Snapshot()
	if err != nil {
		return fmt.Errorf("cluster: snapshot: %w", err)
	}
	if err := s.settled(); err != nil {
		return err
	}
	if err := writeSnapshot(sink, snapshotHeader{Run: s.run, Batch: accepted}, tree); err != nil {
		return err
	}
	s.mu.Lock()
	s.filed = losses
	s.mu.Unlock()
	return nil
}

// Release has nothing to free.
func (f *filing) Release() {}
