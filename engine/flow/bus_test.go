package flow

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/callwright/callwright/sandbox/sandboxtest"
)

// texts is what apps and calls logged, without level and place.
func (w *world) texts() string {
	var out []string
	for _, l := range w.logs {
		_, text, _ := strings.Cut(l, ": ")
		out = append(out, text)
	}
	return strings.Join(out, "\n")
}

func TestEventsOfTheBus(t *testing.T) {
	w := worldWith(t, sandboxtest.Write(t, map[string]string{
		"ear.js": `import { app } from 'callwright';
app.on('crm:changed', e => console.log('ear', e.name, e.from, e.value.id));
app.once('crm:changed', e => console.log('once', e.value.id));`,
		"main.js": `import { app, sleep } from 'callwright';
app.on('crm:changed', e => console.log('main', e.value.id));
export default async call => {
  app.on('crm:changed', e => console.log('flow', e.value.id));
  for (const id of [1, 2]) await app.emit('crm:changed', { id });
  for (const f of [() => app.emit('changed', 1), () => app.emit('a:b', 'x'.repeat(70000)), () => app.emit('a:b', call)])
    await (async () => f())().catch(e => console.log(e.name, e.message.slice(0, 50)));
};`}), time.Second).runApps()
	w.dial("ann", "main", "1")
	w.run(time.Second)
	got := w.texts()
	for _, want := range []string{"ear crm:changed main 1", "ear crm:changed main 2", "once 1", "main 1", "flow 1", "flow 2",
		"BadOption app.emit: an event of your own has a colon", "RangeError value is larger than 65536 bytes", "TypeError app.emit: a value is JSON"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "once 2") || len(w.f.bus) != 1 {
		t.Errorf("%d names are listened for, and said was\n%s", len(w.f.bus), got)
	}
}

func TestAppsHearOfConferencesAndWorkers(t *testing.T) {
	w := script(t, `import { app, conference } from 'callwright';
app.on('conference', e => console.log(e.what, e.name, e.size, e.id));
app.on('worker', e => console.log(e.kind, e.name, e.what));
export default async call => { await call.answer(); const r = await conference('7'); await r.join(call); await r.kick() };`).runApps()
	w.dial("ann", "main", "1")
	w.run(5 * time.Second)
	w.step(WorkerChanged{"down", "mixer", "mixer-1"})
	w.settle()
	want := "start 7 1 undefined\njoin 7 1 ann\nleave 7 0 ann\nend 7 0 undefined\nmixer mixer-1 down"
	if got := w.texts(); got != want {
		t.Errorf("got\n%s", got)
	}
}

const served = `import { app, kv } from 'callwright';
app.on('http', r => r.path === '/text' ? 'hello ' + r.query.name : undefined);
app.on('http', async r => {
  if (r.path === '/json') { await kv.put('n', 1); return { status: 201, headers: { 'X-A': 'b' }, json: { body: r.body, n: await kv.get('n'), t: r.trusted } }; }
  if (r.path === '/throw') throw new RangeError('far');
  if (r.path === '/hang') return new Promise(() => {});
});`

func TestHTTPListenersAnswer(t *testing.T) {
	w := worldWith(t, sandboxtest.Write(t, map[string]string{"main.js": served, "deaf.js": "export const api = {};"}), time.Second).runApps()
	for i, c := range []struct{ app, path, want string }{
		{"main", "/text", `"hello ann"`},
		{"main", "/json", `{"status":201,"headers":{"X-A":"b"},"json":{"body":"b","n":1,"t":true}}`},
		{"main", "/none", "null"},
		{"main", "/throw", "RangeError far"},
		{"main", "/hang", "Timeout app main has not answered in 10s"},
		{"deaf", "/text", "Error app deaf takes no HTTP requests (app.on('http', request => …) at its top level)"},
		{"mian", "/text", `Error there is no app "mian"; the nearest is "main"`},
	} {
		id := string(rune('a' + i))
		w.step(HTTP{ID: id, App: c.app, Request: HTTPRequest{Method: "GET", Path: c.path, Query: map[string]string{"name": "ann"}, Body: "b", Trusted: true}})
		w.run(11 * time.Second)
		r := w.replies[id]
		got := string(r.Value)
		if r.Error != nil {
			got = r.Error.Name + " " + r.Error.Message
		}
		if got != c.want {
			t.Errorf("%s%s: %s, want %s", c.app, c.path, got, c.want)
		}
	}
}

// A request that was under way when the isolate went is answered by the one rebuilt.
func TestHTTPIsRebuilt(t *testing.T) {
	for n := 1; n <= 6; n++ {
		w := worldWith(t, sandboxtest.Write(t, map[string]string{"main.js": served}), time.Second)
		w.loseAt = n
		w.runApps()
		w.step(HTTP{ID: "a", App: "main", Request: HTTPRequest{Path: "/json"}})
		w.run(time.Second)
		if r := w.replies["a"]; r.Error != nil || !strings.Contains(string(r.Value), `"n":1`) {
			t.Errorf("isolate lost at activation %d: %s %v", n, r.Value, r.Error)
		}
	}
}

func TestReadHTTPAnswer(t *testing.T) {
	for raw, want := range map[string]string{
		`null`: "nil", `"a"`: "200 text/plain; charset=utf-8 a", `{"status":404}`: "404  ", `{"json":[1]}`: "200 application/json [1]",
		`{"body":"<p>","headers":{"Content-Type":"text/html"}}`: "200 text/html <p>",
		`7`: "an http listener gives text", `{}`: "without status", `{"status":99}`: "the status 99", `{"status":"x"}`: "an http listener gives text",
		`{"body":"","headers":{"content-length":"9"}}`: `cannot set the header "content-length"`, `{"body":"","headers":{"a":"b\r\nc"}}`: "a line end",
		`{"body":"","headers":{"a b":"c"}}`: `cannot set the header "a b"`,
	} {
		a, err := ReadHTTPAnswer(json.RawMessage(raw))
		got := "nil"
		switch {
		case err != nil:
			got = err.Error()
		case a != nil:
			got = strings.Join([]string{itoa(a.Status), a.Headers["content-type"], string(a.Body)}, " ")
		}
		if !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %s", raw, got, want)
		}
	}
}

func TestFigures(t *testing.T) {
	w := script(t, `import { app, sleep } from 'callwright';
app.metrics.gauge('agents', 7);
export default async call => {
  const m = app.metrics;
  console.log(m.counter('orders_total'), m.counter('orders_total', 2), m === app.metrics, app.version.length);
  m.counter('kinds_total', 1, { labels: { kind: 'b' } }); m.counter('kinds_total', 1, { labels: { kind: 'a' }, help: 'By kind.' });
  for (const x of [0.5, 1, 9]) m.histogram('wait_seconds', x, { buckets: [1, 2] });
  m.gauge('orders_total', 1); m.counter('orders_total', 1, { labels: { kind: 'a' } }); m.counter('x-y'); m.counter('orders_total', -1);
  m.histogram('h', 1, { buckets: [2, 1] }); m.counter('l', 1, { labels: { le: '1' } });
  try { m.counter('orders_total', 1, { lables: {} }) } catch (e) { console.log(e.message) }
  await sleep('10s');
};`).runApps()
	w.dial("ann", "main", "1")
	w.run(time.Second)
	var lines []string
	for _, f := range w.f.Figures() {
		lines = append(lines, strings.Join([]string{f.App, f.Name, f.Kind, string(encode(f.Labels)), string(encode(f.Value)), string(encode(f.Counts))}, " "))
	}
	want := `main agents gauge null 7 null
main kinds_total counter {"kind":"a"} 1 null
main kinds_total counter {"kind":"b"} 1 null
main orders_total counter null 3 null
main wait_seconds histogram null 10.5 [2,0,1]`
	if got := strings.Join(lines, "\n"); got != want {
		t.Errorf("got\n%s", got)
	}
	got := w.texts()
	for _, want := range []string{"undefined undefined true 12", "was a counter with []", "x-y", "cannot grow by -1", "buckets are at most", `"le" is no name for a label`,
		`app.metrics.counter has no option "lables"; did you mean "labels"?`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if n := len(w.f.units["ann"].ops); n != 1 {
		t.Errorf("%d operations are left, one waits", n)
	}
}

// What is counted is counted once, however often the run is rebuilt.
func TestFiguresAreCountedOnce(t *testing.T) {
	for n := 1; n <= 8; n++ {
		w := script(t, `import { app, sleep } from 'callwright';
export default async call => { for (let i = 0; i < 3; i++) { app.metrics.counter('n'); await sleep(10) } };`)
		w.loseAt = n
		w.dial("ann", "main", "1")
		w.run(time.Second)
		if list := w.f.Figures(); len(list) != 1 || list[0].Value != 3 {
			t.Errorf("isolate lost at activation %d: %+v", n, list)
		}
	}
}

func TestOneCallAndRollback(t *testing.T) {
	w := script(t, `import { app, sleep } from 'callwright';
export default async call => {
  const c = await app.call(call.id);
  console.log(c.id, c.state, await app.call('nobody'));
  console.log(JSON.stringify(await app.rollback('abc')), await app.rollback().catch(e => e.message));
};`)
	w.rolls = func(r Rollback) RolledBack {
		if r.Version == "" {
			return RolledBack{Unit: r.Unit, Op: r.Op, Why: "there is none"}
		}
		return RolledBack{Unit: r.Unit, Op: r.Op, From: "x", To: r.App + r.Version}
	}
	w.dial("ann", "main", "1")
	w.run(time.Second)
	if got, want := w.texts(), "ann new null\n{\"from\":\"x\",\"to\":\"mainabc\"} app.rollback: there is none"; got != want {
		t.Errorf("got\n%s", got)
	}
}
