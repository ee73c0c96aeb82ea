package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/callwright/callwright/engine/api"
)

// replFlags say where the code runs.
type replFlags struct {
	clientFlags
	app, call string
	write     bool
}

func replCommand() *cobra.Command {
	var f replFlags
	c := &cobra.Command{
		Use:   "repl [CODE]",
		Short: "Evaluate JavaScript in a live app, or in a call",
		Long: `Evaluates expressions in a live app's own run, or with --call in that call's: state,
call, app and all names of 'callwright' are in sight. With CODE, evaluates that and
ends; without, reads a line at a time from standard input.

It only looks: what would write, begin an operation or listen is refused, unless
--write is given. Then the code becomes part of the run, as if the script had said it.`,
		Example: `  callwright repl --call ID 'call.vars'
  callwright repl --app main 'Object.keys(state.pins ?? {}).length'`,
		Args: takes(cobra.MaximumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			cl, err := f.connect()
			if err != nil {
				return err
			}
			if err := f.find(c.Context(), cl); err != nil {
				return err
			}
			if len(args) == 1 {
				return f.once(c, cl, args[0])
			}
			return f.loop(c, cl)
		},
	}
	f.register(c)
	fl := c.Flags()
	fl.StringVar(&f.app, "app", "", "the app; not needed with --call, nor when there is but one")
	fl.StringVar(&f.call, "call", "", "id of a live call to evaluate in")
	fl.BoolVar(&f.write, "write", false, "allow writes to state and operations")
	return c
}

// find settles which app is meant.
func (f *replFlags) find(ctx context.Context, cl *client) error {
	if f.call != "" {
		var d api.CallDetail
		if err := cl.ask(ctx, "GET", "/v1/calls/"+url.PathEscape(f.call), &d); err != nil {
			return err
		}
		if f.app != "" && f.app != d.App {
			return refuse("repl: call %s is of app %s, not of %s", f.call, d.App, f.app)
		}
		f.app = d.App
		return nil
	}
	if f.app != "" {
		return nil
	}
	var got struct{ Scripts []api.ScriptView }
	if err := cl.ask(ctx, "GET", "/v1/scripts", &got); err != nil {
		return err
	}
	var names []string
	for _, s := range got.Scripts {
		names = append(names, s.App)
	}
	if len(names) != 1 {
		return refuse("repl: name the app with --app: %s", strings.Join(names, ", "))
	}
	f.app = names[0]
	return nil
}

func (f *replFlags) eval(ctx context.Context, cl *client, code string) (string, error) {
	body, err := json.Marshal(api.Evaluation{Code: code, Call: f.call, Write: f.write})
	if err != nil {
		return "", err
	}
	var got struct {
		Result string `json:"result"`
	}
	err = cl.send(ctx, "POST", "/v1/eval/"+url.PathEscape(f.app), bytes.NewReader(body), &got)
	return got.Result, err
}

func (f *replFlags) print(c *cobra.Command, result string) error {
	if f.printJSON {
		return printLines(c.OutOrStdout(), []any{struct {
			Result string `json:"result"`
		}{result}})
	}
	_, err := fmt.Fprintln(c.OutOrStdout(), result)
	return err
}

func (f *replFlags) once(c *cobra.Command, cl *client, code string) error {
	result, err := f.eval(c.Context(), cl, code)
	if err != nil {
		return err
	}
	return f.print(c, result)
}

// loop reads lines until their end. What one line throws is told, and the next read;
// an engine that does not answer ends it.
func (f *replFlags) loop(c *cobra.Command, cl *client) error {
	in := bufio.NewScanner(c.InOrStdin())
	in.Buffer(nil, api.MaxBody)
	for f.prompt(c); in.Scan(); f.prompt(c) {
		code := strings.TrimSpace(in.Text())
		if code == "" {
			continue
		}
		if code == ".exit" {
			return nil
		}
		result, err := f.eval(c.Context(), cl, code)
		var refused *problemError
		switch {
		case errors.As(err, &refused):
			fmt.Fprintf(c.ErrOrStderr(), "%s\n", err)
		case err != nil:
			return err
		default:
			if err := f.print(c, result); err != nil {
				return err
			}
		}
	}
	return in.Err()
}

func (f *replFlags) prompt(c *cobra.Command) {
	if f.printJSON {
		return
	}
	mark := ">"
	if f.write {
		mark = "!"
	}
	fmt.Fprintf(c.ErrOrStderr(), "%s%s ", f.app, mark)
}
