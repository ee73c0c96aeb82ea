package main

import (
	"context"
	"net/netip"

	"github.com/spf13/cobra"

	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/media/trunk"
	"github.com/callwright/callwright/mixer"
)

// mixerFlags are what `run` hands to a mixer.
type mixerFlags struct {
	name, control       string
	trunk               string
	prompts, recordings string
	cache, say          string
}

func mixerCommand() *cobra.Command {
	var f mixerFlags
	c := &cobra.Command{
		Use:    "mixer",
		Short:  "A worker that mixes, plays and records (started by run)",
		Args:   takes(cobra.NoArgs),
		Hidden: true,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, cancel, life, err := childContext(c.Context())
			if err != nil {
				return err
			}
			defer cancel()
			return runMixer(ctx, f, life.Secret)
		},
	}
	fl := c.Flags()
	fl.StringVar(&f.name, "name", "mixer-1", "name among the workers")
	fl.StringVar(&f.control, "control", "", "unix socket of the brain")
	fl.StringVar(&f.trunk, "trunk", "127.0.0.1:0", "address of its end of the trunks")
	fl.StringVar(&f.prompts, "prompts", "", "directory of prompts")
	fl.StringVar(&f.recordings, "recordings", "", "directory of recordings")
	fl.StringVar(&f.cache, "cache", "", "directory for what is fetched or spoken, of its own")
	fl.StringVar(&f.say, "say", "", "command or URL that speaks")
	return c
}

func runMixer(ctx context.Context, f mixerFlags, secret string) error {
	addr, err := netip.ParseAddrPort(f.trunk)
	if err != nil {
		return refuse("--trunk: %w", err)
	}
	conn, err := trunk.Listen(addr)
	if err != nil {
		return refusal{err}
	}
	log := childLog()
	client := control.NewClient(control.ClientConfig{Dial: control.DialGRPC("unix:" + f.control), Secret: secret, Log: log})
	m, err := mixer.New(mixer.Config{
		Name: f.name, Version: version(), Secret: secret,
		Trunk: conn, Prompts: f.prompts, Recordings: f.recordings, Cache: f.cache, Say: f.say, Report: client,
	})
	if err != nil {
		conn.Close()
		return refusal{err}
	}
	return runWorker(ctx, f.control, m.Run, func(ctx context.Context) error { return client.Run(ctx, m) })
}
