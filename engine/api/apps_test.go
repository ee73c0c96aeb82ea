package api

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestAppsFunctionsAreCalled(t *testing.T) {
	large := "[" + strings.Repeat(" ", MaxBody) + "]"
	for _, c := range []struct {
		name, path, body string
		status           int
		want             string
	}{
		{"a list is the arguments", "/v1/apps/billing/echo", `[1,"a"]`, 200, `[1,"a"]`},
		{"an object is one argument", "/v1/apps/billing/echo", ` {"n":1}`, 200, `[{"n":1}]`},
		{"no body is no arguments", "/v1/apps/billing/echo", ``, 200, `[]`},
		{"not JSON", "/v1/apps/billing/echo", `[1`, 400, `"code":"bad-body"`},
		{"a bare value", "/v1/apps/billing/echo", `1`, 400, `a list of arguments, or one object`},
		{"too large", "/v1/apps/billing/echo", large, 413, `"code":"too-large"`},
		{"the function throws", "/v1/apps/billing/throw", `[]`, 500, `"code":"script-error","name":"RangeError","message":"far"`},
		{"it takes too long", "/v1/apps/billing/slow", `[]`, 504, `"code":"timeout"`},
		{"no such app", "/v1/apps/shop/price", `[]`, 404, `"code":"no-app"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, body := ask(t, newServer(&fakeEngine{}), "POST", c.path, func(r *http.Request) {
				r.Body = io.NopCloser(strings.NewReader(c.body))
			})
			if status != c.status || !strings.Contains(body, c.want) {
				t.Errorf("got %d %s, want %d with %s", status, body, c.status, c.want)
			}
		})
	}
}

func TestAppsFunctionsNeedTheToken(t *testing.T) {
	status, _ := ask(t, newServer(&fakeEngine{}), "POST", "/v1/apps/billing/echo", func(r *http.Request) { r.Header.Del("Authorization") })
	if status != http.StatusUnauthorized {
		t.Errorf("status %d", status)
	}
}
