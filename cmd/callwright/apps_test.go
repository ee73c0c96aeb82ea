package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/callwright/callwright/engine/api"
)

// post asks the control API of the world's brain, as a caller with the token.
func (w *world) post(path, body string) (int, string) {
	r := httptest.NewRequest("POST", "http://127.0.0.1:8080"+path, strings.NewReader(body))
	r.RemoteAddr = "127.0.0.1:40000"
	r.Header.Set("Authorization", "Bearer t")
	answer := httptest.NewRecorder()
	api.New(api.Config{Token: "t", Log: w.brain.log}, w.brain.operate).ServeHTTP(answer, r)
	return answer.Code, strings.TrimSpace(answer.Body.String())
}

func TestAppsAreCalledOverHTTP(t *testing.T) {
	inWorld(t, map[string]string{"billing.js": `export const api = {
  price(n, each = 2) { return { total: n * each }; },
  order({ n }) { return n; },
  wrong() { throw new TypeError('never'); },
};`}, func(w *world) {
		time.Sleep(time.Second) // the app's own run has begun, and esbuild is done
		for _, c := range []struct {
			path, body string
			status     int
			want       string
		}{
			{"price", `[21]`, 200, `{"total":42}`},
			{"price", `[21, 3]`, 200, `{"total":63}`},
			{"order", `{"n":5}`, 200, `5`},
			{"wrong", ``, http.StatusInternalServerError, `"name":"TypeError","message":"never"`},
			{"prize", ``, http.StatusNotFound, `the nearest is \"price\"`},
		} {
			if status, body := w.post("/v1/apps/billing/"+c.path, c.body); status != c.status || !strings.Contains(body, c.want) {
				t.Errorf("%s: %d %s, want %d with %s", c.path, status, body, c.status, c.want)
			}
		}
	})
}
