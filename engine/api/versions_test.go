package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// keeping is an engine that keeps versions.
type keeping struct {
	fakeEngine
	put Upload
}

func (k *keeping) Versions(_ context.Context, app string) ([]VersionView, error) {
	if app != "main" {
		return nil, fmt.Errorf("%w: %s", ErrNoApp, app)
	}
	return []VersionView{{App: app, Version: "v1", State: "serving"}}, nil
}

func (k *keeping) Rollback(_ context.Context, app, version string) (ReloadResult, error) {
	if version == "zz" {
		return ReloadResult{}, ErrNoVersion
	}
	return ReloadResult{App: app, From: "v2", To: "v1"}, nil
}

func (k *keeping) Diff(_ context.Context, app, from, to string) (DiffView, error) {
	return DiffView{App: app, From: from, To: to, Diff: "-a\n"}, nil
}

func (k *keeping) Upload(_ context.Context, u Upload) (ReloadResult, error) {
	k.put = u
	if strings.Contains(u.Files[""], "broken") {
		return ReloadResult{}, &ScriptProblem{File: "main.js", Line: 2, Column: 7, Source: "call.(", Name: "SyntaxError", Message: "unexpected", Text: "main.js:2:7: SyntaxError: unexpected"}
	}
	return ReloadResult{App: u.App, To: "v3"}, nil
}

func (k *keeping) Check(context.Context, string) ([]ReloadResult, error) {
	return []ReloadResult{{App: "main", Error: "main.js:1:1: no"}}, nil
}

func TestVersionRoutes(t *testing.T) {
	for _, c := range []struct {
		method, target string
		status         int
		want           string
	}{
		{"GET", "/v1/scripts/main/versions", 200, `"version":"v1","state":"serving"`},
		{"GET", "/v1/scripts/nope/versions", 404, `"code":"no-app"`},
		{"POST", "/v1/scripts/main/rollback", 200, `"from":"v2","to":"v1"`},
		{"POST", "/v1/scripts/main/rollback?version=zz", 404, `"code":"no-version"`},
		{"GET", "/v1/scripts/main/diff?from=a&to=b", 200, `"from":"a","to":"b","diff":"-a\n"`},
		{"POST", "/v1/scripts/check", 200, `"error":"main.js:1:1: no"`},
	} {
		status, body := ask(t, newServer(&keeping{}), c.method, c.target, nil)
		if status != c.status || !strings.Contains(body, c.want) {
			t.Errorf("%s %s: got %d %s, want %d with %s", c.method, c.target, status, body, c.status, c.want)
		}
		if status, body := ask(t, newServer(&fakeEngine{}), c.method, c.target, nil); status != 404 || !strings.Contains(body, "not-here") {
			t.Errorf("%s %s: an engine without versions answers %d %s", c.method, c.target, status, body)
		}
	}
}

func TestUploadRoute(t *testing.T) {
	for name, c := range map[string]struct {
		kind, body string
		status     int
		want       string
		put        Upload
	}{
		"text":       {"", "export default 1", 200, `"to":"v3"`, Upload{Single: true}},
		"typescript": {"application/typescript; charset=utf-8", "x", 200, `"to":"v3"`, Upload{Single: true, Ext: ".ts"}},
		"files":      {"application/json", `{"main.ts":"x","app.yaml":"y"}`, 200, `"to":"v3"`, Upload{}},
		"no files":   {"application/json", `["main.ts"]`, 400, `"code":"bad-body"`, Upload{}},
		"nothing":    {"", "", 400, `"code":"bad-body"`, Upload{}},
		"broken":     {"text/javascript", "broken", 422, `"code":"bad-script","name":"SyntaxError","message":"unexpected","file":"main.js","line":2,"column":7,"source":"call.("`, Upload{Single: true, Ext: ".js"}},
		"too much":   {"", strings.Repeat("x", MaxUpload+1), 400, `"code":"bad-body"`, Upload{}},
	} {
		k := &keeping{}
		status, body := ask(t, newServer(k), "PUT", "/v1/scripts/main", func(r *http.Request) {
			r.Body = http.NoBody
			if c.body != "" {
				r.Body = readCloser{strings.NewReader(c.body)}
			}
			r.Header.Set("Content-Type", c.kind)
		})
		if status != c.status || !strings.Contains(body, c.want) {
			t.Errorf("%s: got %d %s, want %d with %s", name, status, body, c.status, c.want)
		}
		if status < 400 && (k.put.App != "main" || k.put.Single != c.put.Single || k.put.Ext != c.put.Ext || len(k.put.Files) == 0) {
			t.Errorf("%s: uploaded %+v", name, k.put)
		}
	}
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }
