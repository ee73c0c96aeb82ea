package cluster

import (
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"
)

func TestStateSurvivesCloseAndOpen(t *testing.T) {
	dir := t.TempDir()
	s, tr := open(t, dir)
	first := s.Epoch()
	tr.write(set(1, "n", "1", "pins/1234", `{"room":"a<b&c"}`, "gone", `"x"`))
	tr.write(set(2, "n", "2", "gone", "", "nothing", "null"))
	if err := s.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if tr.applied != 0 {
		t.Errorf("%d batches of its own came back to the tree", tr.applied)
	}
	want := tr.String()
	shut(t, s)

	s, tr = open(t, dir)
	defer shut(t, s)
	if got := tr.String(); got != want {
		t.Errorf("after reopening:\n%swant\n%s", got, want)
	}
	if s.Epoch() <= first {
		t.Errorf("epoch %d after %d", s.Epoch(), first)
	}
}

func TestCloseWritesWhatIsQueued(t *testing.T) {
	dir := t.TempDir()
	s, tr := open(t, dir)
	const n = 2000
	for i := range n {
		tr.write(set(uint64(i), strconv.Itoa(i), "true"))
	}
	shut(t, s)
	s, tr = open(t, dir)
	defer shut(t, s)
	if len(tr.leaves) != n {
		t.Errorf("%d leaves, want %d", len(tr.leaves), n)
	}
}

func TestBatchesShareEntries(t *testing.T) {
	s, tr := open(t, t.TempDir())
	defer shut(t, s)
	for i := range 10_000 {
		tr.write(set(uint64(i), "n", strconv.Itoa(i)))
	}
	if err := s.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	st := s.Stats()
	if st.Accepted != 10_000 || st.Durable != 10_000 || st.Queued != 0 {
		t.Errorf("stats %+v", st)
	}
	if st.Entries < 100 || st.Entries > 1000 {
		t.Errorf("%d entries for 10,000 batches, want about 100", st.Entries)
	}
}

func TestGroupLimits(t *testing.T) {
	small := set(1, "a", "1")
	big := set(1, "a", `"`+string(make([]byte, groupBytes))+`"`)
	many := make([]Batch, 250)
	for i := range many {
		many[i] = small
	}
	for _, c := range []struct {
		name string
		work []Batch
		want int
	}{
		{"one", []Batch{small}, 1},
		{"many", many, groupBatches},
		{"large alone", []Batch{big, small}, 1},
		{"large later", []Batch{small, small, big}, 2},
	} {
		if got := groupLen(c.work); got != c.want {
			t.Errorf("%s: %d batches, want %d", c.name, got, c.want)
		}
	}
}

func TestOpenLeadsFast(t *testing.T) {
	dir := t.TempDir()
	for range 2 { // new, and again
		begun := time.Now()
		s, _ := open(t, dir)
		if d := time.Since(begun); d > 300*time.Millisecond {
			t.Errorf("led after %v", d)
		}
		shut(t, s)
	}
}

func TestDirectoryBelongsToOneStore(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, dir)
	if _, err := Open(newTree().config(dir)); !errors.Is(err, ErrLocked) {
		t.Errorf("second Open: %v, want ErrLocked", err)
	}
	shut(t, s)
	conf := newTree().config(dir)
	conf.Name = "somebody-else"
	if _, err := Open(conf); !errors.Is(err, ErrNotMember) {
		t.Errorf("another name: %v, want ErrNotMember", err)
	}
	s, _ = open(t, dir) // the failed ones left nothing locked
	shut(t, s)
}

func TestClosedStoreRefuses(t *testing.T) {
	s, tr := open(t, t.TempDir())
	shut(t, s)
	shut(t, s)
	tr.write(set(1, "a", "1"))
	if err := s.Commit(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("commit: %v, want ErrClosed", err)
	}
	if s.Stats().Refused != 1 {
		t.Errorf("stats %+v", s.Stats())
	}
}

func TestNothingKept(t *testing.T) {
	s, tr := open(t, "")
	tr.write(set(1, "a", "1"))
	if err := s.Commit(t.Context()); err != nil {
		t.Error(err)
	}
	if s.Epoch() != 1 {
		t.Errorf("epoch %d", s.Epoch())
	}
	shut(t, s)
}

func TestCommitOrder(t *testing.T) {
	s, tr := open(t, t.TempDir())
	got := make(chan int, 100)
	for i := range 100 {
		tr.write(set(uint64(i), "n", fmt.Sprint(i)))
		s.CommitAsync(func(err error) {
			if err != nil {
				t.Error(err)
			}
			got <- i
		})
	}
	shut(t, s)
	for want := range 100 {
		if i := <-got; i != want {
			t.Fatalf("commit %d answered, want %d", i, want)
		}
	}
}
