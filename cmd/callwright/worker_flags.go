package main

import (
	"context"
	"log/slog"
	"net/netip"

	"github.com/spf13/cobra"

	"github.com/callwright/callwright/media/control"
)

// workerFlags are what `run` hands to any worker.
type workerFlags struct{ name, control, trunk string }

// workerCommand is a worker's sub-command, with the flags that all have.
func workerCommand(kind, short string, f *workerFlags, run func(ctx context.Context, secret string) error) *cobra.Command {
	c := &cobra.Command{
		Use:    kind,
		Short:  short,
		Args:   takes(cobra.NoArgs),
		Hidden: true,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, cancel, life, err := childContext(c.Context())
			if err != nil {
				return err
			}
			defer cancel()
			return run(ctx, life.Secret)
		},
	}
	fl := c.Flags()
	fl.StringVar(&f.name, "name", kind+"-1", "name among the workers")
	fl.StringVar(&f.control, "control", "", "unix socket of the brain")
	fl.StringVar(&f.trunk, "trunk", "127.0.0.1:0", "address of its end of the trunks")
	return c
}

func (f *workerFlags) trunkAddress() (netip.AddrPort, error) {
	addr, err := netip.ParseAddrPort(f.trunk)
	if err != nil {
		return addr, refuse("--trunk: %w", err)
	}
	return addr, nil
}

// link is the worker's way to the brain.
func (f *workerFlags) link(secret string, log *slog.Logger) *control.Client {
	return control.NewClient(control.ClientConfig{Dial: control.DialGRPC("unix:" + f.control), Secret: secret, Log: log})
}
