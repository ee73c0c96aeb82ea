package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/callwright/callwright/engine/api"
)

// status is the engine at a glance, as --json prints it.
type status struct {
	HTTP        string               `json:"http"`
	Calls       int                  `json:"calls"`
	Workers     []api.WorkerView     `json:"workers"`
	Conferences []api.ConferenceView `json:"conferences"`
	Scripts     []api.ScriptView     `json:"scripts"`
}

func statusCommand() *cobra.Command {
	var f clientFlags
	c := &cobra.Command{
		Use:   "status",
		Short: "The live engine at a glance: calls, workers, conferences, scripts",
		Args:  takes(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			s, err := readStatus(c, &f)
			if err != nil {
				return err
			}
			if f.printJSON {
				return json.NewEncoder(c.OutOrStdout()).Encode(s)
			}
			return printStatus(c, s)
		},
	}
	f.register(c)
	return c
}

func readStatus(c *cobra.Command, f *clientFlags) (s status, err error) {
	cl, err := f.connect()
	if err != nil {
		return s, err
	}
	var calls struct{ Calls []api.CallView }
	if err := cl.ask(c.Context(), "GET", "/v1/calls", &calls); err != nil {
		return s, err
	}
	s.HTTP, s.Calls = cl.base, len(calls.Calls)
	for _, path := range []string{"/v1/workers", "/v1/conferences", "/v1/scripts"} {
		if err := cl.ask(c.Context(), "GET", path, &s); err != nil {
			return s, err
		}
	}
	return s, nil
}

func printStatus(c *cobra.Command, s status) error {
	w := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "engine\t%s\n", s.HTTP)
	fmt.Fprintf(w, "calls\t%d\n", s.Calls)
	for _, k := range s.Workers {
		state := "down"
		if k.Up {
			state = fmt.Sprintf("up for %s, %d of %d, pid %d", age(k.Since), k.Load, k.Capacity, k.PID)
			if k.Full {
				state += ", full: its ticks take their whole time"
			}
		}
		fmt.Fprintf(w, "%s\t%s\n", k.Name, state)
	}
	for _, r := range s.Conferences {
		fmt.Fprintf(w, "conference %s\t%d members on %s\n", r.Name, len(r.Members), cmp.Or(r.Mixer, "no mixer yet"))
	}
	for _, a := range s.Scripts {
		fmt.Fprintf(w, "script %s\t%s\n", a.App, scriptState(a))
	}
	return w.Flush()
}

func scriptState(a api.ScriptView) string {
	text := fmt.Sprintf("version %s, %d calls", dash(a.Version), a.Calls)
	if a.Error != "" {
		text += "; the file on disk does not load: " + a.Error
	}
	return text
}
