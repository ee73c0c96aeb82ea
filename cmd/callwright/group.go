package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/callwright/callwright/engine/cluster"
	"github.com/callwright/callwright/media/certs"
)

// groupFlags are what makes a brain, or a witness, a member of a cluster.
type groupFlags struct {
	name, certs string
	members     []string
	join        bool
	timeout     time.Duration
}

func (f *groupFlags) register(fl *pflag.FlagSet) {
	fl.StringVar(&f.name, "name", "brain", "name among the members of the cluster")
	fl.StringSliceVar(&f.members, "cluster", nil, "all members, this one among them, as NAME=IP:PORT; a witness as witness:NAME=IP:PORT")
	fl.BoolVar(&f.join, "join", false, "found no cluster, wait until `callwright cluster add` takes this member in")
	fl.DurationVar(&f.timeout, "election-timeout", cluster.DefaultTimeout, "silence of the active brain after which another takes over; a brain that is not scheduled for three quarters of it stops being active")
	fl.StringVar(&f.certs, "certs", "", "this node's folder of certificates, made by `callwright certs`")
}

// membership is groupFlags, parsed. The zero value is a brain alone.
type membership struct {
	name     string
	members  []cluster.Member
	own      netip.AddrPort
	identity *certs.Identity // nil without --certs
	certs    string          // its folder
	join     bool
	timeout  time.Duration
}

func (f *groupFlags) parse(witness bool) (m membership, err error) {
	m = membership{name: f.name, certs: f.certs, join: f.join, timeout: f.timeout}
	if f.certs != "" {
		if m.identity, err = certs.Load(f.certs); err != nil {
			return m, fmt.Errorf("--certs: %w", err)
		}
	}
	if len(f.members) == 0 {
		if f.join {
			return m, fmt.Errorf("--join: --cluster must say at least where this member is, as NAME=IP:PORT")
		}
		return m, nil
	}
	if m.identity == nil {
		return m, fmt.Errorf("--cluster: the members know each other by certificates; make them with `callwright certs`, and say where with --certs")
	}
	if f.timeout < 50*time.Millisecond || f.timeout > 10*time.Second {
		return m, fmt.Errorf("--election-timeout %v: between 50ms and 10s", f.timeout)
	}
	for _, text := range f.members {
		member, err := parseMember(text)
		if err != nil {
			return m, fmt.Errorf("--cluster %s: %w", text, err)
		}
		m.members = append(m.members, member)
		if member.Name == f.name && member.Witness == witness {
			m.own, _ = netip.ParseAddrPort(member.Addr) // parseMember has
		}
	}
	if !m.own.IsValid() {
		return m, fmt.Errorf("--cluster: this member, %s, is not in the list", f.name)
	}
	return m, nil
}

func parseMember(text string) (m cluster.Member, err error) {
	name, addr, ok := strings.Cut(text, "=")
	if rest, is := strings.CutPrefix(name, "witness:"); is {
		name, m.Witness = rest, true
	}
	m.Name, m.Addr = name, addr
	if _, err := netip.ParseAddrPort(addr); !ok || name == "" || err != nil {
		return m, fmt.Errorf("not a member such as brain-1=10.0.0.1:7000")
	}
	return m, nil
}

// group opens the way to the other members; nil for a brain alone.
func (m membership) group(witness bool, http, vip string) (*cluster.Group, error) {
	if len(m.members) == 0 {
		return nil, nil
	}
	ln, err := net.Listen("tcp", m.own.String())
	if err != nil {
		return nil, bindError(err)
	}
	client := m.identity.Client(certs.Brain, certs.Witness)
	g := &cluster.Group{
		Network: &cluster.Network{
			Listener: tls.NewListener(ln, m.identity.Server(nil, certs.Brain, certs.Witness)),
			Dialer: func(ctx context.Context, addr string) (net.Conn, error) {
				return (&tls.Dialer{Config: client}).DialContext(ctx, "tcp", addr)
			},
		},
		Members: m.members, Timeout: m.timeout, Witness: witness, HTTP: http, VIP: vip,
	}
	if m.join {
		g.Members = nil
	}
	return g, nil
}
