package main

import (
	"context"
	"errors"
	"net"
	"os"
	"time"
)

// runWorker runs a worker and its link to the brain at a unix socket; the end of one
// is the end of both. A worker that the brain has given up ends with an error, so
// that the supervisor starts its successor.
func runWorker(ctx context.Context, socket string, work, link func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	worked := make(chan error, 1)
	go func() {
		defer cancel()
		worked <- work(ctx)
	}()
	if socket != "" {
		awaitFile(ctx, socket)
	}
	err := link(ctx)
	cancel()
	err = errors.Join(<-worked, err)
	if errors.Is(err, net.ErrClosed) {
		return nil // its own trunk, at the end
	}
	return err
}

// awaitFile waits for a file, for two seconds at most: brain and workers start
// together, and a link that finds no socket yet would begin with a warning.
func awaitFile(ctx context.Context, path string) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	every := time.NewTicker(5 * time.Millisecond)
	defer every.Stop()
	for {
		if _, err := os.Stat(path); err == nil {
			return
		}
		select {
		case <-every.C:
		case <-ctx.Done():
			return
		}
	}
}
