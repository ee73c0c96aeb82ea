package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/callwright/callwright/cmd/callwright/supervise"
	"github.com/callwright/callwright/engine/api"
	"github.com/callwright/callwright/engine/parcel"
	"github.com/callwright/callwright/media/certs"
)

// Times of a brain's start and end.
const (
	staffTime  = 20 * time.Second // for the first workers to come up
	hangupTime = 3 * time.Second  // for peers to answer the last BYEs
)

// runBrain joins the brain's rooms and returns when ctx has ended and the calls are
// hung up. A start that cannot be is a refusal.
func runBrain(ctx context.Context, cfg brainFlags) (err error) {
	lines := &logLines{to: os.Stderr}
	defer lines.Flush()
	log := slog.New(promptly{slog.NewTextHandler(lines, nil), lines})
	group, err := cfg.Member.group(false, cfg.HTTP.String(), cfg.vipText())
	if err != nil {
		return refusal{err}
	}
	var await func(*brain) error
	if group != nil {
		await = func(b *brain) error { return b.standBy(ctx, cfg) }
	}
	sealer, err := clusterSealer(cmp.Or(cfg.Member.certs, cfg.Data)) // brains of a cluster share the key
	if err != nil {
		return refusal{err}
	}
	safe, err := cfg.Secure.open(cfg.Data, cfg.SIP, log)
	if err != nil {
		return refusal{err}
	}
	b, err := joinBrain(brainParts{
		Security: safe, Users: cfg.Users, Digest: cfg.Digest,
		Sealer: sealer, Workers: cfg.Workers,
		Name: cfg.Member.name, Group: group, Await: await,
		Scripts: cfg.Scripts, State: filepath.Join(cfg.Data, "state"), Versions: filepath.Join(cfg.Data, "versions"), Files: cfg.Data, Warm: 1, Secret: cfg.Life.Secret, Allow: cfg.Allow, Missed: cfg.Missed, Excuse: cfg.excuse(), Log: log, Isolate: true,
		Kill: func(worker string) { cfg.Life.Report(supervise.Report{Kill: worker}) },
	})
	if err != nil && ctx.Err() != nil {
		return nil // a standby's end
	}
	if err != nil {
		return refusal{err}
	}
	held := &lease{store: b.state}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	heir := ""
	defer func() {
		if b.state.Successor(heir) == nil && (err == nil || errors.Is(err, errTransfer)) {
			err = b.yield(held, cfg.Life, heir)
			return
		}
		err = errors.Join(err, b.close(hangupTime))
	}()
	if group != nil {
		go held.watch(context.WithoutCancel(ctx), cfg.Life, cfg.Member.timeout/10)
	}
	yield := func(to string) {
		heir = to
		cancel(errTransfer)
	}
	serve := func(what string, f func() error) {
		b.runs.Go(func() {
			if err := f(); err != nil && ctx.Err() == nil {
				cancel(fmt.Errorf("%s: %w", what, err))
			}
		})
	}
	ready := supervise.Ready{}
	if err := b.listenControl(cfg, serve); err != nil {
		return refusal{err}
	}
	if err := b.listenSIP(cfg, serve, &ready); err != nil {
		return refusal{err}
	}
	if err := b.listenHTTP(ctx, cfg, yield, serve, &ready); err != nil {
		return refusal{err}
	}
	serve("watching scripts", func() error { return b.scripts.Watch(ctx) })
	b.runs.Go(func() { b.buryExited(ctx, cfg.Life) })

	if err := b.awaitWorkers(ctx, cfg); err != nil {
		return err
	}
	b.operate.ready.Store(true)
	if err := cfg.Life.Report(supervise.Report{Ready: b.describe(&ready)}); err != nil {
		return err
	}
	<-ctx.Done()
	b.operate.ready.Store(false)
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

// clusterSealer seals with the key in a directory.
func clusterSealer(data string) (*parcel.Sealer, error) {
	key, err := parcel.Key(data)
	if err != nil {
		return nil, err
	}
	return parcel.NewSealer(key)
}

// listenControl opens the workers' socket: for other machines an address, where
// certificates keep others out, on one a unix socket, where its directory and mode do.
func (b *brain) listenControl(cfg brainFlags, serve func(string, func() error)) error {
	if addr, err := netip.ParseAddrPort(cfg.Control); err == nil {
		if cfg.Member.identity == nil {
			return fmt.Errorf("--control %s: workers on other machines are known by certificates; make them with `callwright certs`, and say where with --certs", addr)
		}
		config := net.ListenConfig{Control: freebind} // it may be on the virtual IP, which comes with the lease
		ln, err := config.Listen(context.Background(), "tcp", addr.String())
		if err != nil {
			return bindError(err)
		}
		serve("workers' listener", func() error { return b.hub.ServeTLS(ln, cfg.Member.identity.Server([]string{"h2"}, certs.Worker)) })
		return nil
	}
	if err := os.Remove(cfg.Control); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	ln, err := net.Listen("unix", cfg.Control)
	if err != nil {
		return err
	}
	if err := os.Chmod(cfg.Control, 0o600); err != nil {
		return err
	}
	serve("workers' socket", func() error { return b.hub.Serve(ln) })
	return nil
}

func (b *brain) listenSIP(cfg brainFlags, serve func(string, func() error), ready *supervise.Ready) error {
	for _, l := range cfg.SIP {
		bound, err := b.bind(cfg.Life, l, serve)
		if err != nil {
			return err
		}
		ready.SIP = append(ready.SIP, bound)
	}
	return nil
}

func (b *brain) listenHTTP(ctx context.Context, cfg brainFlags, yield func(string), serve func(string, func() error), ready *supervise.Ready) error {
	token, err := api.Token(filepath.Join(cfg.Data, "token"))
	if err != nil {
		return err
	}
	ln, err := listenTCP(cfg.Life, httpSocket, cfg.HTTP)
	if err != nil {
		return err
	}
	ready.HTTP = ln.Addr().String()
	server := api.New(api.Config{
		Token: token, Log: b.log, Logs: b.logs, Events: b.events, State: b.states, Inspect: b.operate,
		Cluster: clusterAPI{b.state, yield},
	}, b.operate)
	serve("control API", func() error { return server.Serve(ctx, ln) })
	return nil
}

// bind opens one SIP listener and says what it became: "udp 127.0.0.1:5060".
func (b *brain) bind(life *supervise.Lifeline, l listener, serve func(string, func() error)) (string, error) {
	if l.Transport == "udp" {
		pc, err := listenUDP(life, l)
		if err != nil {
			return "", err
		}
		serve("SIP over UDP", func() error { return b.edge.ServeUDP(pc) })
		return "udp " + pc.LocalAddr().String(), nil
	}
	ln, err := listenTCP(life, l.String(), l.Addr)
	if err != nil {
		return "", err
	}
	switch l.Transport {
	case "tls":
		serve("SIP over TLS", func() error { return b.edge.ServeTLS(ln, b.security.server) })
	case "ws":
		serve("SIP over WebSocket", func() error { return b.edge.ServeWS(ln, nil) })
	case "wss":
		serve("SIP over WebSocket and TLS", func() error { return b.edge.ServeWS(ln, b.security.server) })
	default:
		serve("SIP over TCP", func() error { return b.edge.ServeTCP(ln) })
	}
	return l.Transport + " " + ln.Addr().String(), nil
}

// awaitWorkers waits for the first SBC and mixer: calls taken before would get 503.
func (b *brain) awaitWorkers(ctx context.Context, cfg brainFlags) error {
	limit := time.NewTimer(staffTime)
	defer limit.Stop()
	select {
	case <-b.staffed:
	case <-ctx.Done():
	case <-limit.C:
		if cfg.Member.identity != nil { // other machines have their own time
			b.log.Warn("no SBC and mixer yet: calls get 503")
			return nil
		}
		return fmt.Errorf("no SBC and mixer after %v; their lines above say why", staffTime)
	}
	return nil
}

func (b *brain) buryExited(ctx context.Context, life *supervise.Lifeline) {
	for {
		select {
		case worker := <-life.Exited:
			b.bury(worker)
		case <-ctx.Done():
			return
		}
	}
}

func (b *brain) describe(r *supervise.Ready) *supervise.Ready {
	for _, a := range b.scripts.List() {
		r.Scripts = append(r.Scripts, supervise.Script{App: a.Name, Routes: a.Routes, Version: a.Version, Error: a.Error})
	}
	return r
}
