package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/raft"
)

// memberTime bounds a change of members, which waits for its entry's majority.
const memberTime = 5 * time.Second

// Status is a group as one member sees it.
type Status struct {
	Name    string         `json:"name"`
	Role    string         `json:"role"`              // "active", "standby", "witness"
	Epoch   uint64         `json:"epoch"`             // of the last take-over in its log
	Active  Lead           `json:"active"`            // that take-over
	Leader  string         `json:"leader,omitempty"`  // member that leads; empty: none is known
	LeaseMs float64        `json:"leaseMs,omitempty"` // what is left of it here
	Term    uint64         `json:"term"`
	Index   uint64         `json:"index"`   // last entry of its log
	Applied uint64         `json:"applied"` // and in its tree
	Members []MemberStatus `json:"members"`
}

// MemberStatus is one member as the asked one sees it.
type MemberStatus struct {
	Member
	Leader bool `json:"leader,omitempty"`
	// Silent is since when it does not answer; the leader alone knows that.
	Silent *time.Time `json:"silent,omitempty"`
}

// Status may be called from any goroutine.
func (s *Store) Status() Status {
	st := Status{Name: s.cfg.Name, Role: "standby", LeaseMs: float64(s.Lease()) / float64(time.Millisecond)}
	switch {
	case s.Held():
		st.Role = "active"
	case s.shared() && s.cfg.Group.Witness:
		st.Role = "witness"
	}
	if s.raft == nil {
		st.Epoch = s.Epoch()
		return st
	}
	st.Active = s.machine.led()
	st.Epoch = st.Active.Epoch
	st.Term, st.Index, st.Applied = s.raft.CurrentTerm(), s.raft.LastIndex(), s.raft.AppliedIndex()
	_, leader := s.raft.LeaderWithID()
	st.Leader, _ = cutMark(leader)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, server := range s.servers() {
		m := MemberStatus{Member: memberOf(server), Leader: server.ID == leader}
		if since, is := s.silent[server.ID]; is {
			m.Silent = &since
		}
		st.Members = append(st.Members, m)
	}
	return st
}

func (s *Store) servers() []raft.Server {
	future := s.raft.GetConfiguration()
	if future.Error() != nil {
		return nil // shut down
	}
	return future.Configuration().Servers
}

// Add gives a member a vote, or another address; the active brain only. The new
// member must be running and have been started to wait for this.
func (s *Store) Add(m Member) error {
	server := m.server()
	return memberError(s.raft.AddVoter(server.ID, server.Address, 0, memberTime).Error())
}

// Remove takes a member's vote; the active brain only. To remove itself, it must
// hand over first.
func (s *Store) Remove(name string) error {
	for _, server := range s.servers() {
		if memberOf(server).Name != name {
			continue
		}
		if server.ID == s.self() {
			return fmt.Errorf("%w: %s leads; transfer the leadership first", ErrNotMember, name)
		}
		return memberError(s.raft.RemoveServer(server.ID, 0, memberTime).Error())
	}
	return fmt.Errorf("%w: %s", ErrNotMember, name)
}

func memberError(err error) error {
	if errors.Is(err, raft.ErrNotLeader) || errors.Is(err, raft.ErrLeadershipLost) {
		return fmt.Errorf("%w: %w", ErrNoLeader, err)
	}
	return err
}

// Successor says whether a brain could take over: another one that answers, by name
// or any.
func (s *Store) Successor(name string) error {
	if !s.shared() {
		return fmt.Errorf("%w: this brain is alone", ErrNoSuccessor)
	}
	if len(s.heirs(name)) > 0 {
		return nil
	}
	if name == "" {
		return fmt.Errorf("%w: no other brain answers", ErrNoSuccessor)
	}
	return fmt.Errorf("%w: %s is no other brain that answers", ErrNoSuccessor, name)
}

func (s *Store) heirs(name string) []raft.Server {
	var heirs []raft.Server
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, server := range s.servers() {
		m := memberOf(server)
		_, silent := s.silent[server.ID]
		if !m.Witness && !silent && server.ID != s.self() && (name == "" || name == m.Name) {
			heirs = append(heirs, server)
		}
	}
	// Whoever was active last is the likeliest to be gone, or frozen and not known to be.
	last := s.machine.led().Brain
	slices.SortStableFunc(heirs, func(a, b raft.Server) int {
		return cmp.Compare(btoi(string(a.ID) == last), btoi(string(b.ID) == last))
	})
	return heirs
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Yield hands the leadership to another brain, by name or to any: it writes what is
// queued, gives up the lease, and only then asks the other to be elected. The caller
// must have stopped acting, for Lost is closed in between whatever the outcome is.
func (s *Store) Yield(ctx context.Context, name string) error {
	if err := s.Successor(name); err != nil {
		return err
	}
	if err := s.Commit(ctx); err != nil {
		return err
	}
	s.lose(ErrYielded)
	return s.transfer(name)
}

func (s *Store) transfer(name string) error {
	errs := []error{ErrNoSuccessor}
	for _, server := range s.heirs(name) {
		err := s.raft.LeadershipTransferToServer(server.ID, server.Address).Error()
		if err == nil {
			return nil
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// listen notes which members have stopped to answer their leader.
func (s *Store) listen() {
	ch := make(chan raft.Observation, 64)
	s.raft.RegisterObserver(raft.NewObserver(ch, false, nil))
	for {
		select {
		case <-s.closing:
			return
		case o := <-ch:
			s.observe(o.Data)
		}
	}
}

func (s *Store) observe(what any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch o := what.(type) {
	case raft.FailedHeartbeatObservation:
		if _, is := s.silent[o.PeerID]; !is {
			s.silent[o.PeerID] = o.LastContact
			s.log.Warn("cluster: a member does not answer", "member", o.PeerID)
		}
	case raft.ResumedHeartbeatObservation:
		delete(s.silent, o.PeerID)
		s.log.Info("cluster: a member answers again", "member", o.PeerID)
	case raft.PeerObservation:
		if o.Removed {
			delete(s.silent, o.Peer.ID)
		}
	case raft.LeaderObservation:
		clear(s.silent)
	}
}
