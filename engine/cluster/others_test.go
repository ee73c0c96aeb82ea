package cluster

import (
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/callwright/callwright/engine/keep"
	"github.com/callwright/callwright/sandbox"
)

// TestOtherTrees keeps values beside state in one log: by replay, by snapshot, and in
// a release that does not know them.
func TestOtherTrees(t *testing.T) {
	dir := t.TempDir()
	now := time.Unix(1_800_000_000, 0)
	var s *Store
	open := func(others bool) (*keep.Keep, *sandbox.State) {
		t.Helper()
		state, kept := sandbox.NewState(nil), keep.New(func(b sandbox.Batch) { s.Submit(b) })
		cfg := Config{Dir: dir, Log: slog.New(slog.DiscardHandler),
			Restore: state.Restore, Snapshot: state.Snapshot, Apply: state.Apply}
		if others {
			cfg.Others = map[string]Tree{keep.Kind: {kept.Restore, kept.Snapshot, kept.Apply}}
		}
		var err error
		if s, err = Open(cfg); err != nil {
			t.Fatal(err)
		}
		return kept, state
	}
	want := func(k *keep.Keep, keys ...string) {
		t.Helper()
		for _, key := range keys {
			if v, _ := k.Get(now, "kv", key); string(v) != `"`+key+`"` {
				t.Errorf("%s is %q", key, v)
			}
		}
	}
	put := func(k *keep.Keep, key string) {
		t.Helper()
		if err := k.Put(now, "kv", key, json.RawMessage(`"`+key+`"`), time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	k, state := open(true)
	put(k, "a")
	b := Batch{Unit: "u", Turn: 1, Writes: []Write{{Path: []string{"n"}, Value: json.RawMessage("1")}}}
	if err := state.Apply(b); err != nil {
		t.Fatal(err)
	}
	s.Submit(b)
	shut(t, s)

	k, _ = open(true) // by replay
	want(k, "a")
	put(k, "b")
	if err := s.snapshot(); err != nil {
		t.Fatal(err)
	}
	put(k, "c")
	shut(t, s)

	_, state = open(false) // a release without this kind: state is whole, the rest is passed over
	if text, _ := state.Snapshot(); !json.Valid(text) || s.Stats().Unknown != 2 {
		t.Errorf("unknown %d, state %s", s.Stats().Unknown, text)
	}
	shut(t, s)

	k, _ = open(true) // by snapshot and replay
	want(k, "a", "b", "c")
	if s.Stats().Unknown != 0 {
		t.Errorf("unknown %d", s.Stats().Unknown)
	}
	shut(t, s)
}
