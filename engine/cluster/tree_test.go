package cluster

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
)

// tree is a small stand-in for the sandbox's: leaves by joined path, its sink called
// under its lock, as the real one's is.
type tree struct {
	mu      sync.Mutex
	leaves  map[string]string
	units   []string // that wrote last, to know a batch that comes twice
	applied int      // batches of the log
	sink    func(Batch)
}

func newTree() *tree { return &tree{leaves: map[string]string{}} }

// known remembers few batches: only those that a snapshot may or may not have.
func (tr *tree) known(b Batch) bool {
	name := fmt.Sprint(b.Unit, b.Turn)
	if slices.Contains(tr.units, name) {
		return true
	}
	if tr.units = append(tr.units, name); len(tr.units) > 8 {
		tr.units = tr.units[1:]
	}
	return false
}

// write is what a script's activation does: the tree first, then the log.
func (tr *tree) write(b Batch) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.known(b)
	tr.put(b)
	tr.sink(b)
}

func (tr *tree) apply(b Batch) error {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	if !tr.known(b) {
		tr.put(b)
		tr.applied++
	}
	return nil
}

func (tr *tree) put(b Batch) {
	for _, w := range b.Writes {
		path := strings.Join(w.Path, "/")
		if w.Splice != nil { // a relative change: twice is once too often
			tr.leaves[path] += string(w.Value)
			continue
		}
		maps.DeleteFunc(tr.leaves, func(k, _ string) bool { return k == path || strings.HasPrefix(k, path+"/") })
		if !w.Delete {
			tr.leaves[path] = string(w.Value)
		}
	}
}

func (tr *tree) snapshot() ([]byte, error) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return json.Marshal([]any{tr.leaves, tr.units})
}

func (tr *tree) restore(b []byte) error {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.leaves, tr.units = map[string]string{}, nil
	return json.Unmarshal(b, &[]any{&tr.leaves, &tr.units})
}

func (tr *tree) get(path string) string {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return tr.leaves[path]
}

func (tr *tree) String() string {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	var out bytes.Buffer
	for _, k := range slices.Sorted(maps.Keys(tr.leaves)) {
		fmt.Fprintf(&out, "%s=%s\n", k, tr.leaves[k])
	}
	return out.String()
}

// config joins a tree to a store's Config.
func (tr *tree) config(dir string) Config {
	return Config{Dir: dir, Log: slog.New(slog.DiscardHandler), segment: 1 << 20,
		Restore: tr.restore, Snapshot: tr.snapshot, Apply: tr.apply}
}

// open opens a store with a tree above it; the test closes it.
func open(t testing.TB, dir string) (*Store, *tree) {
	t.Helper()
	tr := newTree()
	s, err := Open(tr.config(dir))
	if err != nil {
		t.Fatal(err)
	}
	tr.sink = s.Submit
	return s, tr
}

func shut(t testing.TB, s *Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// set is a batch of one unit that writes path, value, path, value …
func set(turn uint64, pairs ...string) Batch {
	b := Batch{Unit: "call-1", Turn: turn}
	for i := 0; i < len(pairs); i += 2 {
		w := Write{Path: strings.Split(pairs[i], "/"), Value: json.RawMessage(pairs[i+1])}
		w.Delete = pairs[i+1] == ""
		b.Writes = append(b.Writes, w)
	}
	return b
}
