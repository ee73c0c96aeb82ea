package cluster

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/raft"

	"github.com/callwright/callwright/sandbox"
)

// TestSnapshotAndCompaction writes three segments: the keeper files the tree on the way,
// the log before it goes, and a start replays little.
func TestSnapshotAndCompaction(t *testing.T) {
	dir := t.TempDir()
	tr := newTree()
	conf := tr.config(dir)
	conf.SnapshotEvery = 400 << 10
	s, err := Open(conf)
	if err != nil {
		t.Fatal(err)
	}
	tr.sink = s.Submit
	text, _ := json.Marshal(strings.Repeat("x", 15<<10))
	for i := range 200 {
		tr.write(set(uint64(i), "big/"+strconv.Itoa(i%3), string(text), "n", strconv.Itoa(i)))
		if err := s.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.snapshot(); err != nil { // waits for one under way
		t.Fatal(err)
	}
	tr.write(set(999, "n", "999"))
	if n := s.Stats().Snapshots; n < 3 {
		t.Errorf("%d snapshots of 3 MiB of log", n)
	}
	if first, _ := s.disk.FirstIndex(); first < 100 {
		t.Errorf("log still begins at %d", first)
	}
	want := tr.String()
	shut(t, s)

	if files, _ := filepath.Glob(filepath.Join(dir, "*.wal")); len(files) > 2 { // 64 entries are one
		t.Errorf("segments kept: %v", files)
	}
	if kept, _ := filepath.Glob(filepath.Join(dir, "snapshots", "*")); len(kept) != 1 {
		t.Errorf("snapshots kept: %v", kept)
	}
	s, tr = open(t, dir)
	defer shut(t, s)
	if tr.String() != want {
		t.Error("another tree after reopening")
	}
	if tr.applied > 5 {
		t.Errorf("%d batches replayed after the snapshot", tr.applied)
	}
}

// TestReplayOverNewerTree is the property everything rests on: a snapshot of the tree
// after any batch, and the log from any earlier one, with entries in it twice, give
// the tree after the last, also when writes are relative.
func TestReplayOverNewerTree(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 1))
	for range 500 {
		batches := make([]Batch, 1+r.IntN(60))
		for i := range batches {
			batches[i] = randomBatch(r, i+1)
		}
		at := r.IntN(len(batches) + 1)      // batches that the snapshot has
		sure := max(0, at-r.IntN(5))        // of which it is known
		from := r.IntN(sure + 1)            // batches before the snapshot's index
		live, again := newTree(), newTree() // the tree that was, and the one rebuilt
		m := &machine{store: newStore(again.config("dir"))}
		for i := 0; i <= len(batches); i++ {
			if i == at {
				file(t, m, live, sure)
			}
			if i < len(batches) {
				live.known(batches[i])
				live.put(batches[i])
			}
		}
		for i := from; i < len(batches); {
			n := min(1+r.IntN(5), len(batches)-i)
			text, err := entry{run: "before", first: uint64(i + 1), batches: batches[i : i+n]}.encode()
			if err != nil {
				t.Fatal(err)
			}
			for range 1 + r.IntN(2) {
				m.Apply(&raft.Log{Data: text})
			}
			i += n
		}
		if live.String() != again.String() || m.trouble() != nil {
			t.Fatalf("seed %d: snapshot after %d (sure %d), log from %d of %d: %v:\n%swant\n%s",
				seed, at, sure, from, len(batches), m.trouble(), again, live)
		}
	}
}

func randomBatch(r *rand.Rand, n int) Batch {
	names := []string{"a", "b", "a/x", "a/y", "a/x/1", "b/z"}
	b := Batch{Unit: fmt.Sprintf("call-%d", n), Turn: 1}
	for range 1 + r.IntN(3) {
		w := Write{Path: strings.Split(names[r.IntN(len(names))], "/"), Value: json.RawMessage(strconv.Itoa(r.IntN(100)))}
		switch r.IntN(4) {
		case 0:
			w.Delete = true
		case 1, 2:
			w.Splice = &sandbox.Splice{At: 1, Drop: 2}
		}
		b.Writes = append(b.Writes, w)
	}
	return b
}

// file takes a snapshot of one tree and restores it to m's.
func file(t *testing.T, m *machine, live *tree, sure int) {
	t.Helper()
	snap, err := live.snapshot()
	if err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	if err := writeSnapshot(&buf, snapshotHeader{Run: "before", Batch: uint64(sure)}, map[string][]byte{"": snap}); err != nil {
		t.Fatal(err)
	}
	if err := m.Restore(io.NopCloser(&buf)); err != nil {
		t.Fatal(err)
	}
}

// TestSnapshotWaitsForItsBatches holds the disk back while a snapshot is taken: it
// must not be filed before the batches it contains.
func TestSnapshotWaitsForItsBatches(t *testing.T) {
	dir := t.TempDir()
	s, tr := open(t, dir)
	var durable, accepted uint64
	s.cfg.Snapshot = func() ([]byte, error) {
		for i := range 1000 { // written while the snapshot is under way
			tr.write(set(uint64(i), "n", strconv.Itoa(i)))
		}
		accepted = s.Stats().Accepted
		return tr.snapshot()
	}
	if err := s.snapshot(); err != nil {
		t.Fatal(err)
	}
	if durable = s.Stats().Durable; durable < accepted {
		t.Errorf("filed with %d of %d batches on disk", durable, accepted)
	}
	shut(t, s)
}

// TestRefusedBatchIsHealed: what the queue refused comes back from a snapshot.
func TestRefusedBatchIsHealed(t *testing.T) {
	dir := t.TempDir()
	s, tr := open(t, dir)
	huge, _ := json.Marshal(strings.Repeat("x", maxEntry))
	tr.write(set(1, "a", "1"))
	tr.write(set(2, "b", string(huge))) // over the largest entry
	err := s.Commit(t.Context())
	if err != nil && !errors.Is(err, ErrTooLarge) {
		t.Errorf("commit: %v", err)
	}
	tr.write(set(3, "b", "2"))
	tr.write(set(4, "c", "3"))
	healed(t, s)
	want := tr.String()
	shut(t, s)
	s, tr = open(t, dir)
	defer shut(t, s)
	if got := tr.String(); got != want {
		t.Errorf("after reopening %q, want %q", got, want)
	}
}

func TestQueueFull(t *testing.T) {
	dir := t.TempDir()
	s, tr := open(t, dir)
	s.mu.Lock() // the writer cannot take anything
	s.queue.accepted += maxQueued
	s.mu.Unlock()
	tr.write(set(1, "a", "1"))
	s.mu.Lock()
	s.queue.accepted -= maxQueued
	s.mu.Unlock()
	if err := s.Commit(t.Context()); err != nil && !errors.Is(err, ErrBehind) {
		t.Errorf("commit: %v, want ErrBehind", err)
	}
	if s.Stats().Refused != 1 {
		t.Errorf("stats %+v", s.Stats())
	}
	healed(t, s)
	shut(t, s)
	s, tr = open(t, dir)
	defer shut(t, s)
	if tr.get("a") != "1" {
		t.Error("refused batch lost")
	}
}

// healed waits until commits succeed again.
func healed(t *testing.T, s *Store) {
	t.Helper()
	begun := time.Now()
	for s.Commit(t.Context()) != nil {
		if time.Since(begun) > 3*time.Second {
			t.Fatalf("not healed: %+v", s.Stats())
		}
	}
}

// BenchmarkOpen is a start with 100 MB of state and a full interval of log after it.
func BenchmarkOpen(b *testing.B) {
	blob := bytes.Repeat([]byte("0123456789"), 10_000_000)
	conf := Config{Dir: benchDir(b), Log: newTree().config("").Log,
		Snapshot: func() ([]byte, error) { return blob, nil },
		Restore:  func(b []byte) error { return nil },
		Apply:    func(Batch) error { return nil },
	}
	s, err := Open(conf)
	if err != nil {
		b.Fatal(err)
	}
	s.Submit(set(1, "a", "1"))
	if err := s.snapshot(); err != nil {
		b.Fatal(err)
	}
	for i := range 20_000 {
		s.Submit(set(uint64(i), "some/path/"+strconv.Itoa(i), `"`+strings.Repeat("x", 700)+`"`))
	}
	shut(b, s)
	for b.Loop() {
		s, err := Open(conf)
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		shut(b, s)
		b.StartTimer()
	}
}

// TestInVirtualTime: a store works inside a bubble and leaves no goroutine behind.
func TestInVirtualTime(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s, tr := open(t, dir)
		tr.write(set(1, "a", "1"))
		if err := s.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		tr.write(set(2, "a", "2"))
		shut(t, s)
	})
	s, tr := open(t, dir)
	defer shut(t, s)
	if tr.get("a") != "2" {
		t.Errorf("a = %s", tr.get("a"))
	}
}

func FuzzEntry(f *testing.F) {
	good, _ := entry{run: "run", first: 1, batches: []Batch{set(1, "a/b", `{"x":[1,null,"<&>"]}`, "c", "")}}.encode()
	f.Add(good)
	f.Add([]byte{entryVersion, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) >= entryHeader { // let the fuzzer past the sum
			b[0] = entryVersion
			copy(b[1:], appendSum(b[entryHeader:]))
		}
		e, err := decodeEntry(b)
		if err != nil {
			return
		}
		text, err := e.encode()
		if err != nil {
			t.Fatalf("decoded, but not encoded: %v", err)
		}
		again, err := decodeEntry(text)
		if err != nil || len(again.batches) != len(e.batches) || again.first != e.first {
			t.Fatalf("second round: %v", err)
		}
	})
}

func TestEntrySkipsUnknownFields(t *testing.T) {
	text := []byte(`{"run":"r","n":3,"new":{},"b":[{"u":"u","t":7,"later":[1],"w":[{"p":["a"],"v":null,"x":1},{"p":["b"],"d":true}]}]}`)
	e, err := decodeEntry(append(append([]byte{entryVersion}, appendSum(text)...), text...))
	if err != nil || e.run != "r" || e.first != 3 || len(e.batches) != 1 {
		t.Fatal(e, err)
	}
	batches := e.batches
	got := fmt.Sprintf("%s %d %s %v", batches[0].Unit, batches[0].Turn, batches[0].Writes[0].Value, batches[0].Writes[1].Delete)
	if got != "u 7 null true" {
		t.Error(got)
	}
}

// BenchmarkCommit is one write and its commit: a write of the disk.
func BenchmarkCommit(b *testing.B) {
	s, tr := open(b, benchDir(b))
	defer shut(b, s)
	for i := 0; b.Loop(); i++ {
		tr.write(set(uint64(i), "n", "1"))
		if err := s.Commit(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSubmit is the script's share of a write, with a commit at the end of all.
func BenchmarkSubmit(b *testing.B) {
	s, _ := open(b, benchDir(b))
	defer shut(b, s)
	batch := set(1, "calls/1234/state", `"answered"`)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%10_000 == 0 {
			if err := s.Commit(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
		s.Submit(batch)
	}
	if err := s.Commit(b.Context()); err != nil {
		b.Fatal(err)
	}
}

// benchDir is on the disk of the working directory: a tmpfs would measure nothing.
func benchDir(b *testing.B) string {
	dir, err := os.MkdirTemp(".", "bench-")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}
