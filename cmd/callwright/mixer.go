package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/callwright/callwright/media/trunk"
	"github.com/callwright/callwright/mixer"
)

// mixerFlags are what `run` hands to a mixer.
type mixerFlags struct {
	workerFlags
	prompts, recordings string
	cache, say          string
}

func mixerCommand() *cobra.Command {
	var f mixerFlags
	c := workerCommand("mixer", "A worker that mixes, plays and records; apart, or started by run", &f.workerFlags, func(ctx context.Context, secret string) error {
		return runMixer(ctx, f, secret)
	})
	fl := c.Flags()
	fl.StringVar(&f.prompts, "prompts", "", "directory of prompts")
	fl.StringVar(&f.recordings, "recordings", "", "directory of recordings")
	fl.StringVar(&f.cache, "cache", "", "directory for what is fetched or spoken, of its own")
	fl.StringVar(&f.say, "say", "", "command or URL that speaks")
	return c
}

func runMixer(ctx context.Context, f mixerFlags, secret string) error {
	addr, err := f.trunkAddress()
	if err != nil {
		return err
	}
	client, err := f.link(secret, childLog())
	if err != nil {
		return err
	}
	conn, err := trunk.Listen(addr)
	if err != nil {
		return refusal{err}
	}
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
