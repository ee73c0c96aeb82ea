package main

import (
	"fmt"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/callwright/callwright/engine/api"
)

func drainCommand() *cobra.Command {
	var f clientFlags
	c := &cobra.Command{
		Use:   "drain WORKER",
		Short: "Move all that a mixer or an SBC carries to others; it gets nothing more",
		Args:  takes(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			cl, err := f.connect()
			if err != nil {
				return err
			}
			var got api.DrainView
			if err := cl.ask(c.Context(), "POST", "/v1/workers/"+url.PathEscape(args[0])+"/drain", &got); err != nil {
				return err
			}
			if f.printJSON {
				return printLines(c.OutOrStdout(), []any{got})
			}
			fmt.Fprintf(c.OutOrStdout(), "%s drained: %d calls and %d conferences moved, %d calls left\n", got.Worker, got.Calls, got.Rooms, got.Left)
			if got.Left > 0 {
				return fmt.Errorf("%d calls stay on %s: no other has room for them, or their phones have not taken another address", got.Left, got.Worker)
			}
			return nil
		},
	}
	f.register(c)
	return c
}
