package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"

	"github.com/spf13/cobra"

	"github.com/callwright/callwright/engine/flow"
	"github.com/callwright/callwright/sandbox"
)

func journalCommand() *cobra.Command {
	var f clientFlags
	c := &cobra.Command{
		Use:   "journal CALL",
		Short: "The journal of a call that is up or ended a short while ago, for `replay` and t.replay; masked digits are hidden",
		Args:  takes(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			var text json.RawMessage
			if err := f.ask(c.Context(), "GET", "/v1/calls/"+url.PathEscape(args[0])+"/journal", &text); err != nil {
				return err
			}
			_, err := fmt.Fprintf(c.OutOrStdout(), "%s\n", text)
			return err
		},
	}
	f.register(c)
	return c
}

// replayOutcome is what `replay` has to tell.
type replayOutcome struct {
	App    string `json:"app"`
	Made   string `json:"made"`
	Inputs int    `json:"inputs"`
	Ops    uint32 `json:"operations"`
	Await  string `json:"await"`
}

func replayCommand() *cobra.Command {
	var printJSON bool
	c := &cobra.Command{
		Use:   "replay FILE [DIR]",
		Short: "Replay a call's journal on the scripts as they are in DIR: where it stands, or where the code differs",
		Args:  takes(cobra.RangeArgs(1, 2)),
		RunE: func(c *cobra.Command, args []string) error {
			dir := "scripts"
			if len(args) > 1 {
				dir = args[1]
			}
			o, err := replayFile(c, args[0], dir)
			if err != nil {
				return err
			}
			if printJSON {
				return printLines(c.OutOrStdout(), []any{o})
			}
			await := o.Await
			if await == "" {
				await = "nothing: its flow is through"
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "%s fits: %d inputs, %d operations, awaits %s\n", o.App, o.Inputs, o.Ops, await)
			return err
		},
	}
	c.Flags().BoolVar(&printJSON, "json", false, "print a JSON object")
	return c
}

func replayFile(c *cobra.Command, file, dir string) (o replayOutcome, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return o, err
	}
	j, err := flow.ReadJournal(text)
	if err != nil {
		return o, fmt.Errorf("%s: %w", file, err)
	}
	app, err := sandbox.AppNamed(dir, j.App)
	if err != nil {
		return o, fmt.Errorf("%s: %w", file, err)
	}
	o = replayOutcome{App: j.App, Made: j.Made, Inputs: len(j.Inputs), Ops: j.Ops}
	o.Await, err = j.Try(c.Context(), app)
	return o, err
}
