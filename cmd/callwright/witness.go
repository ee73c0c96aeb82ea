package main

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/callwright/callwright/cmd/callwright/supervise"
	"github.com/callwright/callwright/engine/cluster"
	"github.com/callwright/callwright/engine/keep"
	"github.com/callwright/callwright/engine/script"
	"github.com/callwright/callwright/sandbox"
)

func witnessCommand() *cobra.Command {
	var group groupFlags
	var data string
	c := &cobra.Command{
		Use:   "witness",
		Short: "The third vote of a cluster of two brains: keeps the log, runs nothing",
		Args:  takes(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			member, err := group.parse(true)
			if err != nil {
				return refusal{err}
			}
			if len(member.members) == 0 {
				return refuse("witness: --cluster is needed, such as --cluster brain-1=10.0.0.1:7000,brain-2=10.0.0.2:7000,witness:%s=10.0.0.3:7000", member.name)
			}
			ctx, cancel, life, err := childContext(c.Context())
			if alone(err) {
				return keepLocked(c, "witness", data)
			}
			if err != nil {
				return err
			}
			defer cancel()
			return runWitness(ctx, member, data, life)
		},
	}
	fl := c.Flags()
	group.register(fl)
	fl.StringVar(&data, "data", "data", "directory of the log")
	fl.String(configFlag, "", "YAML file; a key for each of these flags")
	return c
}

// runWitness keeps the log, and for snapshots what is in it, until ctx ends.
func runWitness(ctx context.Context, member membership, data string, life *supervise.Lifeline) error {
	group, err := member.group(true, "", "")
	if err != nil {
		return refusal{err}
	}
	tree, kept, shelf := sandbox.NewState(nil), keep.New(nil), script.NewShelf(nil)
	store, err := cluster.Join(cluster.Config{
		Dir: filepath.Join(data, "state"), Name: member.name, Group: group, Log: childLog(),
		Restore: tree.Restore, Snapshot: tree.Snapshot, Apply: tree.Apply,
		Others: otherTrees(kept, shelf),
	})
	if err != nil {
		return refusal{err}
	}
	err = life.Report(supervise.Report{Standby: true})
	select {
	case <-ctx.Done():
	case <-store.Lost():
		err = store.Reason()
	}
	return errors.Join(err, store.Close())
}
