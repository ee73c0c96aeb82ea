package main

import (
	"fmt"
	"net/url"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/callwright/callwright/engine/api"
)

func callsCommand() *cobra.Command {
	var f clientFlags
	c := &cobra.Command{
		Use:   "calls",
		Short: "Live calls, and the script line each waits on",
		Args:  takes(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			var got struct{ Calls []api.CallView }
			if err := f.ask(c.Context(), "GET", "/v1/calls", &got); err != nil {
				return err
			}
			if f.printJSON {
				return printLines(c.OutOrStdout(), got.Calls)
			}
			w := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "ID\tSTATE\tAGE\tFROM\tTO\tAPP\tVERSION\tWAITS AT\tROOM")
			for _, v := range got.Calls {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n",
					v.ID, v.State, age(v.Started), v.From, v.To, v.App, dash(v.Version), dash(v.Await), dash(v.Room))
			}
			return w.Flush()
		},
	}
	f.register(c)
	return c
}

func hangupCommand() *cobra.Command {
	var f clientFlags
	var cause string
	c := &cobra.Command{
		Use:   "hangup ID",
		Short: "Hang a call up",
		Args:  takes(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			path := "/v1/calls/" + url.PathEscape(args[0]) + "?cause=" + url.QueryEscape(cause)
			var got struct {
				ID string `json:"id"`
			}
			if err := f.ask(c.Context(), "DELETE", path, &got); err != nil {
				return err
			}
			if f.printJSON {
				return printLines(c.OutOrStdout(), []any{got})
			}
			fmt.Fprintf(c.OutOrStdout(), "%s hung up\n", got.ID)
			return nil
		},
	}
	f.register(c)
	c.Flags().StringVar(&cause, "cause", "normal", "why, by a name of the script API's list: normal, busy, forbidden …")
	return c
}
