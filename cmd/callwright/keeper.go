package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/callwright/callwright/cmd/callwright/supervise"
	"github.com/callwright/callwright/cmd/callwright/vip"
)

// keepRole is the small parent of one role that stands alone: it runs this very command line
// as its child, again whenever that ends, and owns what must outlive it.
func keepRole(c *cobra.Command, role string, prepare func(*supervise.Config) (func(), error)) error {
	ctx, stop := signal.NotifyContext(c.Context(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	program, err := os.Executable()
	if err != nil {
		return refuse("own program: %w", err)
	}
	line := lineTo(c.ErrOrStderr())
	cfg := supervise.Config{
		Program: program, Secret: supervise.NewSecret(), Line: line,
		Brain: supervise.Spec{Name: role, Args: os.Args[1:], Grace: brainGrace},
		Ready: func(supervise.Ready, bool) { line(role, "is active") },
	}
	if prepare != nil {
		release, err := prepare(&cfg)
		if err != nil {
			return refusal{err}
		}
		defer release()
	}
	return refuseStart(supervise.Run(ctx, cfg))
}

// alone says that no supervisor has started this process: it becomes its own keeper.
func alone(err error) bool { return errors.Is(err, supervise.ErrAlone) }

func refuseStart(err error) error {
	if errors.Is(err, supervise.ErrStart) {
		return refusal{err}
	}
	return err
}

// lineTo writes children's lines under their names, whole.
func lineTo(w io.Writer) func(name, line string) {
	var mu sync.Mutex
	return func(name, line string) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(w, "%-8s| %s\n", name, line)
	}
}

// keepBrain is the keeper of a brain: its listening sockets, and the virtual IP.
func keepBrain(c *cobra.Command, cfg brainFlags) error {
	return keepRole(c, "brain", func(s *supervise.Config) (func(), error) {
		lock, err := lockBrain(cfg.Data)
		if err != nil {
			return nil, err
		}
		sockets, err := openSockets(cfg.SIP, &cfg.HTTP, cfg.VIP.IsValid())
		if err != nil {
			lock.Close()
			return nil, err
		}
		s.Brain.Sockets = sockets
		release := func() {
			closeSockets(sockets)
			lock.Close()
		}
		if !cfg.VIP.IsValid() {
			return release, nil
		}
		owner, err := vip.New(vip.Config{
			Prefix: cfg.VIP, Dev: cfg.VIPDev, Clock: supervise.Monotonic,
			Line: func(line string) { s.Line("keeper", line) },
		})
		if err != nil {
			release()
			return nil, err
		}
		s.Lease = owner.Lease
		return func() {
			owner.Close() // first of all
			release()
		}, nil
	})
}

func lockBrain(data string) (io.Closer, error) {
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, fmt.Errorf("--data: %w", err)
	}
	return lockData(data)
}

// keepLocked is the keeper of a role that has a data directory and no sockets.
func keepLocked(c *cobra.Command, role, data string) error {
	return keepRole(c, role, func(*supervise.Config) (func(), error) {
		lock, err := lockBrain(data)
		if err != nil {
			return nil, err
		}
		return func() { lock.Close() }, nil
	})
}
