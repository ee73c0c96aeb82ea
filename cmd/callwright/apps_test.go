package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callwright/callwright/engine/api"
)

// post asks the control API of the world's brain, as a caller with the token.
func (w *world) post(path, body string) (int, string) { return w.ask("POST", path, body, "t") }

func (w *world) ask(method, path, body, token string) (int, string) {
	r := httptest.NewRequest(method, "http://127.0.0.1:8080"+path, strings.NewReader(body))
	r.RemoteAddr = "127.0.0.1:40000"
	r.Header.Set("Authorization", "Bearer "+token)
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

// An app's own HTTP, its figures in /metrics and its rollback, through the whole engine.
func TestAppsServeTheirOwnHTTP(t *testing.T) {
	inWorld(t, map[string]string{
		"open.js": `import { app } from 'callwright';
app.on('http', r => {
  app.metrics.counter('hooks_total', 1, { labels: { path: r.path } });
  return { status: 202, json: { path: r.path, q: r.query.q, trusted: r.trusted } };
});
app.on('http', () => 'never');`,
		"open.yaml": "http: open\nrepl: false\n",
		"shut.js": `import { app } from 'callwright';
app.on('http', async () => { try { return (await app.rollback()).to } catch (e) { return e.message } });
export const api = { eval: () => 'mine' };`,
	}, func(w *world) {
		time.Sleep(time.Second)
		for _, c := range []struct {
			method, path, body, token string
			status                    int
			want                      string
		}{
			{"PUT", "/apps/open/a%20b?q=1", "", "x", 202, `{"path":"/a b","q":"1","trusted":false}`},
			{"GET", "/apps/open/", "", "t", 202, `"trusted":true`},
			{"GET", "/apps/shut/", "", "x", 401, "the line `http: open`"},
			{"GET", "/apps/shut/", "", "t", 200, "no such version"},
			{"POST", "/v1/apps/shut/eval", "", "t", 200, `"mine"`},
			{"POST", "/v1/eval/shut", `{"code":"1+1"}`, "t", 404, "not-here"}, // this test's API looks into nothing
			{"GET", "/metrics", "", "t", 200, `callwright_app_hooks_total{app="open",path="/a b"} 1`},
		} {
			if status, body := w.ask(c.method, c.path, c.body, c.token); status != c.status || !strings.Contains(body, c.want) {
				t.Errorf("%s %s: %d %s, want %d with %s", c.method, c.path, status, body, c.status, c.want)
			}
		}
		if _, err := w.brain.operate.Eval(context.Background(), "open", api.Evaluation{Code: "1"}); err == nil || !strings.Contains(err.Error(), "open.yaml says `repl: false`") {
			t.Errorf("code was run in an app that lets none in: %v", err)
		}
	})
}

// What app.yaml grants is reached and nothing else, through the whole brain.
func TestAppsReachWhatTheyAreGranted(t *testing.T) {
	scripts, data := t.TempDir(), t.TempDir()
	writeScript(t, scripts, "crm.js", `import { files, secrets, env, state, kv } from 'callwright';
const tried = async f => { try { return await f() } catch (e) { return e.name + ' ' + e.message } };
export const api = { all: async () => { const out = []; for (const f of [
  async () => { await files.write('out/a', 'text'); return files.read('out/a') }, () => files.read('/etc/passwd'), () => files.write('in/a', ''),
  () => secrets.get('key'), () => secrets.get('other'), () => env.get('CRM_REGION'), () => env.get('PATH'),
  () => { state.apps.crm.n = 1; return state.apps.crm.n }, () => state.mine, () => kv.get('mine')]) out.push(await tried(f)); return out } };`)
	writeScript(t, scripts, "crm.yaml", "read: [in]\nwrite: [out]\nsecrets: [key]\nenv: [CRM_REGION]\nuntrusted: true\ntrunks: [carrier]\n")
	writeScript(t, data, "secrets/key", "s3cret\n")
	if err := os.Chmod(filepath.Join(data, "secrets", "key"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("CRM_REGION", "eu")
	b, err := joinBrain(brainParts{Scripts: scripts, Files: data, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer b.close(time.Second)
	raw, err := b.operate.CallApp(t.Context(), "crm", "all", json.RawMessage("[]"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{`"text"`, "Denied files.read: not granted: read \"/etc\"; write in crm.yaml the line `read: [in, /etc]`", "the line `write: [out, in]`",
		`"s3cret"`, "`secrets: [key, other]`", `"eu"`, "`env: [CRM_REGION, PATH]`", "1", "Denied state.mine: the app is untrusted and has state.apps.crm alone", `names begin with \"crm:\"`}
	var got []json.RawMessage
	if err := json.Unmarshal(raw, &got); err != nil || len(got) != len(want) {
		t.Fatalf("%s %v", raw, err)
	}
	for i, w := range want {
		if !strings.Contains(strings.ReplaceAll(string(got[i]), `\"`, `"`), strings.ReplaceAll(w, `\"`, `"`)) {
			t.Errorf("%d: %s, want %s", i, got[i], w)
		}
	}
}

// TestWhatIsKeptOutlivesTheBrain ends a brain and begins another on the same data: kv is
// there, and a date that passed meanwhile is made up for.
func TestWhatIsKeptOutlivesTheBrain(t *testing.T) {
	scripts, data := t.TempDir(), t.TempDir()
	writeScript(t, scripts, "main.js", `import { app, kv } from 'callwright';
app.at(`+"'2000-01-01T00:01:00Z'"+`, () => kv.incr('woken'));
app.every('40s', () => kv.incr('ticks'));
export const api = { put: (k, v) => kv.put(k, v, { ttl: '10m' }), get: k => kv.get(k) };`)
	synctest.Test(t, func(t *testing.T) {
		run := func(f func(w *world)) {
			b, err := joinBrain(brainParts{Scripts: scripts, State: data, Log: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
			f(&world{t: t, wholeEngine: &wholeEngine{brain: b}})
			if err := b.close(time.Second); err != nil {
				t.Error(err)
			}
		}
		expect := func(w *world, key, want string) {
			t.Helper()
			if _, got := w.post("/v1/apps/main/get", `["`+key+`"]`); got != want {
				t.Errorf("%s is %s, want %s", key, got, want)
			}
		}
		run(func(w *world) {
			w.post("/v1/apps/main/put", `["a",{"n":1}]`)
			expect(w, "woken", "null")
		})
		time.Sleep(2 * time.Minute)
		run(func(w *world) {
			expect(w, "a", `{"n":1}`)
			expect(w, "woken", "1")
			expect(w, "ticks", "1")
			time.Sleep(39 * time.Second)
			expect(w, "ticks", "2")
		})
		run(func(w *world) { expect(w, "woken", "1") })
		time.Sleep(10 * time.Minute)
		run(func(w *world) { expect(w, "a", "null") })
	})
}

func TestFetchIsDeniedByDefault(t *testing.T) {
	inWorld(t, map[string]string{"main.js": `export const api = { async go() { await fetch('https://crm.example.com/x'); } };`}, func(w *world) {
		time.Sleep(time.Second)
		status, body := w.post("/v1/apps/main/go", `[]`)
		if status != 500 || !strings.Contains(body, `"name":"Denied"`) || !strings.Contains(body, "add to main.yaml the line `fetch: [crm.example.com]`") {
			t.Errorf("%d %s", status, body)
		}
	})
}

func TestStateIsWatchedAcrossApps(t *testing.T) {
	inWorld(t, map[string]string{
		"a.js": `state.watch('desk', e => { state.seen = [e.value, e.old]; }); export const api = { seen: () => state.seen };`,
		"b.js": `export const api = { set(v) { state.desk = v; } };`,
	}, func(w *world) {
		time.Sleep(time.Second)
		w.post("/v1/apps/b/set", `["open"]`)
		w.post("/v1/apps/b/set", `["closed"]`)
		time.Sleep(time.Second)
		if _, body := w.post("/v1/apps/a/seen", ``); body != `["closed","open"]` {
			t.Error(body)
		}
	})
}
