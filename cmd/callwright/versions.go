package main

import (
	"fmt"
	"net/url"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/callwright/callwright/engine/api"
)

func versionsCommand() *cobra.Command {
	var f clientFlags
	c := &cobra.Command{
		Use:   "versions APP",
		Short: "An app's kept versions, and which one serves",
		Args:  takes(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			var got struct{ Versions []api.VersionView }
			if err := f.ask(c.Context(), "GET", scriptPath(args[0], "versions"), &got); err != nil {
				return err
			}
			if f.printJSON {
				return printLines(c.OutOrStdout(), got.Versions)
			}
			w := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "VERSION\tSTATE\tCALLS\tSERVED\tBY\tNOTE")
			for _, v := range got.Versions {
				fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\t%s\n", v.Version, dash(v.State), v.Calls, v.Last.Format(time.DateTime), v.By, dash(versionNote(v)))
			}
			return w.Flush()
		},
	}
	f.register(c)
	return c
}

func versionNote(v api.VersionView) string {
	switch {
	case v.Bad != "":
		return v.Bad
	case v.OnDisk && v.State == "":
		return "the file on disk"
	}
	return ""
}

func scriptPath(app, what string) string { return "/v1/scripts/" + url.PathEscape(app) + "/" + what }

func rollbackCommand() *cobra.Command {
	var f clientFlags
	c := &cobra.Command{
		Use:   "rollback APP [VERSION]",
		Short: "Let an older version serve, until its file changes or `reload APP`",
		Args:  takes(cobra.RangeArgs(1, 2)),
		RunE: func(c *cobra.Command, args []string) error {
			path := scriptPath(args[0], "rollback")
			if len(args) == 2 {
				path += "?version=" + url.QueryEscape(args[1])
			}
			var got api.ReloadResult
			if err := f.ask(c.Context(), "POST", path, &got); err != nil {
				return err
			}
			if f.printJSON {
				return printLines(c.OutOrStdout(), []api.ReloadResult{got})
			}
			return printReload(c, []api.ReloadResult{got})
		},
	}
	f.register(c)
	return c
}

func diffCommand() *cobra.Command {
	var f clientFlags
	c := &cobra.Command{
		Use:   "diff APP [V1 [V2]]",
		Short: "What changed from V1 (the version before) to V2 (the one that serves)",
		Args:  takes(cobra.RangeArgs(1, 3)),
		RunE: func(c *cobra.Command, args []string) error {
			q := url.Values{}
			for i, name := range []string{"from", "to"} {
				if len(args) > i+1 {
					q.Set(name, args[i+1])
				}
			}
			var got api.DiffView
			if err := f.ask(c.Context(), "GET", scriptPath(args[0], "diff")+"?"+q.Encode(), &got); err != nil {
				return err
			}
			if f.printJSON {
				return printLines(c.OutOrStdout(), []api.DiffView{got})
			}
			_, err := fmt.Fprint(c.OutOrStdout(), got.Diff)
			return err
		},
	}
	f.register(c)
	return c
}
