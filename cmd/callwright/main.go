package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const (
	exitFailed = 1
	exitUsage  = 2
)

// refusal is an error with exit code 2: wrong usage, or a start that cannot be.
type refusal struct{ err error }

func (r refusal) Error() string { return r.err.Error() }
func (r refusal) Unwrap() error { return r.err }

// refuse makes a refusal of a formatted error.
func refuse(format string, args ...any) error { return refusal{fmt.Errorf(format, args...)} }

func main() {
	hostScripts()
	os.Exit(execute(os.Args[1:], os.Stdout, os.Stderr))
}

// execute runs one command line and returns its exit code.
func execute(args []string, stdout, stderr io.Writer) int {
	root := rootCommand()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.Execute()
	if err == nil {
		return 0
	}
	// One line, whatever a library put into its error.
	fmt.Fprintf(stderr, "callwright: %s\n", strings.Join(strings.Fields(err.Error()), " "))
	var r refusal
	if errors.As(err, &r) {
		return exitUsage
	}
	return exitFailed
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "callwright",
		Short:         "A programmable telephony engine: call flows are JavaScript files",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          knownCommand,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(flagError)
	root.PersistentPreRunE = func(c *cobra.Command, _ []string) error { return applySettings(c, os.LookupEnv) }
	root.AddCommand(
		runCommand(), brainCommand(), sbcCommand(), mixerCommand(),
		callCommand(), statusCommand(), callsCommand(), hangupCommand(), drainCommand(),
		reloadCommand(), scriptsCommand(), versionsCommand(), rollbackCommand(), diffCommand(),
		newCommand(), checkCommand(), typesCommand(), whyCommand(), journalCommand(), replayCommand(), logsCommand(), eventsCommand(),
		stateCommand(), replCommand(), conferencesCommand(), registrationsCommand(), traceCommand(), benchCommand(), testCommand(), testFileCommand(), certsCommand(), witnessCommand(), clusterCommand(),
	)
	return root
}

// takes makes cobra's complaint about positional arguments a refusal.
func takes(rule cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if err := rule(c, args); err != nil {
			return refuse("%s: %w; see callwright %s --help", c.Name(), err, c.Name())
		}
		return nil
	}
}

func knownCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	if near := nearest(args[0], names); near != "" {
		return refuse("unknown command %q, did you mean %q?", args[0], near)
	}
	return refuse("unknown command %q; callwright --help lists them", args[0])
}

// flagError names the nearest flag there is for one that is not.
func flagError(c *cobra.Command, err error) error {
	var missing *pflag.NotExistError
	if !errors.As(err, &missing) {
		return refuse("%s: %w", c.Name(), err)
	}
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	if near := nearest(missing.GetSpecifiedName(), names); near != "" {
		return refuse("%s: no flag --%s, did you mean --%s?", c.Name(), missing.GetSpecifiedName(), near)
	}
	return refuse("%s: no flag --%s; see callwright %s --help", c.Name(), missing.GetSpecifiedName(), c.Name())
}
