package cluster

import (
	"testing"
	"testing/synctest"
	"time"
)

// A lone brain waits for nobody: its start takes what its disk takes.
func TestALoneStartWaitsForNobody(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		for i := range 3 {
			began := time.Now()
			s, err := Open(Config{Dir: dir, segment: 1 << 16, Restore: func([]byte) error { return nil }, Snapshot: func() ([]byte, error) { return nil, nil }, Apply: func(Batch) error { return nil }})
			if err != nil {
				t.Fatal(err)
			}
			if waited := time.Since(began); waited > 20*time.Millisecond {
				t.Errorf("start %d waited for %v", i, waited)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}
