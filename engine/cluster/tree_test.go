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
	applied int // batches of the log
	sink    func(Batch)
}

func newTree() *tree { return &tree{leaves: map[string]string{}} }

// write is what a script's activation does: the tree first, then the log.
func (tr *tree) write(b Batch) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.put(b)
	tr.sink(b)
}

func (tr *tree) apply(b Batch) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.put(b)
	tr.applied++
}

func (tr *tree) put(b Batch) {
	for _, w := range b.Writes {
		path := strings.Join(w.Path, "/")
		maps.DeleteFunc(tr.leaves, func(k, _ string) bool { return k == path || strings.HasPrefix(k, path+"/") })
		if !w.Delete {
			tr.leaves[path] = string(w.Value)
		}
	}
}

func (tr *tree) snapshot() ([]byte, error) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return json.Marshal(tr.leaves)
}

func (tr *tree) restore(b []byte) error {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.leaves = map[string]string{}
	return json.Unmarshal(b, &tr.leaves)
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
