package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/callwright/callwright/engine/api"
	"github.com/callwright/callwright/engine/cluster"
)

// errTransfer ends an active brain that hands over.
var errTransfer = errors.New("handing over to another brain")

// clusterAPI lets the control API at the group.
type clusterAPI struct {
	store *cluster.Store
	// yield ends this brain and hands over to another, or any; nil on a standby.
	yield func(to string)
}

func (c clusterAPI) Cluster() api.ClusterView {
	st := c.store.Status()
	v := api.ClusterView{
		Name: st.Name, Role: st.Role, Epoch: st.Epoch, Active: st.Active.Brain, HTTP: st.Active.HTTP, VIP: st.Active.VIP,
		Leader: st.Leader, LeaseMs: st.LeaseMs, Index: st.Index, Applied: st.Applied, Members: []api.PeerView{},
	}
	for _, m := range st.Members {
		p := api.PeerView{Name: m.Name, Addr: m.Addr, Witness: m.Witness, Leader: m.Leader}
		if m.Silent != nil {
			p.Silent = time.Since(*m.Silent).Round(time.Millisecond).String()
		}
		v.Members = append(v.Members, p)
	}
	return v
}

func (c clusterAPI) Add(_ context.Context, name, addr string, witness bool) error {
	m, err := parseMember(name + "=" + addr)
	if err != nil {
		return fmt.Errorf("%w: %w", api.ErrMember, err)
	}
	m.Witness = witness
	return c.changed(c.store.Add(m))
}

func (c clusterAPI) Remove(_ context.Context, name string) error {
	return c.changed(c.store.Remove(name))
}

func (c clusterAPI) changed(err error) error {
	if err == nil {
		return nil
	}
	v := c.Cluster()
	if errors.Is(err, cluster.ErrNoLeader) && v.Role != "active" {
		return fmt.Errorf("%w: ask the active brain, %s, at --http %s", api.ErrMember, v.Active, v.HTTP)
	}
	return fmt.Errorf("%w: %w", api.ErrMember, err)
}

func (c clusterAPI) Transfer(_ context.Context, to string) error {
	if c.yield == nil {
		return c.changed(cluster.ErrNoLeader)
	}
	if err := c.store.Successor(to); err != nil {
		return fmt.Errorf("%w: %w", api.ErrMember, err)
	}
	c.yield(to)
	return nil
}
