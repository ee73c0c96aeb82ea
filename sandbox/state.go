package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
)

// Errors of the shared state.
var (
	ErrStateFull = errors.New("sandbox: state is full")
	ErrStatePath = errors.New("sandbox: no such place in state")
)

// StateQuota bounds the tree's weight in bytes.
const StateQuota = 64 << 20

// maxTurns is how many units' last turns are kept to know a batch that came twice.
const maxTurns = 1 << 16

// State is the tree behind scripts' `state`, shared by all apps and outside of all
// runtimes. An activation locks it at its first touch and holds it to its end, so
// everything an activation reads and writes is atomic.
type State struct {
	mu    sync.Mutex
	root  *dict
	size  int
	quota int
	turns map[string]uint64
	order []string // of turns, oldest first
	sink  func(Batch)

	watches watches
	recent  recent // for copies
}

// Batch is what one activation wrote, named by unit and turn.
type Batch struct {
	// Kind names the tree that the writes are for; "" is scripts' state.
	Kind   string  `json:"kind,omitempty"`
	Unit   string  `json:"unit"`
	Turn   uint64  `json:"turn"`
	Writes []Write `json:"writes"`
}

// Write puts Value at Path or deletes what is there. The last step "length" of a
// list's path cuts or extends it. With Splice, Path is a list, of which Drop elements
// from At on give way to the elements of Value.
type Write struct {
	Path   []string        `json:"path"`
	Value  json.RawMessage `json:"value,omitempty"`
	Delete bool            `json:"delete,omitempty"`
	Splice *Splice         `json:"splice,omitempty"`
}

// Splice is a change in the middle of a list.
type Splice struct {
	At   int `json:"at"`
	Drop int `json:"drop"`
}

// NewState makes an empty tree. sink is told each batch, in the order they were made,
// under the tree's lock: it must neither block nor call back. It may be nil.
func NewState(sink func(Batch)) *State {
	return &State{root: newDict(), quota: StateQuota, turns: map[string]uint64{}, sink: sink}
}

// Apply brings in a batch from elsewhere (a log read at start). A turn that was
// applied already changes nothing.
func (s *State) Apply(b Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known(b.Unit, b.Turn) {
		return nil
	}
	s.rewatch()
	t := tx{s: s}
	for _, w := range b.Writes {
		if err := t.apply(w); err != nil {
			t.rollback(0)
			return fmt.Errorf("%w (batch %s/%d)", err, b.Unit, b.Turn)
		}
	}
	s.remember(b.Unit, b.Turn)
	s.advance(b.Writes)
	s.changed(b.Unit, b.Writes)
	return nil
}

// known says whether a turn was applied before. Turn 0 is no name.
func (s *State) known(unit string, turn uint64) bool {
	last, ok := s.turns[unit]
	return ok && turn != 0 && turn <= last
}

func (s *State) remember(unit string, turn uint64) {
	if turn == 0 {
		return
	}
	if _, ok := s.turns[unit]; !ok {
		s.order = append(s.order, unit)
		if len(s.order) > maxTurns {
			delete(s.turns, s.order[0])
			s.order = slices.Clone(s.order[1:])
		}
	}
	s.turns[unit] = turn
}

// snapshotV is the version of Snapshot's format.
const snapshotV = 1

type snapshot struct {
	V     int               `json:"v"`
	Turns map[string]uint64 `json:"turns,omitempty"`
	Order []string          `json:"order,omitempty"`
	Root  json.RawMessage   `json:"root"`
}

// Redirect hands batches to another sink from now on: a test's state outlives the brain
// that kept its log.
func (s *State) Redirect(sink func(Batch)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sink = sink
}

// Snapshot writes the whole tree. It waits for an activation that holds it.
func (s *State) Snapshot() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return json.Marshal(snapshot{V: snapshotV, Turns: s.turns, Order: s.order, Root: appendNode(nil, s.root)})
}

// Restore replaces the whole tree by a snapshot; on an error nothing changes.
func (s *State) Restore(b []byte) error {
	var sn snapshot
	if err := json.Unmarshal(b, &sn); err != nil {
		return fmt.Errorf("sandbox: state snapshot: %w", err)
	}
	if sn.V != snapshotV {
		return fmt.Errorf("sandbox: state snapshot of version %d, want %d", sn.V, snapshotV)
	}
	v, err := parseNode(sn.Root)
	if err != nil {
		return fmt.Errorf("sandbox: state snapshot: %w", err)
	}
	root, ok := v.(*dict)
	if !ok {
		return fmt.Errorf("sandbox: state snapshot: %w: the root is no object", ErrJSON)
	}
	if sn.Turns == nil {
		sn.Turns = map[string]uint64{}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.root, s.size, s.turns, s.order = root, weight(root), sn.Turns, sn.Order
	s.recent = recent{version: s.recent.version + 1} // no copy can be brought up to this
	return nil
}

// tx is what one activation did to the tree: its writes, and how to undo them.
type tx struct {
	s      *State
	writes []Write
	undo   []func()
	nested []mark
}

// put sets what path names. value is v as JSON.
func (t *tx) put(path []string, v any, value json.RawMessage) error {
	parent, ok := at(t.s.root, path[:len(path)-1])
	if !ok {
		return fmt.Errorf("%w: %v", ErrStatePath, path)
	}
	key := path[len(path)-1]
	if l, isList := parent.(*list); isList {
		if err := t.putItem(l, key, v); err != nil {
			return err
		}
	} else if d, isDict := parent.(*dict); isDict {
		old, had := d.vals[key]
		if err := t.grow(weight(v) + keyWeight(key, had) - weightIf(old, had)); err != nil {
			return err
		}
		d.set(key, v)
		t.undo = append(t.undo, func() {
			if had {
				d.vals[key] = old
			} else {
				d.remove(key)
			}
		})
	} else {
		return fmt.Errorf("%w: %v", ErrStatePath, path)
	}
	t.writes = append(t.writes, Write{Path: path, Value: value})
	return nil
}

func keyWeight(key string, had bool) int {
	if had {
		return 0
	}
	return len(key) + 32
}

func weightIf(v any, had bool) int {
	if !had {
		return 0
	}
	return weight(v)
}

// grow counts against the quota; the undo takes it back.
func (t *tx) grow(by int) error {
	if by > 0 && t.s.size+by > t.s.quota {
		return fmt.Errorf("%w: %d bytes of %d", ErrStateFull, t.s.size, t.s.quota)
	}
	t.s.size += by
	t.undo = append(t.undo, func() { t.s.size -= by })
	return nil
}

// putItem sets an element, or the length, of a list. Holes become null.
func (t *tx) putItem(l *list, key string, v any) error {
	before := l.items
	if key == "length" {
		n, ok := v.(float64)
		if !ok || n < 0 || n > maxElements || n != float64(int(n)) {
			return fmt.Errorf("%w: length %v", ErrStatePath, v)
		}
		return t.change(l, before, resized(l.items, int(n)))
	}
	i, err := strconv.Atoi(key)
	if err != nil || i < 0 || i >= maxElements {
		return fmt.Errorf("%w: element %q", ErrStatePath, key)
	}
	if i < len(l.items) {
		old := l.items[i]
		if err := t.grow(weight(v) - weight(old)); err != nil {
			return err
		}
		l.items[i] = v
		t.undo = append(t.undo, func() { l.items[i] = old })
		return nil
	}
	items := resized(l.items, i+1)
	items[i] = v
	return t.change(l, before, items)
}

func resized(items []any, n int) []any {
	if n <= len(items) {
		return slices.Clone(items[:n])
	}
	return append(slices.Clone(items), make([]any, n-len(items))...)
}

func (t *tx) change(l *list, before, after []any) error {
	if err := t.grow(weight(&list{after}) - weight(&list{before})); err != nil {
		return err
	}
	l.items = after
	t.undo = append(t.undo, func() { l.items = before })
	return nil
}

// remove deletes a key of an object; deleting what is not there is no error.
func (t *tx) remove(path []string) error {
	parent, _ := at(t.s.root, path[:len(path)-1])
	key := path[len(path)-1]
	switch n := parent.(type) {
	case *list:
		if _, ok := child(n, key); ok {
			return t.put(path, nil, json.RawMessage("null"))
		}
	case *dict:
		old, had := n.vals[key]
		if !had {
			return nil
		}
		_ = t.grow(-weight(old) - keyWeight(key, false)) // shrinking fits
		i := n.remove(key)
		t.undo = append(t.undo, func() {
			n.keys = slices.Insert(n.keys, i, key)
			n.vals[key] = old
		})
		t.writes = append(t.writes, Write{Path: path, Delete: true})
	}
	return nil
}

// splice replaces drop elements from at on, and returns what it took out.
func (t *tx) splice(path []string, i, drop int, in []any, value json.RawMessage) ([]any, error) {
	n, _ := at(t.s.root, path)
	l, ok := n.(*list)
	if !ok || i < 0 || drop < 0 || i+drop > len(l.items) {
		return nil, fmt.Errorf("%w: %v", ErrStatePath, path)
	}
	before := l.items
	out := slices.Clone(before[i : i+drop])
	after := slices.Concat(before[:i], in, before[i+drop:])
	if len(after) > maxElements {
		return nil, fmt.Errorf("%w: %d elements", ErrStateFull, len(after))
	}
	if err := t.change(l, before, after); err != nil {
		return nil, err
	}
	t.writes = append(t.writes, Write{Path: path, Value: value, Splice: &Splice{i, drop}})
	return out, nil
}

func (t *tx) apply(w Write) error {
	if w.Delete && len(w.Path) > 0 {
		return t.remove(w.Path)
	}
	v, err := parseNode(w.Value)
	if err != nil {
		return err
	}
	if w.Splice != nil {
		l, ok := v.(*list)
		if !ok {
			return fmt.Errorf("%w: splice of no list", ErrStatePath)
		}
		_, err = t.splice(w.Path, w.Splice.At, w.Splice.Drop, l.items, w.Value)
		return err
	}
	if len(w.Path) == 0 {
		return fmt.Errorf("%w: the root", ErrStatePath)
	}
	return t.put(w.Path, v, w.Value)
}

// rollback undoes the later part of a transaction.
func (t *tx) rollback(undo int) {
	for i := len(t.undo) - 1; i >= undo; i-- {
		t.undo[i]()
	}
	t.undo = t.undo[:undo]
}
