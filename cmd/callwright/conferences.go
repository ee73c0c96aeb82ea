package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/callwright/callwright/engine/api"
)

func conferencesCommand() *cobra.Command {
	var f clientFlags
	c := &cobra.Command{
		Use:   "conferences",
		Short: "Conferences and who is in",
		Args:  takes(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			var got struct{ Conferences []api.ConferenceView }
			if err := f.ask(c.Context(), "GET", "/v1/conferences", &got); err != nil {
				return err
			}
			if f.printJSON {
				return printLines(c.OutOrStdout(), got.Conferences)
			}
			w := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "CONFERENCE\tAGE\tRATE\tMIXER\tCALL\tLABEL\tIS")
			for _, r := range got.Conferences {
				fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%d in\t\t\n", printable(r.Name), age(r.Started), r.Rate, dash(r.Mixer), len(r.Members))
				for _, m := range r.Members {
					fmt.Fprintf(w, "\t\t\t\t%s\t%s\t%s\n", m.Call, printable(dash(m.Label)), dash(memberState(m)))
				}
			}
			return w.Flush()
		},
	}
	f.register(c)
	return c
}

func memberState(m api.MemberView) string {
	var is []string
	for _, s := range []struct {
		name string
		on   bool
	}{{"talking", m.Talking}, {"muted", m.Muted}, {"deaf", m.Deaf}} {
		if s.on {
			is = append(is, s.name)
		}
	}
	return strings.Join(is, " ")
}

// traceCommand keeps the name of what is to come.
func traceCommand() *cobra.Command {
	var f clientFlags
	c := &cobra.Command{
		Use:   "trace ID",
		Short: "A call's SIP ladder (not built yet)",
		Args:  takes(cobra.MaximumNArgs(1)),
		RunE: func(*cobra.Command, []string) error {
			return refuse("trace is not built yet; callwright why ID shows what a call is about, callwright logs --call ID its log")
		},
	}
	f.register(c)
	return c
}
