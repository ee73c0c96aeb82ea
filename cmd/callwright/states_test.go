package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/callwright/callwright/engine/api"
	"github.com/callwright/callwright/engine/cluster"
	"github.com/callwright/callwright/engine/events"
	"github.com/callwright/callwright/sandbox"
)

// keptState is a tree on a log in a directory, as a brain has it.
func keptState(t *testing.T, dir string) (*states, *cluster.Store) {
	t.Helper()
	past := events.NewRing[written](keptBatches)
	var store *cluster.Store
	tree := sandbox.NewState(func(b sandbox.Batch) {
		store.Submit(b)
		past.Put(wrote(b))
	})
	var err error
	store, err = cluster.Open(cluster.Config{Dir: dir, Restore: tree.Restore, Snapshot: tree.Snapshot, Apply: tree.Apply})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return &states{tree: tree, store: store, past: past}, store
}

func path(t *testing.T, text string) []string {
	t.Helper()
	p, err := api.ParsePath(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// set writes as an operator at a loopback address does.
func (s *states) set(t *testing.T, at, value string) (api.StateChange, error) {
	t.Helper()
	return s.Set(t.Context(), "127.0.0.1", path(t, at), json.RawMessage(value))
}

func (s *states) text(t *testing.T, at string) string {
	t.Helper()
	v, err := s.Get(path(t, at))
	if err != nil {
		return err.Error()
	}
	return string(v)
}

func TestStateIsWrittenAndRead(t *testing.T) {
	s, _ := keptState(t, "")
	for _, c := range []struct{ at, value string }{
		{"pins", `{}`}, {"pins.1234", `{"room":"board"}`}, {"['a.b']", `[1,2]`}, {"['a.b'][2]", `"three"`}, {"pins.1234.room", `"lobby"`},
	} {
		if _, err := s.set(t, c.at, c.value); err != nil {
			t.Fatalf("%s: %v", c.at, err)
		}
	}
	for at, want := range map[string]string{
		"":               `{"pins":{"1234":{"room":"lobby"}},"a.b":[1,2,"three"]}`,
		"pins.1234.room": `"lobby"`,
		"['a.b'].1":      `2`,
		"pins.1235":      `api: nothing there: state has no pins.1235, did you mean pins.1234?`,
		"pin.1234":       `api: nothing there: state has no pin, did you mean pins?`,
		"['a.b'][0].x":   `api: nothing there: ['a.b'].0 is no object`,
		"other":          `api: nothing there: state has no other`,
	} {
		if got := s.text(t, at); got != want {
			t.Errorf("%s: %s, want %s", at, got, want)
		}
	}
	if _, err := s.Remove(t.Context(), "127.0.0.1", path(t, "pins.1234")); err != nil || s.text(t, "pins") != "{}" {
		t.Errorf("removed: %v, %s", err, s.text(t, "pins"))
	}
}

func TestStateRefuses(t *testing.T) {
	s, _ := keptState(t, "")
	s.set(t, "list", `[1]`)
	for _, c := range []struct {
		at, value string
		want      error
		text      string
	}{
		{"rooms.a", `1`, api.ErrNoPath, `set it first: state set rooms '{}'`},
		{"list.first", `1`, api.ErrBadPath, `"first" is no element's number`},
		{"list[0].x", `1`, api.ErrNoPath, "no object"},
		{"deep", strings.Repeat("[", 600) + strings.Repeat("]", 600), api.ErrBadValue, "nested deeper"},
	} {
		if _, err := s.set(t, c.at, c.value); !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %v, want %v with %s", c.at, err, c.want, c.text)
		}
	}
	if _, err := s.Remove(t.Context(), "x", path(t, "lis")); !errors.Is(err, api.ErrNoPath) {
		t.Errorf("removing nothing: %v", err)
	}
	for _, root := range []string{`[1]`, `null`, `1`} {
		if _, err := s.Load(t.Context(), "x", json.RawMessage(root)); !errors.Is(err, api.ErrBadValue) {
			t.Errorf("loading %s: %v", root, err)
		}
	}
	if got := s.text(t, ""); got != `{"list":[1]}` {
		t.Errorf("what was refused left %s", got)
	}
}

// Load is one batch: whole, or not at all.
func TestStateLoads(t *testing.T) {
	s, _ := keptState(t, "")
	s.set(t, "old", `1`)
	s.set(t, "b", `1`)
	whole := `{"b":{"x":[null,true,1.5]},"a":"é","state":0}`
	if _, err := s.Load(t.Context(), "x", json.RawMessage(whole)); err != nil || s.text(t, "") != whole {
		t.Fatalf("loaded: %v, %s", err, s.text(t, ""))
	}
	deep := `{"c":1,"d":` + strings.Repeat("[", 600) + strings.Repeat("]", 600) + `}`
	if _, err := s.Load(t.Context(), "x", json.RawMessage(deep)); !errors.Is(err, api.ErrBadValue) || s.text(t, "") != whole {
		t.Errorf("what is too deep: %v, and left %.80s", err, s.text(t, ""))
	}
}

func TestStateErrorsInTheWordsOfTheAPI(t *testing.T) {
	full := fmt.Errorf("%w: 9 bytes of 8", sandbox.ErrStateFull)
	if err := stateError(full); !errors.Is(err, api.ErrFull) || !strings.Contains(err.Error(), "9 bytes of 8") {
		t.Errorf("a full state is %v", err)
	}
	if other := errors.New("other"); stateError(other) != other {
		t.Error("an error that is not the tree's was changed")
	}
}

func TestStateHistory(t *testing.T) {
	s, _ := keptState(t, "")
	s.set(t, "pins", `{}`)
	change, _ := s.set(t, "pins.1", `2`)
	s.set(t, "rooms", `{}`)
	s.Remove(t.Context(), "10.0.0.9", path(t, "pins.1"))
	list, kept := s.History(path(t, "pins.1"))
	var got []string
	for _, c := range list {
		got = append(got, fmt.Sprint(c.Unit, " ", c.Paths))
	}
	want := "operator:127.0.0.1#1 [pins],operator:127.0.0.1#1 [pins.1],operator:10.0.0.9#1 [-pins.1]"
	if strings.Join(got, ",") != want || kept != keptBatches || change.Writes != 1 || time.Since(change.Time) > time.Minute {
		t.Errorf("history %q of %d, the second was %+v", got, kept, change)
	}
	if all, _ := s.History(nil); len(all) != 4 {
		t.Errorf("%d batches in all", len(all))
	}
}

// A new run of the brain counts its turns anew, under another name: else the log would
// take its batches for known ones.
func TestStateAcrossStarts(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	for i := range 3 {
		s, store := keptState(t, dir)
		if want := fmt.Sprint(i); i > 0 && s.text(t, "n") != want {
			t.Fatalf("start %d finds %s, want %s", i, s.text(t, "n"), want)
		}
		if _, err := s.set(t, "n", fmt.Sprint(i+1)); err != nil {
			t.Fatal(err)
		}
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// slowDisk never says that anything is stored.
type slowDisk struct{}

func (slowDisk) Commit(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
func (slowDisk) Epoch() uint64                    { return 1 }

func TestStateSaysWhenTheDiskDoesNotAnswer(t *testing.T) {
	s := &states{tree: sandbox.NewState(nil), store: slowDisk{}, past: events.NewRing[written](1)}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Set(ctx, "x", []string{"a"}, json.RawMessage("1")); !errors.Is(err, api.ErrNotStored) {
		t.Errorf("set: %v", err)
	}
}

// The figure is for the log; the bound is wide, for machines are busy. Cost grows with
// the bytes: 20 MB take five times as long.
func TestStartWithMuchState(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	s, store := keptState(t, dir)
	const size, each = 4 << 20, 64 << 10
	s.set(t, "pins", `{}`)
	_, err := s.do("filling", func(tx sandbox.Txn) error {
		value := json.RawMessage(`"` + strings.Repeat("r", each) + `"`)
		for i := range size / each {
			if _, err := tx.Do(sandbox.Access{Do: sandbox.Put, Path: []string{"pins"}, Key: fmt.Sprint(i), Value: value}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	again, _ := keptState(t, dir)
	took := time.Since(begun)
	if got := again.text(t, fmt.Sprint("pins.", size/each-1)); len(got) != each+2 {
		t.Fatalf("after the start: %.80s", got)
	}
	t.Logf("start with %d MB of state: %v", size>>20, took.Round(time.Millisecond))
	if took > 20*time.Second {
		t.Errorf("a start with %d MB of state took %v", size>>20, took)
	}
}
