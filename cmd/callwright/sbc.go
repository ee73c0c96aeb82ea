package main

import (
	"context"
	"net/netip"

	"github.com/spf13/cobra"

	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/media/trunk"
	"github.com/callwright/callwright/sbc"
	"github.com/callwright/callwright/sbc/link/socket"
)

// sbcFlags are what `run` hands to an SBC.
type sbcFlags struct {
	name, control string
	media, ports  string
	trunk         string
}

func sbcCommand() *cobra.Command {
	var f sbcFlags
	c := &cobra.Command{
		Use:    "sbc",
		Short:  "A worker that carries RTP (started by run)",
		Args:   takes(cobra.NoArgs),
		Hidden: true,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, cancel, life, err := childContext(c.Context())
			if err != nil {
				return err
			}
			defer cancel()
			return runSBC(ctx, f, life.Secret)
		},
	}
	fl := c.Flags()
	fl.StringVar(&f.name, "name", "sbc-1", "name among the workers")
	fl.StringVar(&f.control, "control", "", "unix socket of the brain")
	fl.StringVar(&f.media, "media", "127.0.0.1", "IP address of RTP")
	fl.StringVar(&f.ports, "rtp-ports", "20000-23999", "UDP ports of RTP")
	fl.StringVar(&f.trunk, "trunk", "127.0.0.1:0", "address of its end of the trunks")
	return c
}

func runSBC(ctx context.Context, f sbcFlags, secret string) error {
	media, err := netip.ParseAddr(f.media)
	if err != nil {
		return refuse("--media: %w", err)
	}
	ports, err := parsePorts(f.ports)
	if err != nil {
		return refuse("--rtp-ports: %w", err)
	}
	trunkAddr, err := netip.ParseAddrPort(f.trunk)
	if err != nil {
		return refuse("--trunk: %w", err)
	}
	log := childLog()
	first, count := uint16(ports.First), uint16(ports.Count)
	link, err := socket.Open(socket.Config{Addr: media, FirstPort: first, Ports: count, Log: log})
	if err != nil {
		return refusal{err}
	}
	conn, err := trunk.Listen(trunkAddr)
	if err != nil {
		link.Close()
		return refusal{err}
	}
	client := control.NewClient(control.ClientConfig{Dial: control.DialGRPC("unix:" + f.control), Secret: secret, Log: log})
	s, err := sbc.New(sbc.Config{
		Name: f.name, Version: version(), Link: link, Trunk: conn,
		Media: media, FirstPort: first, Ports: count, Reporter: client, Log: log,
	})
	if err != nil {
		conn.Close()
		link.Close()
		return refusal{err}
	}
	return runWorker(ctx, f.control, s.Run, func(ctx context.Context) error { return client.Run(ctx, s) })
}
