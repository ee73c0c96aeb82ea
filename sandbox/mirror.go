package sandbox

import (
	"encoding/json"
	"fmt"
	"slices"
)

// A tree of ordinary size is copied to where another process's isolates run, so that
// what an activation reads and writes costs no way there and back: it takes the tree
// once, is told what has changed since its copy was made, works on the copy, and gives
// its writes back as one batch.

const (
	maxRecent   = 256     // batches that are remembered for copies
	maxRecalled = 1 << 20 // of their values; what is more, a copy gets whole
	maxMirror   = 1 << 20 // weight of a tree that is copied whole
)

// Delta brings a copy of the tree to Version: by what was written since, or whole.
type Delta struct {
	Version uint64
	Root    json.RawMessage // the whole tree, or nil
	Batches [][]Write
}

// Remote is a Txn on behalf of a copy elsewhere.
type Remote interface {
	Txn
	// Since is what a copy of that version lacks; 0 is no copy. It is false when the
	// tree is too large to be copied.
	Since(version uint64) (Delta, bool)
	// Known says that this unit's turn has written before: its batch changes nothing.
	Known(unit string, turn uint64) bool
	// Write brings in what was written to the copy, all or nothing, and returns the
	// version that End makes of the tree.
	Write([]Write) (uint64, error)
}

// recent are the last batches; the newest made the tree's version what it is.
type recent struct {
	version uint64
	batches [][]Write
	bytes   int
}

// advance counts a change of the tree. It runs under the tree's lock.
func (s *State) advance(writes []Write) {
	r := &s.recent
	r.version++
	r.batches = append(r.batches, writes)
	r.bytes += bytesOf(writes)
	if len(r.batches) <= maxRecent && r.bytes <= maxRecalled {
		return
	}
	for len(r.batches) > maxRecent/2 || r.bytes > maxRecalled/2 {
		r.bytes -= bytesOf(r.batches[0])
		r.batches = r.batches[1:]
	}
	r.batches = slices.Clone(r.batches)
}

func bytesOf(writes []Write) (n int) {
	for i := range writes {
		n += len(writes[i].Value)
	}
	return n
}

// BeginRemote is Begin for a copy. With only, the place that is all it may reach, nothing
// is copied and each access is checked.
func (s *State) BeginRemote(only []string) Remote {
	s.mu.Lock()
	s.rewatch()
	if only != nil {
		return &share{tx{s: s}, only}
	}
	return &tx{s: s}
}

func (t *tx) Since(version uint64) (Delta, bool) {
	d := Delta{Version: t.s.recent.version + 1} // 0 is no copy
	if n := d.Version - version; version != 0 && n <= uint64(len(t.s.recent.batches)) {
		d.Batches = t.s.recent.batches[len(t.s.recent.batches)-int(n):]
		return d, t.s.size <= 4*maxMirror
	}
	if t.s.size > maxMirror {
		return Delta{}, false
	}
	d.Root = appendNode(nil, t.s.root)
	return d, true
}

func (t *tx) Known(unit string, turn uint64) bool { return t.s.known(unit, turn) }

func (t *tx) Write(writes []Write) (uint64, error) {
	for _, w := range writes {
		if err := t.apply(w); err != nil {
			t.rollback(0)
			t.writes = nil
			return 0, err
		}
	}
	return t.s.recent.version + 2, nil
}

// Mirror is a copy of another process's tree. One goroutine uses it.
type Mirror struct {
	s       *State
	version uint64
}

// NewMirror makes a copy that lacks all.
func NewMirror() *Mirror { return &Mirror{s: NewState(nil)} }

// Version is what Remote.Since is to be asked with.
func (m *Mirror) Version() uint64 { return m.version }

// Update brings the copy up to date; after an error it lacks all.
func (m *Mirror) Update(d Delta) error {
	m.version = 0
	if d.Root != nil {
		v, err := parseNode(d.Root)
		root, ok := v.(*dict)
		if err != nil || !ok {
			return fmt.Errorf("sandbox: copy of state: %w", ErrJSON)
		}
		m.s.root, m.s.size = root, weight(root)
	}
	t := tx{s: m.s}
	for _, b := range d.Batches {
		for _, w := range b {
			if err := t.apply(w); err != nil {
				return fmt.Errorf("sandbox: copy of state: %w", err)
			}
		}
	}
	m.version = d.Version
	return nil
}

// Begin starts an activation's work on the copy, which no lock guards.
func (m *Mirror) Begin() *Copied { return &Copied{m: m, t: tx{s: m.s}} }

// Copied is one activation's work on a copy.
type Copied struct {
	m *Mirror
	t tx
}

// Do is Txn's.
func (c *Copied) Do(a Access) (Found, error) { return c.t.Do(a) }

// End keeps what was written and returns it, or undoes it.
func (c *Copied) End(keep bool) []Write {
	if !keep {
		c.t.rollback(0)
		return nil
	}
	if len(c.t.writes) > 0 {
		c.m.version++
	}
	return c.t.writes
}
