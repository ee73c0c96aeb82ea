package main

import (
	"net/netip"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/callwright/callwright/cmd/callwright/supervise"
)

// brainFlags are what `run` hands to its brain, parsed.
type brainFlags struct {
	Scripts string         // absolute directory
	SIP     []listener     // to bind, none twice
	HTTP    netip.AddrPort // of the control API
	Data    string         // absolute; locked by the supervisor
	Control string         // path of the unix socket to listen on for workers, mode 0600
	Allow   []netip.Prefix // sources beside loopback whose calls are taken
	Missed  int            // heartbeats a worker may miss
	// Life has the secret that workers' Hello must bear, brings exited workers, and
	// takes Report{Ready} once calls are taken, Report{Kill} for a frozen worker.
	Life *supervise.Lifeline
}

func brainCommand() *cobra.Command {
	var sip, allow []string
	var http, data, control string
	var missed int
	c := &cobra.Command{
		Use:    "brain DIR",
		Short:  "The logic: SIP, scripts, placement (started by run)",
		Args:   takes(cobra.ExactArgs(1)),
		Hidden: true,
		RunE: func(c *cobra.Command, args []string) error {
			cfg, err := parseBrain(args[0], sip, allow, http, data, control)
			if err != nil {
				return refusal{err}
			}
			ctx, cancel, life, err := childContext(c.Context())
			if err != nil {
				return err
			}
			defer cancel()
			cfg.Life, cfg.Missed = life, missed
			return runBrain(ctx, cfg)
		},
	}
	fl := c.Flags()
	fl.StringSliceVar(&sip, "sip", nil, "SIP address to bind, repeatable")
	fl.StringSliceVar(&allow, "allow", nil, "network whose calls are taken, repeatable")
	fl.StringVar(&http, "http", "127.0.0.1:8080", "address of the control API")
	fl.StringVar(&data, "data", "data", "data directory")
	fl.IntVar(&missed, "missed-heartbeats", 0, "heartbeats a worker may miss before it counts as frozen")
	fl.StringVar(&control, "control", "", "unix socket for the workers")
	return c
}

func parseBrain(dir string, sip, allow []string, http, data, control string) (cfg brainFlags, err error) {
	if cfg.Scripts, err = directory(dir); err != nil {
		return cfg, err
	}
	if cfg.SIP, err = parseListeners(sip); err != nil {
		return cfg, err
	}
	if cfg.Allow, err = parseNetworks(allow); err != nil {
		return cfg, err
	}
	if cfg.HTTP, err = netip.ParseAddrPort(http); err != nil {
		return cfg, err
	}
	if cfg.Data, err = filepath.Abs(data); err != nil {
		return cfg, err
	}
	cfg.Control = control
	return cfg, nil
}
