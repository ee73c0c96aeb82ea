package cluster

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
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
// after any batch, and the log from any earlier one, give the tree after the last.
func TestReplayOverNewerTree(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 1))
	names := []string{"a", "b", "a/x", "a/y", "a/x/1", "b/z"}
	for range 500 {
		batches := make([]Batch, 1+r.IntN(30))
		for i := range batches {
			for range 1 + r.IntN(3) {
				value := strconv.Itoa(r.IntN(100))
				if r.IntN(4) == 0 {
					value = ""
				}
				batches[i].Writes = append(batches[i].Writes, set(0, names[r.IntN(len(names))], value).Writes...)
			}
		}
		at := r.IntN(len(batches) + 1)
		from := r.IntN(at + 1)
		live, again := newTree(), newTree()
		for i, b := range batches {
			if i == at {
				snap, _ := live.snapshot()
				again.restore(snap)
			}
			live.put(b)
		}
		if at == len(batches) {
			snap, _ := live.snapshot()
			again.restore(snap)
		}
		for _, b := range batches[from:] {
			again.apply(b)
		}
		if live.String() != again.String() {
			t.Fatalf("seed %d: snapshot after %d, log from %d of %v:\n%swant\n%s", seed, at, from, batches, again, live)
		}
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
		Apply:    func(Batch) {},
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
		tr.write(set(1, "a", "2"))
		shut(t, s)
	})
	s, tr := open(t, dir)
	defer shut(t, s)
	if tr.get("a") != "2" {
		t.Errorf("a = %s", tr.get("a"))
	}
}

func FuzzEntry(f *testing.F) {
	good, _ := encodeEntry("run", []Batch{set(1, "a/b", `{"x":[1,null,"<&>"]}`, "c", "")})
	f.Add(good)
	f.Add([]byte{entryVersion, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) >= entryHeader { // let the fuzzer past the sum
			b[0] = entryVersion
			copy(b[1:], appendSum(b[entryHeader:]))
		}
		run, batches, err := decodeEntry(b)
		if err != nil {
			return
		}
		again, err := encodeEntry(run, batches)
		if err != nil {
			t.Fatalf("decoded, but not encoded: %v", err)
		}
		_, batches2, err := decodeEntry(again)
		if err != nil || len(batches2) != len(batches) {
			t.Fatalf("second round: %v", err)
		}
	})
}

func TestEntrySkipsUnknownFields(t *testing.T) {
	text := []byte(`{"run":"r","new":{},"b":[{"u":"u","t":7,"later":[1],"w":[{"p":["a"],"v":null,"x":1},{"p":["b"],"d":true}]}]}`)
	run, batches, err := decodeEntry(append(append([]byte{entryVersion}, appendSum(text)...), text...))
	if err != nil || run != "r" || len(batches) != 1 {
		t.Fatal(run, batches, err)
	}
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
