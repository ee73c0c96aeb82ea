package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"github.com/callwright/callwright/engine/api"
	"github.com/callwright/callwright/engine/events"
)

func whyCommand() *cobra.Command {
	var f clientFlags
	c := &cobra.Command{
		Use:   "why ID",
		Short: "Why a call stands where it does: the line its script awaits, what is under way, its variables",
		Args:  takes(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			var d api.CallDetail
			if err := f.ask(c.Context(), "GET", "/v1/calls/"+url.PathEscape(args[0]), &d); err != nil {
				return err
			}
			if f.printJSON {
				return printLines(c.OutOrStdout(), []any{d})
			}
			printWhy(c.OutOrStdout(), d)
			return nil
		},
	}
	f.register(c)
	return c
}

func printWhy(w io.Writer, d api.CallDetail) {
	fmt.Fprintf(w, "call %s is %s, up for %s\n", d.ID, d.State, age(d.Started))
	fmt.Fprintf(w, "  from %s to %s, over %s\n", d.From, d.To, d.Source)
	fmt.Fprintf(w, "  app %s, version %s\n", d.App, d.Version)
	fmt.Fprintf(w, "  media: %s\n", mediaPlace(d))
	if d.Room != "" {
		fmt.Fprintf(w, "  in conference %s\n", d.Room)
	}
	if d.Await == "" {
		fmt.Fprintln(w, "its script awaits nothing")
	} else {
		fmt.Fprintf(w, "its script awaits %s\n    %s\n", d.Await, dash(d.Line))
	}
	fmt.Fprintln(w, list("under way", len(d.Pending)))
	for _, p := range d.Pending {
		waits := ""
		if p.Waits {
			waits = ", waits for audio"
		}
		fmt.Fprintf(w, "  %s %s, for %s, at %s%s\n", p.Name, compact(p.Args), age(p.Since), dash(p.Line), waits)
	}
	fmt.Fprintf(w, "vars %s\n", compact(d.Vars))
	fmt.Fprintln(w, list("ended last", len(d.Recent)))
	for _, r := range d.Recent {
		fmt.Fprintf(w, "  %s %s at %s after %d ms%s\n", clock(r.Ended), r.Name, dash(r.Line), r.Ms, threw(r.Error))
	}
	fmt.Fprintln(w, list("happened", len(d.Events)))
	for _, e := range d.Events {
		fmt.Fprintf(w, "  %s %s\n", clock(e.Time), eventText(e))
	}
}

func list(title string, n int) string {
	if n == 0 {
		return title + ": nothing"
	}
	return title + ":"
}

func mediaPlace(d api.CallDetail) string {
	if d.SBC == "" {
		return "none yet"
	}
	return fmt.Sprintf("%s on %s port %d, mixed by %s", dash(d.Codec), d.SBC, d.Port, dash(d.Mixer))
}

func threw(name string) string {
	if name == "" {
		return ""
	}
	return ", threw " + name
}

// compact is JSON on one line.
func compact(raw json.RawMessage) string {
	if len(raw) == 0 {
		return "{}"
	}
	return printable(string(raw))
}

// clock is a time of day, for what is of today.
func clock(t time.Time) string { return t.Local().Format("15:04:05.000") }

// eventText is one event without its time, in one line.
func eventText(e events.Event) string {
	text := string(e.Type)
	add := func(name, value string) {
		if value != "" {
			text += " " + name + "=" + attrText(value)
		}
	}
	add("call", e.Call)
	add("app", e.App)
	add("version", e.Version)
	add("from", e.From)
	add("to", e.To)
	add("conference", e.Conference)
	add("worker", e.Worker)
	add("cause", e.Cause)
	add("by", e.By)
	add("text", e.Text)
	return text
}
