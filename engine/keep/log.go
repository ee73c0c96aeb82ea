package keep

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/callwright/callwright/sandbox"
)

// errFormat: a batch or a snapshot is none of ours.
var errFormat = errors.New("keep: not in the format of this release")

// snapshotV is the version of the snapshot's format.
const snapshotV = 1

// record is a value in the log and in a snapshot. Unknown fields are skipped.
type record struct {
	Value json.RawMessage `json:"v"`
	Until int64           `json:"x,omitempty"`
}

type snapshot struct {
	V     int          `json:"v"`
	Pairs []pairRecord `json:"pairs"`
}

type pairRecord struct {
	Bucket string `json:"b"`
	Key    string `json:"k"`
	record
}

// tell hands a change to the log; p nil: the key is gone. It runs under the lock.
func (k *Keep) tell(at place, p *pair) {
	if k.sink == nil {
		return
	}
	w := sandbox.Write{Path: []string{at.bucket, at.key}, Delete: p == nil}
	if p != nil {
		w.Value, _ = json.Marshal(record{p.value, p.until}) // the value is JSON already
	}
	k.sink(sandbox.Batch{Kind: Kind, Writes: []sandbox.Write{w}})
}

// Apply brings in a batch of the log.
func (k *Keep) Apply(b sandbox.Batch) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, w := range b.Writes {
		if len(w.Path) != 2 {
			return fmt.Errorf("%w: path %q", errFormat, w.Path)
		}
		at := place{w.Path[0], w.Path[1]}
		if w.Delete {
			if p := k.pairs[at]; p != nil {
				k.remove(p)
			}
			continue
		}
		var r record
		if err := json.Unmarshal(w.Value, &r); err != nil || r.Value == nil {
			return fmt.Errorf("%w: value of %q", errFormat, w.Path)
		}
		k.set(at, r.Value, r.Until)
	}
	return nil
}

// Snapshot writes the whole tree, also what has expired and nobody has noticed yet.
func (k *Keep) Snapshot() ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := snapshot{V: snapshotV, Pairs: make([]pairRecord, 0, len(k.pairs))}
	for at, p := range k.pairs {
		s.Pairs = append(s.Pairs, pairRecord{at.bucket, at.key, record{p.value, p.until}})
	}
	slices.SortFunc(s.Pairs, func(a, b pairRecord) int {
		return cmp.Or(cmp.Compare(a.Bucket, b.Bucket), cmp.Compare(a.Key, b.Key))
	})
	return json.Marshal(s)
}

// Restore replaces the whole tree by a snapshot; on an error nothing changes.
func (k *Keep) Restore(b []byte) error {
	var s snapshot
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("%w: snapshot: %w", errFormat, err)
	}
	if s.V != snapshotV {
		return fmt.Errorf("%w: snapshot of version %d, want %d", errFormat, s.V, snapshotV)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.pairs, k.ends, k.bytes = map[place]*pair{}, ends{}, 0
	for _, r := range s.Pairs {
		k.set(place{r.Bucket, r.Key}, r.Value, r.Until)
	}
	return nil
}
