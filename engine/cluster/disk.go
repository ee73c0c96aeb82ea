package cluster

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
	wal "github.com/hashicorp/raft-wal"
	"github.com/hashicorp/raft-wal/metadb"
	"golang.org/x/sys/unix"
)

// lockDir creates dir and takes it for this process. The kernel drops the lock with
// the process, however it ends.
func lockDir(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("cluster: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cluster: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("%w: %s", ErrLocked, dir)
		}
		return nil, fmt.Errorf("cluster: lock %s: %w", dir, err)
	}
	return f, nil
}

// disk is raft's log and stable store. It is the write-ahead log with two additions:
// its metadata file is closed with it, and a lone brain's writes are tried again
// instead of failing, for raft would step down, or panic when a term cannot be saved,
// and nobody could take over. In a group somebody can: a write that fails is an error,
// and a member that cannot save its term or vote says nothing more to anybody.
type disk struct {
	dir     string
	segment int
	log     hclog.Logger
	closing <-chan struct{}
	shared  bool            // others may lead
	mute    <-chan struct{} // closed: no message of ours can leave any more
	trouble func(error)     // told of each failed attempt, on raft's goroutine; nil: it works again
	fatal   func(error)     // told of a vote that cannot be saved, in a group

	mu   sync.RWMutex // held to replace wal
	meta *metadb.BoltMetaDB
	wal  *wal.WAL // nil while it cannot be opened
}

func (d *disk) open() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.meta == nil {
		d.meta = &metadb.BoltMetaDB{}
	}
	w, err := wal.Open(d.dir, wal.WithMetaStore(d.meta), wal.WithSegmentSize(d.segment), wal.WithLogger(d.log))
	if err != nil {
		return fmt.Errorf("cluster: open log in %s: %w", d.dir, err)
	}
	d.wal = w
	return nil
}

func (d *disk) close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var err error
	if d.wal != nil {
		err = d.wal.Close()
		d.wal = nil
	}
	return errors.Join(err, d.meta.Close())
}

// StoreLogs returns when the entries are on disk, or with the error when the store
// is closing.
func (d *disk) StoreLogs(logs []*raft.Log) error {
	return d.persist(func(w *wal.WAL) error {
		last, err := w.LastIndex()
		if err != nil {
			return err
		}
		// A write that failed may be there after all, but whether the disk has it is
		// not known: a failed fsync is not reported twice.
		if first := logs[0].Index; last >= first {
			if err := w.DeleteRange(first, last); err != nil {
				return err
			}
		}
		return w.StoreLogs(logs)
	})
}

// persist tries f until it succeeds. The write-ahead log cannot be trusted after
// an error (a failed rotation leaves it sealed for good), so it is read anew.
func (d *disk) persist(f func(*wal.WAL) error) error {
	for failed := false; ; failed = true {
		err := d.with(f)
		if err == nil {
			if failed {
				d.trouble(nil)
			}
			return nil
		}
		d.trouble(err)
		if d.shared {
			d.reopen()
			return err
		}
		select {
		case <-d.closing:
			return err
		case <-time.After(retryEvery):
		}
		d.reopen()
	}
}

func (d *disk) reopen() {
	d.mu.Lock()
	if d.wal != nil {
		d.wal.Close()
		d.wal = nil
	}
	d.mu.Unlock()
	if err := d.open(); err != nil {
		d.trouble(err)
	}
}

func (d *disk) with(f func(*wal.WAL) error) error {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.wal == nil {
		return wal.ErrClosed
	}
	return f(d.wal)
}

func (d *disk) StoreLog(l *raft.Log) error { return d.StoreLogs([]*raft.Log{l}) }

func (d *disk) FirstIndex() (i uint64, err error) {
	err = d.with(func(w *wal.WAL) error { i, err = w.FirstIndex(); return err })
	return i, err
}

func (d *disk) LastIndex() (i uint64, err error) {
	err = d.with(func(w *wal.WAL) error { i, err = w.LastIndex(); return err })
	return i, err
}

func (d *disk) GetLog(index uint64, l *raft.Log) error {
	return d.with(func(w *wal.WAL) error { return w.GetLog(index, l) })
}

func (d *disk) DeleteRange(from, to uint64) error {
	return d.with(func(w *wal.WAL) error { return w.DeleteRange(from, to) })
}

// IsMonotonic tells raft that the log takes no gaps.
func (d *disk) IsMonotonic() bool { return true }

// Set saves a term or a vote. While closing it says that it did: raft would panic,
// and a brain that ends uses neither. In a group it does not come back from a failure
// before nobody can be told of that vote.
func (d *disk) Set(key, value []byte) error {
	if err := d.persist(func(w *wal.WAL) error { return w.Set(key, value) }); err != nil {
		if d.shared {
			d.fatal(err)
			<-d.mute
		}
		d.log.Error("not saved while closing", "key", string(key), "err", err)
	}
	return nil
}

func (d *disk) Get(key []byte) (value []byte, err error) {
	err = d.with(func(w *wal.WAL) error { value, err = w.Get(key); return err })
	return value, err
}

func (d *disk) SetUint64(key []byte, v uint64) error {
	return d.Set(key, appendUint64(nil, v))
}

func (d *disk) GetUint64(key []byte) (v uint64, err error) {
	err = d.with(func(w *wal.WAL) error { v, err = w.GetUint64(key); return err })
	return v, err
}

// markEnd notes how far the log goes, so that the next Open can tell a lost record
// from one that a crash never finished.
func (d *disk) markEnd() {
	last, err := d.LastIndex()
	if err == nil {
		err = d.SetUint64(keyEnd, last)
	}
	if err != nil {
		d.log.Error("end of the log not noted", "err", err)
	}
}

// appendUint64 is the form in which the write-ahead log reads numbers back.
func appendUint64(b []byte, v uint64) []byte { return binary.LittleEndian.AppendUint64(b, v) }
