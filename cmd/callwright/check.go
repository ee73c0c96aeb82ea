package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/callwright/callwright/engine/flow"
	"github.com/callwright/callwright/engine/script"
	"github.com/callwright/callwright/sandbox"
)

// checkResult is one app as --json prints it.
type checkResult struct {
	App      string   `json:"app"`
	File     string   `json:"file"`
	Version  string   `json:"version,omitempty"`
	Flow     bool     `json:"flow"`
	Routes   []string `json:"routes,omitempty"`
	Computed bool     `json:"computed,omitempty"` // there are routes that only running tells
	Grants   []string `json:"grants,omitempty"`
	Error    string   `json:"error,omitempty"`
}

func checkCommand() *cobra.Command {
	var printJSON bool
	c := &cobra.Command{
		Use:   "check [DIR]",
		Short: "Compile and type-check scripts without running them; exit code 1 on errors",
		Long: `Compiles the apps of a scripts directory, or one app whose folder has an app.yaml,
type-checks them with tsc if there is one (in node_modules/.bin or on the PATH), and
lists routes and capabilities. Nothing is run: routes that a script computes are shown as
such, and are known when the engine loads it.`,
		Args: takes(cobra.MaximumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			dir := "scripts"
			if len(args) == 1 {
				dir = args[0]
			}
			return check(c, dir, printJSON)
		},
	}
	c.Flags().BoolVar(&printJSON, "json", false, "print one JSON object a line")
	return c
}

func check(c *cobra.Command, dir string, printJSON bool) error {
	dir, err := directory(dir)
	if err != nil {
		return refusal{err}
	}
	sources, err := appsToCheck(dir)
	if err != nil {
		return refusal{err}
	}
	var results []checkResult
	wrong := 0
	for _, s := range sources {
		in := script.Inspect(s, flow.Faces())
		r := checkResult{App: in.App, File: in.File, Version: in.Version, Flow: in.Flow, Routes: in.Routes, Computed: in.Computed}
		if in.Manifest != nil {
			r.Grants = in.Manifest.Grants()
		}
		if in.Error != nil {
			r.Error = in.Error.Error()
			wrong++
		}
		results = append(results, r)
	}
	typed := typeCheck(c.Context(), dir)
	for _, line := range typed.errors {
		results = append(results, checkResult{Error: line})
	}
	if printJSON {
		err = printLines(c.OutOrStdout(), results)
	} else {
		err = printCheck(c.OutOrStdout(), results, typed)
	}
	if wrong += len(typed.errors); err == nil && wrong > 0 {
		err = fmt.Errorf("%d errors in %s", wrong, dir)
	}
	return err
}

// appsToCheck lists the apps of a directory. A folder with an app.yaml is one app, of the
// directory above.
func appsToCheck(dir string) ([]sandbox.AppSource, error) {
	_, err := os.Stat(filepath.Join(dir, "app.yaml"))
	if errors.Is(err, os.ErrNotExist) {
		apps, err := sandbox.Apps(dir)
		if err == nil && len(apps) == 0 {
			err = fmt.Errorf("%s: no script in it", dir)
		}
		return apps, err
	}
	apps, err := sandbox.Apps(filepath.Dir(dir))
	if err != nil {
		return nil, err
	}
	for _, a := range apps {
		if filepath.Dir(a.Entry) == dir {
			return []sandbox.AppSource{a}, nil
		}
	}
	return nil, fmt.Errorf("%s: no main.ts, main.js, index.ts or index.js in it", dir)
}

func printCheck(w io.Writer, results []checkResult, typed typeReport) error {
	var out strings.Builder
	for _, r := range results {
		if r.Error != "" {
			fmt.Fprintln(&out, r.Error)
			continue
		}
		routes := strings.Join(r.Routes, " ")
		switch {
		case r.Computed:
			routes = strings.TrimSpace(routes + " (computed: known when it is loaded)")
		case routes == "" && r.App == "main" && r.Flow:
			routes = "what nobody else claims"
		}
		fmt.Fprintf(&out, "%s %s (%s)\n  routes: %s\n", r.App, r.Version, r.File, dash(routes))
		for _, g := range r.Grants {
			fmt.Fprintf(&out, "  %s\n", g)
		}
	}
	fmt.Fprintf(&out, "types: %s\n", typed.note)
	_, err := io.WriteString(w, out.String())
	return err
}
