package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/callwright/callwright/cmd/callwright/supervise"
	"github.com/callwright/callwright/engine/api"
	"github.com/callwright/callwright/engine/call"
	"github.com/callwright/callwright/engine/cluster"
	"github.com/callwright/callwright/engine/signal"
)

// standbyRetry is what a standby tells SIP peers: it may be the active one by then.
const standbyRetry = time.Second

// standBy serves what a standby does until this brain leads: 503 to SIP, and its view
// of the cluster to the control API. A brain that is alone does not come here.
func (b *brain) standBy(ctx context.Context, cfg brainFlags) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	var serving sync.WaitGroup
	defer serving.Wait()
	edge := signal.New(signal.Config{Sink: func(call.Input) {}, StandBy: standbyRetry, Log: b.log, UserAgent: product, Allow: allowed(cfg.Allow)})
	defer edge.Close()
	for _, l := range cfg.SIP {
		if err := serveSIP(edge, cfg.Life, l, &serving); err != nil {
			return err
		}
	}
	if err := b.serveStandby(ctx, cfg, &serving); err != nil {
		return err
	}
	if err := cfg.Life.Report(supervise.Report{Standby: true}); err != nil {
		return err
	}
	b.log.Info("standing by", "name", cfg.Member.name)
	if err := b.state.Lead(ctx); err != nil {
		return err
	}
	end()
	before := b.state.Before().Brain
	b.scripts.Follow(b.shelf, before != "" && before != cfg.Member.name)
	return nil
}

func serveSIP(edge *signal.Edge, life *supervise.Lifeline, l listener, serving *sync.WaitGroup) error {
	if l.Transport == "udp" {
		pc, err := listenUDP(life, l)
		if err == nil {
			serving.Go(func() { edge.ServeUDP(pc) })
		}
		return err
	}
	ln, err := listenTCP(life, l.String(), l.Addr)
	if err == nil {
		serving.Go(func() { edge.ServeTCP(ln) })
	}
	return err
}

func (b *brain) serveStandby(ctx context.Context, cfg brainFlags, serving *sync.WaitGroup) error {
	token, err := api.Token(filepath.Join(cfg.Data, "token"))
	if err != nil {
		return err
	}
	ln, err := listenTCP(cfg.Life, httpSocket, cfg.HTTP)
	if err != nil {
		return err
	}
	server := api.New(api.Config{Token: token, Log: b.log, Logs: b.logs, Cluster: clusterAPI{store: b.state}}, nil)
	serving.Go(func() { server.Serve(ctx, ln) })
	return nil
}

// lease keeps watch over an active brain of a cluster.
type lease struct {
	store    *cluster.Store
	yielding atomic.Bool
}

// watch ends the process at once when the lease is lost, with everything in it: nothing
// may act any more, and the keeper starts a standby. Until then it tells the keeper for
// how long the virtual IP may stay.
func (l *lease) watch(ctx context.Context, life *supervise.Lifeline, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.store.Lost():
			if !l.yielding.Load() {
				fmt.Fprintf(os.Stderr, "callwright: %v\n", l.store.Reason())
				os.Exit(exitFailed)
			}
			return
		case <-tick.C:
			now := supervise.Monotonic() // before the lease is read: rather too short
			life.Report(supervise.Report{Lease: int64(now + l.store.Lease())})
		}
	}
}

// yield hands a brain's work over without a BYE: it stops acting, lets the keeper take
// the virtual IP down, and asks the others to elect to.
func (b *brain) yield(l *lease, life *supervise.Lifeline, to string) error {
	l.yielding.Store(true)
	b.mu.Lock()
	b.closing = true
	b.mu.Unlock()
	b.edge.Close()
	b.end()
	b.hub.Close()
	life.Report(supervise.Report{Lease: supervise.NoLease})
	ctx, cancel := context.WithTimeout(context.Background(), hangupTime)
	defer cancel()
	err := b.state.Yield(ctx, to)
	if err == nil {
		b.log.Info("handed over")
	} else {
		b.log.Warn("not handed over in order; the others elect one of them", "error", err)
	}
	b.runs.Wait()
	b.forget() // whatever it says, the log is the others' now
	return nil
}
