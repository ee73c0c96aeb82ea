package cluster

import (
	"encoding/json"
	"log/slog"
	"strconv"
	"testing"

	"github.com/callwright/callwright/sandbox"
)

// TestRealTree joins the sandbox's own tree: lists and splices come back as they were.
func TestRealTree(t *testing.T) {
	dir := t.TempDir()
	start := func() (*Store, *sandbox.State) {
		state := sandbox.NewState(nil)
		s, err := Open(Config{Dir: dir, Log: slog.New(slog.DiscardHandler),
			Restore: state.Restore, Snapshot: state.Snapshot, Apply: state.Apply})
		if err != nil {
			t.Fatal(err)
		}
		return s, state
	}
	s, state := start()
	for i := range 20 {
		b := Batch{Unit: "call-" + strconv.Itoa(i), Turn: 3, Writes: []Write{
			{Path: []string{"queue"}, Value: json.RawMessage(`["a","b","c"]`)},
			{Path: []string{"queue"}, Value: json.RawMessage(`["x",` + strconv.Itoa(i) + `]`), Splice: &sandbox.Splice{At: 1, Drop: 1}},
			{Path: []string{"queue", "length"}, Value: json.RawMessage("3")},
		}}
		if i > 0 {
			b.Writes = append(b.Writes[1:2:2], Write{Path: []string{"n"}, Value: json.RawMessage(strconv.Itoa(i))})
		}
		if err := state.Apply(b); err != nil {
			t.Fatal(err)
		}
		s.Submit(b)
		if i == 10 {
			if err := s.snapshot(); err != nil {
				t.Fatal(err)
			}
		}
	}
	want, _ := state.Snapshot()
	for range 2 {
		shut(t, s)
		s, state = start()
		if got, _ := state.Snapshot(); string(got) != string(want) {
			t.Fatalf("after reopening\n%s\nwant\n%s", got, want)
		}
	}
	shut(t, s)
}
