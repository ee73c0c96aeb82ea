package cluster

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/hashicorp/raft"
)

// Network carries raft's messages: a listener, and a way to dial other members, which
// are for the caller to secure. It must be given to one store only.
type Network struct {
	net.Listener
	Dialer func(ctx context.Context, addr string) (net.Conn, error)
}

// Dial implements raft.StreamLayer.
func (n *Network) Dial(addr raft.ServerAddress, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return n.Dialer(ctx, string(addr))
}

// rpcTimeout bounds a message's way there and back. A peer that is slower than three
// elections may as well be gone, and its connection is made anew.
func rpcTimeout(election time.Duration) time.Duration {
	return max(3*election, 500*time.Millisecond)
}

// transport is how this member speaks to the others.
func (s *Store) openTransport() raft.Transport {
	g := s.cfg.Group
	switch {
	case g == nil:
		_, t := raft.NewInmemTransport(raft.ServerAddress(s.cfg.Name))
		return t
	case g.transport != nil:
		return g.transport
	}
	return raft.NewNetworkTransportWithConfig(&raft.NetworkTransportConfig{
		Stream: g.Network, MaxPool: 3, Timeout: rpcTimeout(s.timeout()), Logger: raftLogger(s.log, true),
	})
}

func (s *Store) closeTransport() error {
	if c, is := s.transport.(raft.WithClose); is {
		if err := c.Close(); !errors.Is(err, net.ErrClosed) {
			return err
		}
	}
	return nil
}
