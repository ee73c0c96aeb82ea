package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/callwright/callwright/media/certs"
)

func certsCommand() *cobra.Command {
	var brains, witnesses, workers []string
	c := &cobra.Command{
		Use:   "certs DIR",
		Short: "Make the certificates with which brains and workers on several machines know each other",
		Long: `Makes an authority in DIR, and below it a folder for each node that is named. Copy each
node's folder to its machine, as it is, and give it to --certs there. Run it again for
more nodes. Whoever has DIR/ca.key can join your engine: keep DIR off those machines.`,
		Args: takes(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			var nodes []certs.Node
			for role, names := range map[certs.Role][]string{certs.Brain: brains, certs.Witness: witnesses, certs.Worker: workers} {
				for _, name := range names {
					nodes = append(nodes, certs.Node{Name: name, Role: role})
				}
			}
			if len(nodes) == 0 {
				return refuse("certs: name at least one node, such as --brains brain-1,brain-2,brain-3 --workers sbc-1,mixer-1")
			}
			made, err := certs.Issue(args[0], nodes, time.Now())
			for _, folder := range made {
				fmt.Fprintln(c.OutOrStdout(), folder)
			}
			return err
		},
	}
	fl := c.Flags()
	fl.StringSliceVar(&brains, "brains", nil, "names of brains")
	fl.StringSliceVar(&witnesses, "witnesses", nil, "names of witnesses")
	fl.StringSliceVar(&workers, "workers", nil, "names of SBCs and mixers")
	return c
}
