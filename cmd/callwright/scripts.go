package main

import (
	"fmt"
	"net/url"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/callwright/callwright/engine/api"
)

func scriptsCommand() *cobra.Command {
	var f clientFlags
	c := &cobra.Command{
		Use:   "scripts",
		Short: "Apps with their routes and the version new calls get",
		Args:  takes(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			var got struct{ Scripts []api.ScriptView }
			if err := f.ask(c.Context(), "GET", "/v1/scripts", &got); err != nil {
				return err
			}
			if f.printJSON {
				return printLines(c.OutOrStdout(), got.Scripts)
			}
			w := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "APP\tVERSION\tAGE\tCALLS\tFILE\tROUTES")
			for _, s := range got.Scripts {
				fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\t%s\n",
					s.App, dash(s.Version), age(s.Loaded), s.Calls, s.File, dash(strings.Join(s.Routes, " ")))
			}
			if err := w.Flush(); err != nil {
				return err
			}
			for _, s := range got.Scripts {
				if s.Error != "" {
					fmt.Fprintf(c.OutOrStdout(), "%s: the file on disk does not load: %s\n", s.App, s.Error)
				}
				if s.Held != "" {
					fmt.Fprintf(c.OutOrStdout(), "%s: not the version on disk: %s\n", s.App, s.Held)
				}
				if t := s.Trial; t != nil {
					fmt.Fprintf(c.OutOrStdout(), "%s: %g%% of new calls try %s: %d live, %d failed\n", s.App, t.Percent, t.Version, t.Calls, t.Failed)
				}
			}
			return nil
		},
	}
	f.register(c)
	return c
}

func reloadCommand() *cobra.Command {
	var f clientFlags
	var check bool
	c := &cobra.Command{
		Use:   "reload [APP]",
		Short: "Read one script anew from disk, or all; exit code 1 if one does not load",
		Long: `Reads one script anew from disk, or all, and exits with code 1 if one does not load.
An app that is named serves what its file says from then on, to all calls: a rollback,
an upload or a trial of it ends.`,
		Args: takes(cobra.MaximumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			path := "/v1/scripts/reload"
			if check {
				path = "/v1/scripts/check"
			}
			if len(args) == 1 {
				path += "?app=" + url.QueryEscape(args[0])
			}
			var got struct{ Results []api.ReloadResult }
			if err := f.ask(c.Context(), "POST", path, &got); err != nil {
				return err
			}
			var err error
			if f.printJSON {
				err = printLines(c.OutOrStdout(), got.Results)
			} else {
				err = printReload(c, got.Results)
			}
			if err != nil {
				return err
			}
			return reloadError(got.Results)
		},
	}
	f.register(c)
	c.Flags().BoolVar(&check, "check", false, "build as a reload does, and change nothing")
	return c
}

func printReload(c *cobra.Command, results []api.ReloadResult) error {
	for _, r := range results {
		switch {
		case r.Error != "" && r.Source != "":
			fmt.Fprintf(c.OutOrStdout(), "%s: %s\n    %s\n", r.App, r.Error, strings.TrimSpace(r.Source))
		case r.Error != "":
			fmt.Fprintf(c.OutOrStdout(), "%s: %s\n", r.App, r.Error)
		case r.Trial != "":
			fmt.Fprintf(c.OutOrStdout(), "%s: a share of new calls tries version %s, the others get %s\n", r.App, r.Trial, r.To)
		case r.From == r.To:
			fmt.Fprintf(c.OutOrStdout(), "%s: unchanged, version %s\n", r.App, r.To)
		default:
			fmt.Fprintf(c.OutOrStdout(), "%s: version %s, before it %s (%.0f ms)\n", r.App, r.To, dash(r.From), r.Ms)
		}
	}
	return nil
}

func reloadError(results []api.ReloadResult) error {
	failed := 0
	for _, r := range results {
		if r.Error != "" {
			failed++
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d scripts do not load; their old versions serve on", failed, len(results))
	}
	return nil
}
