package main

import (
	"context"
	"log/slog"
	"net/netip"
	"time"

	"github.com/spf13/cobra"

	"github.com/callwright/callwright/media/certs"
	"github.com/callwright/callwright/media/control"
)

// workerFlags are what `run` hands to any worker.
type workerFlags struct {
	name, control, trunk string
	// Of a worker that stands alone, its brains on other machines:
	brains []string
	certs  string
	alone  time.Duration
}

// workerCommand is a worker's sub-command, with the flags that all have.
func workerCommand(kind, short string, f *workerFlags, run func(ctx context.Context, secret string) error) *cobra.Command {
	c := &cobra.Command{
		Use:   kind,
		Short: short,
		Args:  takes(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, cancel, life, err := childContext(c.Context())
			if alone(err) {
				return keepRole(c, kind, nil)
			}
			if err != nil {
				return err
			}
			defer cancel()
			return run(ctx, life.Secret)
		},
	}
	fl := c.Flags()
	fl.StringVar(&f.name, "name", kind+"-1", "name among the workers")
	fl.StringVar(&f.control, "control", "", "unix socket of the brain, on one machine")
	fl.StringSliceVar(&f.brains, "brains", nil, "the brains' --control addresses, IP:PORT, of which one is active")
	fl.StringVar(&f.certs, "certs", "", "this node's folder of certificates, made by `callwright certs`")
	fl.DurationVar(&f.alone, "alone", time.Minute, "how long audio goes on without any brain of --brains; then the calls end and it starts anew")
	fl.String(configFlag, "", "YAML file; a key for each of these flags")
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
func (f *workerFlags) link(secret string, log *slog.Logger) (*control.Client, error) {
	if len(f.brains) == 0 {
		if f.control == "" {
			return nil, refuse("--brains: where is the brain? Such as --brains 10.0.0.1:7100,10.0.0.2:7100")
		}
		return control.NewClient(control.ClientConfig{Dial: control.DialGRPC("unix:" + f.control), Secret: secret, Log: log}), nil
	}
	for _, b := range f.brains {
		if _, err := netip.ParseAddrPort(b); err != nil {
			return nil, refuse("--brains %s: not an IP address with a port, such as 10.0.0.1:7100", b)
		}
	}
	if f.certs == "" {
		return nil, refuse("--brains: brains on other machines are known by certificates; make them with `callwright certs`, and say where with --certs")
	}
	identity, err := certs.Load(f.certs)
	if err != nil {
		return nil, refuse("--certs: %w", err)
	}
	return control.NewClient(control.ClientConfig{
		Dial: control.DialTLS(f.brains, identity.Client(certs.Brain)), Alone: f.alone, Log: log,
	}), nil
}
