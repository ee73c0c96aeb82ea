package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fakeEngine has one call, "c1", and one app, "main".
type fakeEngine struct {
	hungUp   []string
	notReady bool
	counters []Counter
	err      error
}

func (f *fakeEngine) Calls(context.Context) ([]CallView, error) {
	return []CallView{{ID: "c1", State: "answered"}}, f.err
}

func (f *fakeEngine) Drain(_ context.Context, mixer string) (DrainView, error) {
	if mixer != "mixer-1" {
		return DrainView{}, fmt.Errorf("%w: %q", ErrNoWorker, mixer)
	}
	return DrainView{Worker: mixer, Calls: 3, Rooms: 1}, nil
}

func (f *fakeEngine) Hangup(_ context.Context, id, cause string) error {
	switch {
	case id != "c1":
		return fmt.Errorf("%w: %q", ErrNoCall, id)
	case cause == "nonsense":
		return fmt.Errorf("%w: %q", ErrBadCause, cause)
	}
	f.hungUp = append(f.hungUp, id+" "+cause)
	return nil
}

func (f *fakeEngine) Scripts(context.Context) ([]ScriptView, error) { return nil, f.err }

func (f *fakeEngine) Reload(_ context.Context, app string) ([]ReloadResult, error) {
	if app != "" && app != "main" {
		return nil, fmt.Errorf("%w: %q", ErrNoApp, app)
	}
	return []ReloadResult{{App: "main", From: "a", To: "b"}}, nil
}

func (f *fakeEngine) CallApp(_ context.Context, app, function string, args json.RawMessage) (json.RawMessage, error) {
	switch app + "." + function {
	case "billing.echo":
		return args, nil
	case "billing.throw":
		return nil, &AppError{Name: "RangeError", Message: "far"}
	case "billing.slow":
		return nil, &AppError{Name: "Timeout", Message: "10s", Code: "timeout"}
	}
	return nil, &AppError{Name: "Error", Message: "no " + app, Code: "no-app"}
}

func (f *fakeEngine) Workers(context.Context) ([]WorkerView, error)         { return nil, nil }
func (f *fakeEngine) Conferences(context.Context) ([]ConferenceView, error) { return nil, nil }
func (f *fakeEngine) Registrations(context.Context) ([]RegistrationView, error) {
	return []RegistrationView{{User: "alice", Contact: "sip:a@192.0.2.7"}}, nil
}
func (f *fakeEngine) Unregister(context.Context, string) (int, error) { return 1, nil }
func (f *fakeEngine) Counters() []Counter                             { return f.counters }
func (f *fakeEngine) Ready() bool                                     { return !f.notReady }

const secret = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func newServer(e Engine) *Server {
	return New(Config{Token: secret, Log: slog.New(slog.DiscardHandler)}, e)
}

// ask sends one request as a local caller with the token; change alters it.
func ask(t *testing.T, s *Server, method, target string, change func(*http.Request)) (int, string) {
	t.Helper()
	r := httptest.NewRequest(method, "http://127.0.0.1:8080"+target, nil)
	r.RemoteAddr = "127.0.0.1:40000"
	r.Header.Set("Authorization", "Bearer "+secret)
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func TestRoutes(t *testing.T) {
	for _, c := range []struct {
		method, target string
		status         int
		want           string
	}{
		{"GET", "/healthz", 200, `"ready":true`},
		{"GET", "/v1", 200, `"path":"/v1/calls/{id}"`},
		{"GET", "/v1/calls", 200, `"id":"c1"`},
		{"DELETE", "/v1/calls/c1?cause=busy", 200, `"id":"c1"`},
		{"DELETE", "/v1/calls/c1?cause=nonsense", 400, `"code":"bad-cause"`},
		{"DELETE", "/v1/calls/c2", 404, `"code":"no-call"`},
		{"GET", "/v1/scripts", 200, `"scripts":[]`},
		{"POST", "/v1/scripts/reload", 200, `"to":"b"`},
		{"POST", "/v1/scripts/reload?app=nope", 404, `"code":"no-app"`},
		{"GET", "/v1/scripts/reload", 405, `"code":"bad-method"`},
		{"GET", "/v1/workers", 200, `"workers":[]`},
		{"GET", "/v1/conferences", 200, `"conferences":[]`},
		{"GET", "/v1/registrations", 200, `"contact":"sip:a@192.0.2.7"`},
		{"DELETE", "/v1/registrations/alice", 200, `"removed":1`},
		{"GET", "/v2", 404, `"code":"no-route"`},
		{"GET", "/metrics", 200, "go_goroutines"},
	} {
		t.Run(c.method+c.target, func(t *testing.T) {
			status, body := ask(t, newServer(&fakeEngine{}), c.method, c.target, nil)
			if status != c.status || !strings.Contains(body, c.want) {
				t.Errorf("got %d %s, want %d with %s", status, body, c.status, c.want)
			}
		})
	}
}

func TestHangupReachesEngine(t *testing.T) {
	e := &fakeEngine{}
	ask(t, newServer(e), "DELETE", "/v1/calls/c1?cause=busy", nil)
	if len(e.hungUp) != 1 || e.hungUp[0] != "c1 busy" {
		t.Errorf("engine was asked %q", e.hungUp)
	}
}

func TestWhoMayCall(t *testing.T) {
	noToken := func(r *http.Request) { r.Header.Del("Authorization") }
	for name, c := range map[string]struct {
		target string
		change func(*http.Request)
		status int
	}{
		"no token":            {"/v1/calls", noToken, 401},
		"wrong token":         {"/v1/calls", func(r *http.Request) { r.Header.Set("Authorization", "Bearer x"+secret[1:]) }, 401},
		"prefix of the token": {"/v1/calls", func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+secret[:63]) }, 401},
		"other scheme":        {"/v1/calls", func(r *http.Request) { r.Header.Set("Authorization", "Basic "+secret) }, 401},
		"health, no token":    {"/healthz", noToken, 200},
		"metrics, loopback":   {"/metrics", noToken, 200},
		"metrics, elsewhere": {"/metrics", func(r *http.Request) {
			noToken(r)
			r.RemoteAddr = "192.0.2.7:1000"
		}, 401},
		"metrics, elsewhere with token": {"/metrics", func(r *http.Request) { r.RemoteAddr = "192.0.2.7:1000" }, 200},
		"rebound name":                  {"/v1/calls", func(r *http.Request) { r.Host = "evil.example:8080" }, 421},
		"localhost":                     {"/v1/calls", func(r *http.Request) { r.Host = "LocalHost:8080" }, 200},
		"address literal":               {"/v1/calls", func(r *http.Request) { r.Host = "[::1]:8080" }, 200},
		"own origin":                    {"/v1/calls", func(r *http.Request) { r.Header.Set("Origin", "http://127.0.0.1:8080") }, 200},
		"other origin":                  {"/v1/calls", func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }, 403},
		"null origin":                   {"/v1/calls", func(r *http.Request) { r.Header.Set("Origin", "null") }, 403},
	} {
		t.Run(name, func(t *testing.T) {
			if status, body := ask(t, newServer(&fakeEngine{}), "GET", c.target, c.change); status != c.status {
				t.Errorf("got %d %s, want %d", status, body, c.status)
			}
		})
	}
}

func TestNoTokenConfiguredAdmitsNobody(t *testing.T) {
	s := New(Config{Log: slog.New(slog.DiscardHandler)}, &fakeEngine{})
	status, _ := ask(t, s, "GET", "/v1/calls", func(r *http.Request) { r.Header.Set("Authorization", "Bearer ") })
	if status != 401 {
		t.Errorf("an empty token was admitted: %d", status)
	}
}

func TestNotReadyAndBroken(t *testing.T) {
	if status, body := ask(t, newServer(&fakeEngine{notReady: true}), "GET", "/healthz", nil); status != 503 || !strings.Contains(body, "not-ready") {
		t.Errorf("not ready: %d %s", status, body)
	}
	status, body := ask(t, newServer(&fakeEngine{err: errors.New("boom")}), "GET", "/v1/calls", nil)
	var p Problem
	if err := json.Unmarshal([]byte(body), &p); err != nil || status != 500 || p.Code != "internal" || p.Text != "boom" {
		t.Errorf("broken: %d %s", status, body)
	}
}

// One counter with a bad name must not hide the others.
func TestMetrics(t *testing.T) {
	e := &fakeEngine{counters: []Counter{
		{Name: "calls", Help: "live calls", Value: 3, Gauge: true},
		{Name: "sip_dropped_total", Help: "by reason", Labels: []Label{{"reason", "no Via"}}, Value: 2},
		{Name: "sip_dropped_total", Help: "by reason", Labels: []Label{{"reason", "too large"}}, Value: 5},
		{Name: "bad name", Value: 1},
	}}
	status, body := ask(t, newServer(e), "GET", "/metrics", nil)
	for _, want := range []string{
		"# TYPE callwright_calls gauge", "callwright_calls 3",
		`callwright_sip_dropped_total{reason="no Via"} 2`, `callwright_sip_dropped_total{reason="too large"} 5`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("status %d, no %q in:\n%s", status, want, body)
		}
	}
}

func TestServeEndsWithItsContext(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- newServer(&fakeEngine{}).Serve(ctx, l) }()
	resp, err := http.Get("http://" + l.Addr().String() + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	cancel()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("Serve did not end")
	}
}

func TestTokenFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	if _, err := ReadToken(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	first, err := Token(path)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Token(path)
	if err != nil || again != first || len(first) != 64 {
		t.Errorf("second reading: %q %v, first was %q", again, err, first)
	}
	st, err := os.Stat(path)
	if err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", st.Mode(), err)
	}
	if left, _ := filepath.Glob(path + ".*"); len(left) != 0 {
		t.Errorf("left over: %v", left)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Token(path); !errors.Is(err, ErrToken) {
		t.Errorf("a token others can read was taken: %v", err)
	}
	if err := os.WriteFile(path, []byte("short\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	os.Chmod(path, 0o600)
	if _, err := Token(path); !errors.Is(err, ErrToken) {
		t.Errorf("a short token was taken: %v", err)
	}
}
