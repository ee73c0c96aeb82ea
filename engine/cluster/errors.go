package cluster

import "errors"

var (
	// ErrBehind: the queue was full and a batch was refused; the tree has it, the log
	// does not. Commits fail with it until a snapshot has closed the gap.
	ErrBehind = errors.New("cluster: the disk is behind, a batch was not queued")
	// ErrTooLarge is a batch over the largest entry; it is kept by a snapshot only.
	ErrTooLarge = errors.New("cluster: batch too large for the log")
	// ErrDisk: the log could not be written. The batches stay queued and are tried again.
	ErrDisk = errors.New("cluster: the log cannot be written")
	// ErrClosed is a commit on a closed store.
	ErrClosed = errors.New("cluster: store is closed")
	// ErrCorrupt: what is on disk cannot be what was written.
	ErrCorrupt = errors.New("cluster: stored state is damaged")
	// ErrVersion: the files were written by a newer release.
	ErrVersion = errors.New("cluster: stored state has an unknown version")
	// ErrLocked: another process, or another Store, has the directory open.
	ErrLocked = errors.New("cluster: directory is in use")
	// ErrNotMember: the log belongs to a brain of another name.
	ErrNotMember = errors.New("cluster: not a member of this log")
	// ErrNoLeader: no leader was elected in time, or this member is not it.
	ErrNoLeader = errors.New("cluster: no leader")
	// ErrLost: this brain may not act any more.
	ErrLost = errors.New("cluster: no longer active")
	// ErrLease: a majority has not answered for the time of a lease.
	ErrLease = errors.New("cluster: lease not renewed in time")
	// ErrYielded: the leadership was handed over in order.
	ErrYielded = errors.New("cluster: handed over")
	// ErrNoSuccessor: nobody is there to hand over to.
	ErrNoSuccessor = errors.New("cluster: no successor")
)
