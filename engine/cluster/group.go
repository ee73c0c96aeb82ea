package cluster

import (
	"fmt"
	"time"

	"github.com/hashicorp/raft"
)

// DefaultTimeout is how long a silent leader is waited for; see Group.
const DefaultTimeout = 100 * time.Millisecond

// Member is one vote in a group: a brain, or a witness, which keeps the log but never
// becomes active.
type Member struct {
	Name    string `json:"name"`
	Addr    string `json:"addr"` // host:port that other members dial
	Witness bool   `json:"witness,omitempty"`
}

// Group makes a store a member of a log that several brains share.
type Group struct {
	// Members found the group: each founder is given the same list, its own name in it.
	// A log that is there already knows better, and the list is passed over. Empty: wait
	// until a leader adds us.
	Members []Member
	Network *Network // the store closes it
	// Timeout is the time without a leader after which one is elected, 100 ms by
	// default, at least 20 ms. The lease is three quarters of it: a leader that is not
	// scheduled for so long stops acting. All members must have the same.
	Timeout time.Duration
	// Witness: this member never acts. When it is elected, for it may be the only one
	// that has all of the log, it passes the leadership on.
	Witness bool
	// HTTP and VIP are told to the others when this brain takes over.
	HTTP, VIP string

	transport raft.Transport // tests' instead of Network
}

// witnessMark is before the name of a witness in raft's list of servers, which has
// no other room for it.
const witnessMark = "witness:"

func (m Member) server() raft.Server {
	id := m.Name
	if m.Witness {
		id = witnessMark + id
	}
	return raft.Server{ID: raft.ServerID(id), Address: raft.ServerAddress(m.Addr)}
}

func memberOf(s raft.Server) Member {
	m := Member{Name: string(s.ID), Addr: string(s.Address)}
	if name, is := cutMark(s.ID); is {
		m.Name, m.Witness = name, true
	}
	return m
}

func cutMark(id raft.ServerID) (name string, witness bool) {
	if n := len(witnessMark); len(id) > n && id[:len(witnessMark)] == witnessMark {
		return string(id[n:]), true
	}
	return string(id), false
}

// self is this member as raft knows it.
func (s *Store) self() raft.ServerID {
	return Member{Name: s.cfg.Name, Witness: s.cfg.Group != nil && s.cfg.Group.Witness}.server().ID
}

// founders are the servers that a new log begins with; none: it waits to be added.
func (s *Store) founders(own raft.ServerAddress) ([]raft.Server, error) {
	if s.cfg.Group == nil {
		return []raft.Server{{ID: s.self(), Address: own}}, nil
	}
	var servers []raft.Server
	found := false
	for _, m := range s.cfg.Group.Members {
		server := m.server()
		found = found || server.ID == s.self()
		servers = append(servers, server)
	}
	if len(servers) > 0 && !found {
		return nil, fmt.Errorf("%w: %s is not in the list of members", ErrNotMember, s.self())
	}
	return servers, nil
}

func (s *Store) timeout() time.Duration {
	switch {
	case s.cfg.Group == nil:
		return 2 * loneTimeout
	case s.cfg.Group.Timeout == 0:
		return DefaultTimeout
	}
	return max(s.cfg.Group.Timeout, 20*time.Millisecond)
}

// shared says that others may lead this log.
func (s *Store) shared() bool { return s.cfg.Group != nil }
