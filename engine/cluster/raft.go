package cluster

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
)

const (
	// loneTimeout is how often a lone leader looks at its lease. Its own start does not
	// wait for it (see elect).
	loneTimeout = 250 * time.Millisecond
	// leadWithin bounds Open's wait for the election; replay is not part of it.
	leadWithin = 10 * time.Second
	// trailing entries stay in the log after a snapshot, so that its last index is known.
	trailing = 64
	// sharedTrailing is what a member may have missed without needing a whole snapshot.
	sharedTrailing = 8192
)

// Ours beside raft's keys in the stable store.
var (
	keyEnd = []byte("callwright/end") // last index at the last orderly close
)

// openRaft opens the directory, replays it into the tree, and joins the others.
func (s *Store) openRaft() error {
	var err error
	if s.lock, err = lockDir(s.cfg.Dir); err != nil {
		return err
	}
	logger := raftLogger(s.log, s.shared())
	s.disk = &disk{dir: s.cfg.Dir, segment: s.cfg.segment, log: logger, closing: s.closing, trouble: s.onTrouble,
		shared: s.shared(), mute: s.mute, fatal: func(err error) { s.lose(fmt.Errorf("%w: %w", ErrDisk, err)) }}
	if err := s.disk.open(); err != nil {
		return damaged(err)
	}
	snaps, err := raft.NewFileSnapshotStoreWithLogger(s.cfg.Dir, 1, logger)
	if err != nil {
		return fmt.Errorf("cluster: snapshots in %s: %w", s.cfg.Dir, err)
	}
	if err := s.disk.verify(snaps); err != nil {
		return err
	}
	return s.startRaft(snaps, logger)
}

func (s *Store) startRaft(snaps raft.SnapshotStore, logger hclog.Logger) error {
	s.transport = s.openTransport()
	conf := s.raftConfig(logger)
	known, err := raft.HasExistingState(s.disk, s.disk, snaps)
	if err == nil && !known {
		err = s.found(conf, snaps)
	} else if s.shared() {
		s.forgetVotes()
	}
	if err != nil {
		return s.because(err)
	}
	s.machine = &machine{store: s}
	if s.raft, err = raft.NewRaft(conf, s.machine, s.disk, s.disk, snaps, s.transport); err != nil {
		return s.because(err)
	}
	return s.checkMember()
}

// found begins a new log, unless it waits for others to take it in.
func (s *Store) found(conf *raft.Config, snaps raft.SnapshotStore) error {
	servers, err := s.founders(s.transport.LocalAddr())
	if err != nil || len(servers) == 0 {
		return err
	}
	return raft.BootstrapCluster(conf, s.disk, s.disk, snaps, s.transport, raft.Configuration{Servers: servers})
}

// forgetVotes waits until whoever this member followed before its start has no lease
// on the strength of that (see lease.go).
func (s *Store) forgetVotes() {
	select {
	case <-s.closing:
	case <-time.After(s.timeout()):
	}
}

func (s *Store) raftConfig(logger hclog.Logger) *raft.Config {
	conf := raft.DefaultConfig()
	conf.LocalID = s.self()
	conf.HeartbeatTimeout, conf.ElectionTimeout = s.timeout(), s.timeout()
	conf.LeaderLeaseTimeout = loneTimeout
	if g := s.cfg.Group; g != nil {
		conf.LeaderLeaseTimeout = s.timeout()
		conf.CommitTimeout = min(conf.CommitTimeout, s.timeout()/5) // how far standbys lag behind
		if g.Witness {
			conf.ElectionTimeout *= 4 // after a first try it leaves the field to brains
		}
	}
	conf.MaxAppendEntries = 512
	conf.BatchApplyCh = true
	conf.TrailingLogs = trailing
	if s.shared() {
		conf.TrailingLogs = sharedTrailing
	}
	conf.SnapshotThreshold = math.MaxUint64 // the keeper counts bytes, raft would count entries
	conf.SnapshotInterval = time.Hour
	conf.NoLegacyTelemetry = true
	conf.Logger = logger
	return conf
}

// checkMember refuses a log whose members have other names: this one would never lead.
// One without members waits to be added to a group.
func (s *Store) checkMember() error {
	future := s.raft.GetConfiguration()
	if err := future.Error(); err != nil {
		return s.because(err)
	}
	servers := future.Configuration().Servers
	for _, server := range servers {
		if server.ID == raft.ServerID(s.cfg.Name) {
			return nil
		}
	}
	if s.shared() {
		return nil // removed, or not added yet: it waits
	}
	return fmt.Errorf("%w: %s is not one of %v in %s", ErrNotMember, s.cfg.Name, servers, s.cfg.Dir)
}

// elect makes a lone brain the leader. A
// shortened heartbeat time-out makes raft's follower look at its timer at once: a lone
// brain has no leader to wait for.
func (s *Store) elect() error {
	reload := s.raft.ReloadableConfig()
	reload.HeartbeatTimeout, reload.ElectionTimeout = loneTimeout, loneTimeout
	if err := s.raft.ReloadConfig(reload); err != nil {
		return fmt.Errorf("cluster: %w", err)
	}
	patience := time.NewTimer(leadWithin)
	defer patience.Stop()
	for s.raft.State() != raft.Leader {
		select {
		case <-s.raft.LeaderCh():
		case <-patience.C:
			return fmt.Errorf("%w after %v: %s", ErrNoLeader, leadWithin, s.cfg.Dir)
		case <-time.After(retryEvery):
			if trouble := s.troubled.Load(); trouble != nil {
				return fmt.Errorf("%w: %w", ErrDisk, *trouble)
			}
		}
	}
	return nil
}

// because prefers the cause the machine has seen over raft's summary of it.
func (s *Store) because(err error) error {
	if err == nil {
		return nil
	}
	if s.machine != nil {
		if cause := s.machine.trouble(); cause != nil {
			return cause
		}
	}
	return fmt.Errorf("cluster: %s: %w", s.cfg.Dir, damaged(err))
}

// raftLogger gives raft's errors to log as they are and all else, which is about
// elections, as debug. In a group raft calls each message to a member that is gone an
// error, some dozens a second; observe and renew say what an operator needs.
func raftLogger(log *slog.Logger, shared bool) hclog.Logger {
	logger := hclog.NewInterceptLogger(&hclog.LoggerOptions{Name: "raft", Output: io.Discard, Level: hclog.Debug})
	logger.RegisterSink(sink{log, shared})
	return logger
}

type sink struct {
	log    *slog.Logger
	shared bool
}

// Accept implements hclog.SinkAdapter.
func (k sink) Accept(name string, level hclog.Level, msg string, args ...any) {
	to := slog.LevelDebug
	if level >= hclog.Error && !k.shared {
		to = slog.LevelError
	}
	if k.log.Enabled(context.Background(), to) {
		k.log.Log(context.Background(), to, "cluster: "+name+": "+msg, args...)
	}
}
