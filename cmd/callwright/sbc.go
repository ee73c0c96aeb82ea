package main

import (
	"context"
	"net/netip"

	"github.com/spf13/cobra"

	"github.com/callwright/callwright/media/trunk"
	"github.com/callwright/callwright/sbc"
)

// sbcFlags are what `run` hands to an SBC.
type sbcFlags struct {
	workerFlags
	linkFlags
	media, ports string
}

func sbcCommand() *cobra.Command {
	var f sbcFlags
	c := workerCommand("sbc", "A worker that carries RTP; apart, or started by run", &f.workerFlags, func(ctx context.Context, secret string) error {
		return runSBC(ctx, f, secret)
	})
	fl := c.Flags()
	fl.StringVar(&f.media, "media", "127.0.0.1", "IP address of RTP")
	fl.StringVar(&f.ports, "rtp-ports", "20000-23999", "UDP ports of RTP")
	f.linkFlags.add(fl)
	c.AddCommand(doctorCommand())
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
	if err := f.linkFlags.check(); err != nil {
		return err
	}
	trunkAddr, err := f.trunkAddress()
	if err != nil {
		return err
	}
	log := childLog()
	client, err := f.workerFlags.link(secret, log)
	if err != nil {
		return err
	}
	first, count := uint16(ports.First), uint16(ports.Count)
	link, err := f.linkFlags.open(slice{media, first, count}, log)
	if err != nil {
		return err
	}
	conn, err := trunk.Listen(trunkAddr)
	if err != nil {
		link.Close()
		return refusal{err}
	}
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
