package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/netip"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/callwright/callwright/engine/api"
)

// clientFlags are common to all clients of the control API.
type clientFlags struct {
	http, data string
	printJSON  bool
}

func (f *clientFlags) register(c *cobra.Command) {
	fl := c.Flags()
	fl.StringVar(&f.http, "http", "127.0.0.1:8080", "address of the engine's control API")
	fl.StringVar(&f.data, "data", "data", "the engine's data directory, where the token is")
	fl.BoolVar(&f.printJSON, "json", false, "print one JSON object a line")
}

// maxAnswer has room for the whole of state.
const maxAnswer = 256 << 20

// client speaks to a live engine.
type client struct {
	base, token string
}

// connect reads the token; whether the engine answers shows at the first call.
func (f *clientFlags) connect() (*client, error) {
	addr, err := netip.ParseAddrPort(f.http)
	if err != nil {
		return nil, refuse("--http %s: not an IP address with a port, such as 127.0.0.1:8080", f.http)
	}
	token, err := api.ReadToken(filepath.Join(f.data, "token"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("no engine has run with the data directory %s (no token in it); is --data right?", f.data)
	}
	if err != nil {
		return nil, err
	}
	return &client{base: "http://" + addr.String(), token: token}, nil
}

// ask connects, does one call of the API and decodes its answer.
func (f *clientFlags) ask(ctx context.Context, method, path string, answer any) error {
	c, err := f.connect()
	if err != nil {
		return err
	}
	return c.ask(ctx, method, path, answer)
}

// ask does one call of the API and decodes its answer.
func (c *client) ask(ctx context.Context, method, path string, answer any) error {
	return c.send(ctx, method, path, nil, answer)
}

// send does one with a body.
func (c *client) send(ctx context.Context, method, path string, body io.Reader, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	resp, err := c.request(ctx, method, path, body)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("%s: %w", c.base, err)
	}
	if err := json.Unmarshal(text, answer); err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	return nil
}

// request gives the engine's answer, whose body the caller closes. What the engine
// refuses is a *problemError.
func (c *client) request(ctx context.Context, method, path string, body io.Reader) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("no engine answers at %s: %w", c.base, err)
	}
	if resp.StatusCode == http.StatusOK {
		return resp, nil
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<20)) // without it, the status says it
	var p api.Problem
	if json.Unmarshal(text, &p) != nil || p.Text == "" {
		return nil, &problemError{api.Problem{Text: method + " " + path, Code: resp.Status}}
	}
	return nil, &problemError{p}
}

// problemError is what the engine refused, or what a script threw.
type problemError struct{ api.Problem }

func (p *problemError) Error() string {
	if p.Code == "script-error" {
		return p.Text
	}
	return fmt.Sprintf("%s (%s)", p.Text, p.Code)
}

// printLines writes each item as a JSON line.
func printLines[T any](w io.Writer, items []T) error {
	enc := json.NewEncoder(w)
	for _, item := range items {
		if err := enc.Encode(item); err != nil {
			return err
		}
	}
	return nil
}

// age is how long ago something was, in whole seconds.
func age(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return time.Since(t).Round(time.Second).String()
}

// dash stands for nothing in a table.
func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
