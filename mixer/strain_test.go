package mixer

import (
	"testing"
	"time"

	"github.com/callwright/callwright/media/control"
)

func TestFullBeforeMembersHearIt(t *testing.T) {
	var s strain
	run := func(ticks int, took time.Duration, off lapse, members int) bool {
		for range ticks {
			s.tick(took, off, members)
		}
		return s.full.Load()
	}
	late := lapse{late: true}
	for _, c := range []struct {
		what    string
		ticks   int
		took    time.Duration
		off     lapse
		members int
		want    bool
	}{
		{"half of the period", 500, 10 * time.Millisecond, lapse{}, 5000, false},
		{"one long tick", 1, 60 * time.Millisecond, lapse{doubled: true}, 5000, false},
		{"nine tenths, for a while", 200, 18 * time.Millisecond, lapse{}, 5000, true},
		{"three quarters", 500, 15 * time.Millisecond, lapse{}, 5000, true}, // not yet eased
		{"half again", 500, 10 * time.Millisecond, lapse{}, 5000, false},
		{"late within the budget", lateBudget, time.Millisecond, late, 5000, false},
		{"late beyond it", 1, time.Millisecond, late, 5000, true},
		{"on time for two windows", 2 * window, time.Millisecond, lapse{}, 5000, false},
		{"late, with few members", 2 * window, 19 * time.Millisecond, late, fewMembers - 1, false},
	} {
		if got := run(c.ticks, c.took, c.off, c.members); got != c.want {
			t.Errorf("%s: full %v, want %v (share %.2f, late %d)", c.what, got, c.want, s.share, s.late)
		}
	}
}

func TestStrainAllocatesNothing(t *testing.T) {
	var s strain
	if n := testing.AllocsPerRun(100, func() { s.tick(time.Second, lapse{late: true}, 1000) }); n != 0 {
		t.Errorf("%v allocations a tick", n)
	}
	var _ control.Fillable = (*Mixer)(nil)
}
