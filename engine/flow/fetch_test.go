package flow

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/callwright/callwright/engine/fetch"
)

// fetches runs a flow whose requests web answers, and returns what it logged.
func fetches(t *testing.T, body string, web func(fetch.Request) fetch.Result) string {
	t.Helper()
	w := script(t, `const tried = async f => { try { return await f() } catch (e) { return e.name + ': ' + e.message } };
export default async call => {
`+body+`
};`)
	w.web = web
	w.dial("ann", "main", "1")
	w.run(time.Minute)
	return w.texts()
}

// mirror answers with what it was sent.
func mirror(r fetch.Request) fetch.Result {
	var h []string
	for k, v := range r.Headers {
		h = append(h, k+"="+v)
	}
	slices.Sort(h)
	body, _ := json.Marshal(map[string]any{"m": r.Method, "u": r.URL, "k": r.Key, "h": strings.Join(h, ","), "b": string(r.Body), "t": r.Timeout.String(), "r": r.Retries, "a": r.App})
	return fetch.Result{Status: 200, StatusText: "OK", URL: r.URL, Headers: map[string]string{"content-type": "application/json", "x-a": "1"}, Body: body}
}

func TestFetch(t *testing.T) {
	for _, c := range []struct{ name, body, logs string }{
		{"get", `const r = await fetch('http://a.example/x'); console.log(r.ok, r.status, r.statusText, r.url, r.headers.get('X-A'), r.headers.has('b'), r.redirected);
			const v = await r.json(); console.log(v.m, v.k, v.h, v.t, v.r, v.a, (await r.text()).length > 20, (await r.arrayBuffer()).byteLength > 20)`,
			"true 200 OK http://a.example/x 1 false false\nGET ann/1  10s 0 main true true"},
		{"post json", `const v = await (await fetch('http://a.example', { json: { n: 1 }, timeout: '2s', retries: 2, headers: { 'X-B': 'c' } })).json();
			console.log(v.m, v.b, v.h, v.t, v.r)`, `POST {"n":1} content-type=application/json,x-b=c 2s 2`},
		{"bodies", `for (const body of ['text', new Uint8Array([104, 105]), new Uint8Array([1, 104, 105]).subarray(1), new Uint8Array([104, 105]).buffer]) {
			const v = await (await fetch('http://a.example', { method: 'PUT', body })).json(); console.log(v.m, v.b, v.h) }`,
			"PUT text content-type=text/plain;charset=UTF-8\nPUT hi \nPUT hi \nPUT hi "},
		{"header lists", `const h = new Headers([['A', '1'], ['a', '2']]); h.set('B', 3); const v = await (await fetch('http://a.example', { headers: h })).json();
			console.log(v.h, [...h].join(' '))`, "a=1, 2,b=3 a,1, 2 b,3"},
		{"refused", `for (const f of [() => fetch('http://a.example', { body: {} }), () => fetch('http://a.example', { signal: {} }),
			() => fetch('http://a.example', { tiemout: 1 }), () => fetch('http://a.example', { timeout: '2m' }), () => fetch('http://a.example', { retries: 9 }), () => fetch('http://a.example', { body: 'a', json: 1 }),
			async () => (await fetch('http://a.example')).body]) console.log(await tried(f));`,
			"TypeError: fetch: a body must be text, bytes or URLSearchParams, not [object Object]; streams are not built\n" +
				"Error: fetch: option \"signal\" is not built yet\nBadOption: fetch has no option \"tiemout\"; did you mean \"timeout\"?\n" +
				"BadOption: fetch: timeout must be from 1ms to 1m0s\nBadOption: fetch: retries must be from 0 to 5\nBadOption: fetch: give body or json, not both\n" +
				"TypeError: Response.body: streams are not built: use text(), json() or arrayBuffer()"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := strings.TrimSpace(fetches(t, c.body, mirror)); got != strings.TrimSpace(c.logs) {
				t.Errorf("got  %q\nwant %q", got, c.logs)
			}
		})
	}
}

func TestFetchOfBytesAndErrors(t *testing.T) {
	const body = `for (const p of ['bytes', 'denied', 'big', 'teapot']) console.log(await tried(async () => {
	const r = await fetch('http://a.example/' + p);
	if (p === 'bytes') return (await tried(() => r.text())) + ' ' + new Uint8Array(await r.arrayBuffer()).join();
	return r.status + ' ' + r.ok;
}))`
	got := fetches(t, body, func(r fetch.Request) fetch.Result {
		switch r.URL {
		case "http://a.example/bytes":
			return fetch.Result{Status: 200, Body: []byte{0xff, 0, 7}}
		case "http://a.example/denied":
			return fetch.Result{Error: &fetch.Error{Name: "Denied", Message: "add the line"}}
		case "http://a.example/big":
			return fetch.Result{Status: 200, Body: slices.Repeat([]byte{0xff}, 60_000)}
		}
		return fetch.Result{Status: 418}
	})
	want := "TypeError: the answer is no UTF-8 text: use arrayBuffer() 255,0,7\nDenied: fetch http://a.example/denied: add the line\n" +
		"RangeError: fetch http://a.example/big: an answer of 60000 bytes is 80085 in the journal, at most 65536 (bytes that are no text count 4 for 3)\n418 false"
	if got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestFetchIsSentOnce(t *testing.T) {
	for n := 1; n < 6; n++ {
		w := script(t, `export default async call => {
  for (let i = 0; i < 3; i++) await fetch('http://a.example/' + i);
  console.log('done');
};`)
		w.loseAt = n
		sent := map[string]int{}
		w.web = func(r fetch.Request) fetch.Result { sent[r.Key]++; return fetch.Result{Status: 200} }
		w.dial("ann", "main", "1")
		w.run(time.Second)
		if got := fmt.Sprint(sent); got != "map[ann/1:1 ann/2:1 ann/3:1]" || !strings.Contains(strings.Join(w.logs, ""), "done") {
			t.Fatalf("isolate lost at %d: %s, %q", n, got, w.logs)
		}
	}
}
