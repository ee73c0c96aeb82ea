package cluster

import (
	"errors"
	"fmt"

	"github.com/hashicorp/raft"
	wal "github.com/hashicorp/raft-wal"
)

// verify reads what raft is about to replay, for raft panics on a log that it cannot
// read. It costs a pass over at most one snapshot interval of log.
func (d *disk) verify(snaps raft.SnapshotStore) error {
	filed, err := newestSnapshot(snaps)
	if err != nil {
		return fmt.Errorf("cluster: %s: %w", d.dir, err)
	}
	first, err1 := d.FirstIndex()
	last, err2 := d.LastIndex()
	end, err3 := d.GetUint64(keyEnd)
	if err := errors.Join(err1, err2, err3); err != nil {
		return fmt.Errorf("cluster: %s: %w", d.dir, damaged(err))
	}
	if d.shared && last < filed && end <= filed {
		// A snapshot of another member took the log's place, or was about to.
		return d.forget(first, last)
	}
	switch {
	case last < max(filed, end):
		return fmt.Errorf("%w: log in %s ends at entry %d, but had %d", ErrCorrupt, d.dir, last, max(filed, end))
	case last > 0 && first > filed+1:
		return fmt.Errorf("%w: log in %s begins at entry %d, but the newest snapshot ends at %d", ErrCorrupt, d.dir, first, filed)
	}
	for i := max(first, 1); i <= last; i++ {
		if err := d.verifyEntry(i, i > filed); err != nil {
			return fmt.Errorf("cluster: log in %s: entry %d: %w", d.dir, i, err)
		}
	}
	return nil
}

// forget drops the whole log: a snapshot has all of it.
func (d *disk) forget(first, last uint64) error {
	if last == 0 {
		return nil
	}
	return d.DeleteRange(first, last)
}

// newestSnapshot returns the index of the snapshot raft will restore, 0 without one.
func newestSnapshot(snaps raft.SnapshotStore) (uint64, error) {
	list, err := snaps.List()
	if err != nil || len(list) == 0 {
		return 0, err
	}
	return list[0].Index, nil
}

// verifyEntry reads one entry. The write-ahead log's decoder may panic on bytes that
// are not its own.
func (d *disk) verifyEntry(index uint64, replayed bool) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", ErrCorrupt, r)
		}
	}()
	var l raft.Log
	if err := d.GetLog(index, &l); err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if l.Index != index {
		return fmt.Errorf("%w: it says it is %d", ErrCorrupt, l.Index)
	}
	if l.Type != raft.LogCommand || !replayed {
		return nil
	}
	return checkEntry(l.Data)
}

// damaged marks the write-ahead log's own word for damage as ours.
func damaged(err error) error {
	if errors.Is(err, wal.ErrCorrupt) {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return err
}
