package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/callwright/callwright/engine/api"
	"github.com/callwright/callwright/engine/events"
)

// tailFlags are common to logs and events.
type tailFlags struct {
	clientFlags
	follow    bool
	call, app string
	since     uint64
	last      int
}

func (f *tailFlags) register(c *cobra.Command) {
	f.clientFlags.register(c)
	fl := c.Flags()
	fl.BoolVarP(&f.follow, "follow", "f", false, "go on with what comes; reconnects when the engine is started anew")
	fl.StringVar(&f.call, "call", "", "only of the call with this id")
	fl.StringVar(&f.app, "app", "", "only of this app")
	fl.Uint64Var(&f.since, "since", 0, "only after this sequence number, as --json shows it")
	fl.IntVar(&f.last, "last", 0, "begin with so many of the last; 0: with all that are kept")
}

func (f *tailFlags) query() url.Values {
	q := url.Values{}
	for name, value := range map[string]string{"call": f.call, "app": f.app} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if f.last > 0 {
		q.Set("last", strconv.Itoa(f.last))
	}
	if f.follow {
		q.Set("follow", "1")
	}
	return q
}

func logsCommand() *cobra.Command {
	var f tailFlags
	var level string
	c := &cobra.Command{
		Use:   "logs",
		Short: "The brain's log, with what scripts say",
		Args:  takes(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			q := f.query()
			if level != "" {
				q.Set("level", level)
			}
			return f.tail(c, "/v1/logs", q, func(raw []byte) (string, uint64, error) {
				var l events.Line
				err := json.Unmarshal(raw, &l)
				return logText(l), l.Seq, err
			})
		},
	}
	f.register(c)
	c.Flags().StringVar(&level, "level", "", "only of this level and above: debug, info, warn, error")
	return c
}

func eventsCommand() *cobra.Command {
	var f tailFlags
	var kind string
	c := &cobra.Command{
		Use:   "events",
		Short: "What became of calls, conferences, scripts and workers",
		Args:  takes(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			q := f.query()
			if kind != "" {
				q.Set("type", kind)
			}
			return f.tail(c, "/v1/events", q, func(raw []byte) (string, uint64, error) {
				var e events.Event
				err := json.Unmarshal(raw, &e)
				return dayTime(e.Time) + " " + eventText(e), e.Seq, err
			})
		},
	}
	f.register(c)
	c.Flags().StringVar(&kind, "type", "", "only this type, or all of a kind: call.ended, call")
	return c
}

// again is how long to wait before an engine that went away is asked again.
const again = time.Second

// tail prints a stream, and goes on with it after the engine was away.
func (f *tailFlags) tail(c *cobra.Command, path string, q url.Values, read func([]byte) (string, uint64, error)) error {
	cl, err := f.connect()
	if err != nil {
		return err
	}
	seq, connected := f.since, false
	for {
		if seq > 0 {
			q.Set("since", strconv.FormatUint(seq, 10))
		}
		err := cl.stream(c.Context(), path+"?"+q.Encode(), seq, c.ErrOrStderr(), func(raw []byte) error {
			connected = true
			text, at, err := read(raw)
			if err != nil {
				return final{fmt.Errorf("what came is no line of the stream: %w", err)}
			}
			seq = at
			if f.printJSON {
				text = string(raw)
			}
			_, err = fmt.Fprintln(c.OutOrStdout(), text)
			return err
		})
		switch {
		case c.Context().Err() != nil:
			return nil
		case err != nil && !connected, errors.As(err, new(final)), !f.follow:
			return err
		}
		q.Del("last")
		fmt.Fprintln(c.ErrOrStderr(), "callwright: the engine went away; waiting for it")
		select {
		case <-time.After(again):
		case <-c.Context().Done():
			return nil
		}
		if next, err := f.connect(); err == nil {
			cl = next
		}
	}
}

// final is an error that asking again does not mend.
type final struct{ error }

// stream reads JSON lines until the engine ends them. Lines that have gone since seq
// are told of on stderr.
func (c *client) stream(ctx context.Context, path string, seq uint64, stderr io.Writer, line func([]byte) error) error {
	resp, err := c.request(ctx, "GET", path, nil)
	if errors.As(err, new(*problemError)) {
		return final{err}
	}
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if oldest, err := strconv.ParseUint(resp.Header.Get(api.OldestHeader), 10, 64); err == nil && seq > 0 && oldest > seq+1 {
		fmt.Fprintf(stderr, "callwright: what came between %d and %d is no longer kept\n", seq, oldest)
	}
	sc := bufio.NewScanner(resp.Body)
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		if len(sc.Bytes()) == 0 {
			continue // a sign of life
		}
		if err := line(sc.Bytes()); err != nil {
			return err
		}
	}
	return sc.Err()
}

// logText is a line as people read it: no colours, nothing that a terminal would obey.
func logText(l events.Line) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %-5s %s", dayTime(l.Time), strings.ToUpper(l.Level), printable(l.Text))
	if l.Call != "" {
		b.WriteString(" call=" + attrText(l.Call))
	}
	if l.App != "" {
		b.WriteString(" app=" + attrText(l.App))
	}
	for _, a := range l.Attrs {
		b.WriteString(" " + printable(a.Name) + "=" + attrText(a.Value))
	}
	return b.String()
}

func dayTime(t time.Time) string { return t.Local().Format("2006-01-02T15:04:05.000") }

// attrText quotes a value that would not read as one word.
func attrText(s string) string {
	if s == "" || strings.ContainsFunc(s, func(r rune) bool { return r == ' ' || r == '"' || r == '=' || !unicode.IsPrint(r) }) {
		return strconv.Quote(s)
	}
	return s
}

// printable keeps a text on one line and its control characters harmless.
func printable(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			q := strconv.QuoteRune(r)
			b.WriteString(q[1 : len(q)-1])
		}
	}
	return b.String()
}
