package main

import "github.com/spf13/cobra"

func benchCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "bench",
		Short: "What this machine carries, as figures per core",
		Args:  takes(cobra.NoArgs),
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	return c
}
