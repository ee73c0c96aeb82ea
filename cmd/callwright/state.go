package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/callwright/callwright/engine/api"
)

func stateCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "state",
		Short: "The object that scripts share: read it, write it, see who wrote",
		Long: `The object that scripts share as "state". A PATH is written as scripts write it:
pins.1234.room, list[0], or ['a.b'] for a name with a dot in it.`,
		Args: knownCommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(stateGetCommand(), stateSetCommand(), stateRmCommand(), stateDumpCommand(), stateLoadCommand(), stateHistoryCommand())
	return c
}

// stateValue is what GET /v1/state answers.
type stateValue struct {
	Path  string          `json:"path"`
	Value json.RawMessage `json:"value"`
}

func readStateValue(c *cobra.Command, f *clientFlags, path string) (v stateValue, err error) {
	cl, err := f.connect()
	if err != nil {
		return v, err
	}
	return v, cl.ask(c.Context(), "GET", "/v1/state?path="+url.QueryEscape(path), &v)
}

func stateGetCommand() *cobra.Command {
	var f clientFlags
	c := &cobra.Command{
		Use:   "get [PATH]",
		Short: "What is at a path, as JSON; all of it without",
		Args:  takes(cobra.MaximumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			v, err := readStateValue(c, &f, strings.Join(args, ""))
			if err != nil {
				return err
			}
			if f.printJSON {
				return printLines(c.OutOrStdout(), []any{v})
			}
			return printIndented(c.OutOrStdout(), v.Value)
		},
	}
	f.register(c)
	return c
}

func stateDumpCommand() *cobra.Command {
	var f clientFlags
	c := &cobra.Command{
		Use:   "dump",
		Short: "All of state as one JSON object, for state load",
		Args:  takes(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			v, err := readStateValue(c, &f, "")
			if err != nil {
				return err
			}
			if f.printJSON {
				_, err = fmt.Fprintf(c.OutOrStdout(), "%s\n", v.Value)
				return err
			}
			return printIndented(c.OutOrStdout(), v.Value)
		},
	}
	f.register(c)
	return c
}

func printIndented(w io.Writer, raw json.RawMessage) error {
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", "  "); err != nil {
		return err
	}
	b.WriteByte('\n')
	_, err := w.Write(b.Bytes())
	return err
}

// changeState sends one write and tells what came of it.
func changeState(c *cobra.Command, f *clientFlags, method, path string, body []byte) error {
	cl, err := f.connect()
	if err != nil {
		return err
	}
	var done api.StateChange
	if err := cl.send(c.Context(), method, path, bytes.NewReader(body), &done); err != nil {
		return err
	}
	if f.printJSON {
		return printLines(c.OutOrStdout(), []any{done})
	}
	_, err = fmt.Fprintf(c.OutOrStdout(), "OK, on disk: %d writes as %s, turn %d\n", done.Writes, done.Unit, done.Turn)
	return err
}

func stateSetCommand() *cobra.Command {
	var f clientFlags
	c := &cobra.Command{
		Use:   "set PATH JSON",
		Short: "Put a value at a path; done when it is on disk",
		Example: `  callwright state set pins.1234 '{"room":"board","role":"moderator"}'
  callwright state set "greeting" '"hello.wav"'`,
		Args: takes(cobra.ExactArgs(2)),
		RunE: func(c *cobra.Command, args []string) error {
			if !json.Valid([]byte(args[1])) {
				return refuse("state set: %s is no JSON; a text needs quotes of its own: '\"%s\"'", args[1], args[1])
			}
			return changeState(c, &f, "PUT", "/v1/state?path="+url.QueryEscape(args[0]), []byte(args[1]))
		},
	}
	f.register(c)
	return c
}

func stateRmCommand() *cobra.Command {
	var f clientFlags
	c := &cobra.Command{
		Use:   "rm PATH",
		Short: "Remove what is at a path; done when that is on disk",
		Args:  takes(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			return changeState(c, &f, "DELETE", "/v1/state?path="+url.QueryEscape(args[0]), nil)
		},
	}
	f.register(c)
	return c
}

func stateLoadCommand() *cobra.Command {
	var f clientFlags
	c := &cobra.Command{
		Use:   "load FILE",
		Short: "Replace all of state by the JSON object of a file (- is standard input)",
		Args:  takes(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			body, err := readFileOrStdin(c, args[0])
			if err != nil {
				return err
			}
			if err := objectError(args[0], body); err != nil {
				return err
			}
			return changeState(c, &f, "POST", "/v1/state/load", body)
		},
	}
	f.register(c)
	return c
}

func readFileOrStdin(c *cobra.Command, name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(c.InOrStdin())
	}
	return os.ReadFile(name)
}

// objectError says where a file stops being a JSON object.
func objectError(name string, body []byte) error {
	var object map[string]json.RawMessage
	err := json.Unmarshal(body, &object)
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		line := 1 + bytes.Count(body[:min(int(syntax.Offset), len(body))], []byte("\n"))
		return refuse("%s:%d: %w", name, line, err)
	case err != nil || object == nil:
		return refuse("%s: state is an object, {…}", name)
	}
	return nil
}

func stateHistoryCommand() *cobra.Command {
	var f clientFlags
	c := &cobra.Command{
		Use:   "history [PATH]",
		Short: "Who wrote lately, when and where; with a path, only there",
		Args:  takes(cobra.MaximumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			cl, err := f.connect()
			if err != nil {
				return err
			}
			var got struct {
				Changes []api.StateChange
				Kept    int
			}
			if err := cl.ask(c.Context(), "GET", "/v1/state/history?path="+url.QueryEscape(strings.Join(args, "")), &got); err != nil {
				return err
			}
			if f.printJSON {
				return printLines(c.OutOrStdout(), got.Changes)
			}
			for _, ch := range got.Changes {
				more := ""
				if ch.Writes > len(ch.Paths) {
					more = fmt.Sprintf(" and %d more", ch.Writes-len(ch.Paths))
				}
				fmt.Fprintf(c.OutOrStdout(), "%s %s turn %d: %s%s\n", dayTime(ch.Time), printable(ch.Unit), ch.Turn, printable(strings.Join(ch.Paths, " ")), more)
			}
			fmt.Fprintf(c.ErrOrStderr(), "callwright: the last %d batches since the brain's start are kept, no others\n", got.Kept)
			return nil
		},
	}
	f.register(c)
	return c
}
