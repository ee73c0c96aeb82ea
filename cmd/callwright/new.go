package main

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/callwright/callwright/stdlib"
)

// project is what `new` writes beside the typings.
//
//go:embed project
var project embed.FS

// typings are the declaration files of what scripts can name.
func typings() map[string]string {
	return map[string]string{
		"callwright.d.ts": stdlib.Declarations, "callwright-test.d.ts": stdlib.TestDeclarations, "globals.d.ts": stdlib.Globals, "modules.d.ts": stdlib.ModuleDeclarations,
	}
}

func newCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "new DIR",
		Short: "A script project: flow, test, app.yaml, tsconfig and typings",
		Long: `Makes the folder of one app, such as scripts/hello, in a scripts directory. It must not
exist yet, or be empty.`,
		Args: takes(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			if err := newProject(args[0]); err != nil {
				return refusal{err}
			}
			fmt.Fprintf(c.OutOrStdout(), "%s is an app. Next:\n  callwright check %[1]s\n  callwright test %[1]s\n  callwright run %s\n", args[0], filepath.Dir(args[0]))
			return nil
		},
	}
}

func newProject(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	case len(entries) > 0:
		return fmt.Errorf("%s is not empty", dir)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	files, err := project.ReadDir("project")
	if err != nil {
		return err
	}
	for _, f := range files {
		text, err := project.ReadFile("project/" + f.Name())
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, f.Name()), text, 0o644); err != nil {
			return err
		}
	}
	return writeTypings(dir)
}

func writeTypings(dir string) error {
	for name, text := range typings() {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func typesCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "types [DIR]",
		Short: "Write the typings of this release into a folder",
		Args:  takes(cobra.MaximumNArgs(1)),
		RunE: func(_ *cobra.Command, args []string) error {
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			if err := writeTypings(dir); err != nil {
				return refusal{err}
			}
			return nil
		},
	}
}
