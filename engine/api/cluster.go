package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Errors of a cluster.
var (
	// ErrMember: a change of members that cannot be; nothing has changed.
	ErrMember = errors.New("api: not possible")

	errStandby = errors.New("this brain is a standby")
)

// Cluster is the group of brains. Methods are called from many goroutines.
type Cluster interface {
	Cluster() ClusterView
	// Add, Remove and Transfer are the active brain's. Transfer returns when the other
	// has been told; this process ends then. ErrMember.
	Add(ctx context.Context, name, addr string, witness bool) error
	Remove(ctx context.Context, name string) error
	Transfer(ctx context.Context, to string) error
}

// ClusterView is a group as one brain sees it.
type ClusterView struct {
	Name    string     `json:"name"` // of the brain that answers
	Role    string     `json:"role"` // its own: "active", "standby", "witness"
	Epoch   uint64     `json:"epoch"`
	Active  string     `json:"active,omitempty"` // brain that took over last
	HTTP    string     `json:"http,omitempty"`   // and its control API
	VIP     string     `json:"vip,omitempty"`    // and the virtual IP it owns
	Leader  string     `json:"leader,omitempty"` // of the log, as far as this brain knows
	LeaseMs float64    `json:"leaseMs,omitempty"`
	Index   uint64     `json:"index"`   // of its log
	Applied uint64     `json:"applied"` // and of what is in its memory
	Members []PeerView `json:"members"`
}

// PeerView is one member of a group.
type PeerView struct {
	Name    string `json:"name"`
	Addr    string `json:"addr"`
	Witness bool   `json:"witness,omitempty"`
	Leader  bool   `json:"leader,omitempty"`
	Silent  string `json:"silent,omitempty"` // for how long it has not answered its leader
}

// forStandby are the routes that a standby serves.
func forStandby(path string) bool {
	return path == "/v1" || path == "/healthz" || path == "/v1/cluster" || strings.HasPrefix(path, "/v1/cluster/")
}

// standby says whom to ask instead.
func (s *Server) standby() error {
	if s.cluster == nil {
		return errStandby
	}
	v := s.cluster.Cluster()
	switch {
	case v.Leader == "":
		return fmt.Errorf("%w, and none is active at the moment", errStandby)
	case v.HTTP == "":
		return fmt.Errorf("%w; %s is active", errStandby, v.Leader)
	}
	return fmt.Errorf("%w; %s is active, at --http %s", errStandby, v.Active, v.HTTP)
}

func getCluster(s *Server, _ *http.Request) (any, error) {
	if s.cluster == nil {
		return nil, ErrNotHere
	}
	return s.cluster.Cluster(), nil
}

func addMember(s *Server, r *http.Request) (any, error) {
	var m PeerView
	if err := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 64<<10)).Decode(&m); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadBody, err)
	}
	if m.Name == "" || m.Addr == "" {
		return nil, fmt.Errorf("%w: name and addr are needed", ErrBadBody)
	}
	return s.change(r, func(c Cluster) error { return c.Add(r.Context(), m.Name, m.Addr, m.Witness) })
}

func removeMember(s *Server, r *http.Request) (any, error) {
	return s.change(r, func(c Cluster) error { return c.Remove(r.Context(), r.PathValue("name")) })
}

func transfer(s *Server, r *http.Request) (any, error) {
	return s.change(r, func(c Cluster) error { return c.Transfer(r.Context(), r.URL.Query().Get("to")) })
}

func (s *Server) change(r *http.Request, f func(Cluster) error) (any, error) {
	if s.cluster == nil {
		return nil, ErrNotHere
	}
	if err := f(s.cluster); err != nil {
		return nil, err
	}
	s.log.Info("cluster changed by the API", "route", r.Method+" "+r.URL.Path, "from", r.RemoteAddr)
	return s.cluster.Cluster(), nil
}
