package api

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
)

// webEngine answers with what it was asked; app "open" is open to all.
type webEngine struct {
	fakeEngine
	got WebRequest
}

func (w *webEngine) ServeApp(_ context.Context, app string, r WebRequest) (*WebAnswer, error) {
	w.got = r
	switch {
	case app != "open" && !r.Trusted:
		return nil, ErrClosed
	case r.Path == "/none":
		return nil, nil
	}
	return &WebAnswer{Status: 202, Headers: map[string]string{"content-type": "text/html"}, Body: []byte(r.Method + " " + r.Path)}, nil
}

func TestAppsServeHTTP(t *testing.T) {
	noToken := func(r *http.Request) { r.Header.Del("Authorization") }
	for _, c := range []struct {
		target string
		change func(*http.Request)
		status int
		want   string
	}{
		{"/apps/crm/a/b%20c?x=1&x=2", nil, 202, "PUT /a/b c"},
		{"/apps/crm/", nil, 202, "PUT /"},
		{"/apps/open/a", noToken, 202, "PUT /a"},
		{"/apps/crm/a", noToken, 401, `"code":"no-token"`},
		{"/apps/crm/none", nil, 404, "app crm has no listener for PUT /none"},
		{"/apps/crm/a", func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader(strings.Repeat("x", MaxBody+1))) }, 413, `"code":"too-large"`},
		{"/apps/crm/a", func(r *http.Request) { r.Header.Set("Origin", "http://evil.example") }, 403, "bad-origin"},
	} {
		e := &webEngine{}
		status, body := ask(t, newServer(e), "PUT", c.target, c.change)
		if status != c.status || !strings.Contains(body, c.want) {
			t.Errorf("%s: %d %s", c.target, status, body)
		}
		if e.got.Headers["authorization"] != "" {
			t.Errorf("%s: the app was shown the token", c.target)
		}
	}
	e := &webEngine{}
	ask(t, newServer(e), "POST", "/apps/open/a?x=1&x=2", func(r *http.Request) {
		r.Header.Set("Authorization", "Basic abc")
		r.Header.Set("X-Sign", "s")
		r.Body = io.NopCloser(strings.NewReader("\xff\x00"))
	})
	if g := e.got; g.Query["x"] != "2" || g.Headers["x-sign"] != "s" || g.Headers["authorization"] != "Basic abc" || g.Body != "/wA=" || !g.Base64 || g.IP != "127.0.0.1" || g.Trusted {
		t.Errorf("%+v", g)
	}
	if status, body := ask(t, newServer(&fakeEngine{}), "GET", "/apps/crm/a", nil); status != 404 || !strings.Contains(body, "not-here") {
		t.Errorf("an engine without: %d %s", status, body)
	}
}

func TestHistogramsOfApps(t *testing.T) {
	e := &fakeEngine{counters: []Counter{
		{Name: "app_wait_seconds", Help: "h", Labels: []Label{{"app", "a"}}, Value: 10.5, Bounds: []float64{1, 2}, Counts: []uint64{2, 0, 1}},
		{Name: "app_n_total", Help: "h", Labels: []Label{{"app", "a"}, {"kind", "x"}}, Value: 1},
		{Name: "app_n_total", Help: "h", Labels: []Label{{"app", "b"}}, Value: 2},
	}}
	_, body := ask(t, newServer(e), "GET", "/metrics", nil)
	for _, want := range []string{`callwright_app_wait_seconds_bucket{app="a",le="1"} 2`, `callwright_app_wait_seconds_bucket{app="a",le="+Inf"} 3`,
		`callwright_app_wait_seconds_sum{app="a"} 10.5`, `callwright_app_n_total{app="a",kind="x"} 1`, `callwright_app_n_total{app="b"} 2`} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in\n%s", want, body)
		}
	}
}
