package resolve

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"
)

const (
	patience   = 5 * time.Second
	keepFound  = time.Minute
	keepFailed = 10 * time.Second
	maxKept    = 10_000
	maxAsked   = 64
	maxTargets = 8 // of one name
)

// DNS is what a Resolver asks; *net.Resolver is one.
type DNS interface {
	LookupSRV(ctx context.Context, service, proto, name string) (string, []*net.SRV, error)
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Resolver looks for names. Make it with New.
type Resolver struct {
	dns   DNS
	asked chan struct{} // a token for each name being looked for

	mu   sync.Mutex
	kept map[place]answer
}

type answer struct {
	targets []Target
	err     error
	until   time.Time
}

// New returns a resolver that asks dns; nil: the machine's own.
func New(dns DNS) *Resolver {
	if dns == nil {
		dns = net.DefaultResolver
	}
	return &Resolver{dns: dns, asked: make(chan struct{}, maxAsked), kept: map[place]answer{}}
}

// Find tells done, once and from another goroutine, where a URI leads: at least one
// target in order of preference, or why there is none.
func (r *Resolver) Find(uri string, done func([]Target, error)) {
	select {
	case r.asked <- struct{}{}:
	default:
		go done(nil, fmt.Errorf("%w: %d names are being looked for already", ErrName, maxAsked))
		return
	}
	go func() {
		defer func() { <-r.asked }()
		targets, err := r.find(uri)
		done(targets, err)
	}()
}

func (r *Resolver) find(uri string) ([]Target, error) {
	if t, ok, err := Literal(uri); ok || err != nil {
		return []Target{t}, err
	}
	p, err := parse(uri)
	if err != nil {
		return nil, err
	}
	if a, ok := r.known(p); ok {
		return a.targets, a.err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	targets := r.services(ctx, p)
	if len(targets) == 0 {
		targets, err = r.addresses(ctx, p.host, p.over(), p.at(p.over()))
	}
	r.keep(p, targets, err)
	return targets, err
}

// services asks for SRV, if the URI gives no port (RFC 3263 §4.2).
func (r *Resolver) services(ctx context.Context, p place) (all []Target) {
	if p.port != 0 {
		return nil
	}
	for _, s := range p.protocols() {
		_, list, err := r.dns.LookupSRV(ctx, s.service, s.proto, p.host)
		if err != nil {
			continue
		}
		for _, srv := range list { // by priority, and at random by weight
			found, err := r.addresses(ctx, srv.Target, s.transport, srv.Port)
			if err == nil {
				all = append(all, found...)
			}
			if len(all) >= maxTargets {
				return all[:maxTargets]
			}
		}
	}
	return all
}

type protocol struct{ service, proto, transport string }

func (p *place) protocols() []protocol {
	switch {
	case p.transport == "ws" || p.transport == "wss":
		return nil
	case p.over() == "tls":
		return []protocol{{"sips", "tcp", "tls"}}
	case p.transport != "":
		return []protocol{{"sip", p.transport, p.transport}}
	}
	return []protocol{{"sip", "udp", "udp"}, {"sip", "tcp", "tcp"}}
}

func (r *Resolver) addresses(ctx context.Context, host, transport string, port uint16) (all []Target, err error) {
	ips, err := r.dns.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, fmt.Errorf("%w of %.80q: %w", ErrName, host, err)
	}
	for _, ip := range ips[:min(len(ips), maxTargets)] {
		all = append(all, Target{transport, netip.AddrPortFrom(ip.Unmap(), port)})
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%w of %.80q", ErrName, host)
	}
	return all, nil
}

func (r *Resolver) known(p place) (answer, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	a, ok := r.kept[p]
	return a, ok && time.Now().Before(a.until)
}

func (r *Resolver) keep(p place, targets []Target, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.kept) >= maxKept {
		clear(r.kept)
	}
	d := keepFound
	if err != nil {
		d = keepFailed
	}
	r.kept[p] = answer{targets, err, time.Now().Add(d)}
}
