package flow

import (
	"strings"
	"testing"
	"time"

	"github.com/callwright/callwright/sandbox/sandboxtest"
)

// script is a world with one app "main" of that text.
func script(t *testing.T, text string) *world {
	t.Helper()
	return newWorld(t, sandboxtest.Write(t, map[string]string{"main.js": text}))
}

// says runs a flow for a call that lasts until the flow ends it, pressing keys and
// hanging up at times given, and returns what it logged.
func says(t *testing.T, body string, keys string) string {
	t.Helper()
	w := script(t, `import { conference, play, tone, silence, sleep, race, state, log } from 'callwright';
export default async call => {
`+body+`
};`)
	c := w.dial("ann", "main", "1000")
	w.run(100 * time.Millisecond)
	c.press(keys)
	w.run(3 * time.Minute)
	if !w.over["ann"] {
		c.hangup()
		w.run(2 * time.Minute)
	}
	if !w.over["ann"] || len(w.f.units) != 0 || len(w.timers) != 0 || len(w.f.rooms) != 0 {
		t.Fatalf("left: over %v, units %v, timers %v, rooms %v", w.over, w.f.units, w.timers, w.f.rooms)
	}
	var out []string
	for _, l := range w.logs {
		level, rest, _ := strings.Cut(l, " ")
		_, text, _ := strings.Cut(rest, ": ")
		if level != "info" {
			text = level + ": " + text
		}
		out = append(out, text)
	}
	return strings.Join(out, "\n")
}

func TestWhatScriptsSee(t *testing.T) {
	for _, c := range []struct{ name, body, keys, logs string }{
		{"fields", `console.log(call.id, call.from.user, call.to.number, call.state, call.source.ip, call.direction);
			await call.answer(); console.log(call.state, call.codec, call.media.rate, call.media.sbc, call.times.answered > 0);`,
			"", "ann ann 1000 new 192.0.2.7 inbound\nanswered PCMU 8000 sbc-1 true"},
		{"vars", `call.vars.n = 1; await call.answer(); call.vars.n++; await sleep(5); console.log(call.vars.n);`, "", "2"},
		{"a playback", `const p = call.play('tone:440', { loop: true }); await sleep('2s'); await p.stop(); const r = await p;
			console.log(r.reason, r.played);`, "", "stopped 1999"},
		{"values", `const r = await call.play([play('a.wav'), silence('1s'), tone('440/500')]); console.log(r.reason, r.played)`, "", "finished 3500"},
		{"race", `const r = await call.race({ digit: call.gather({ max: 1 }), quiet: sleep('1s') }); console.log(r.key, r.value?.digits);`, "", "quiet undefined"},
		{"race of digits", `const r = await race({ digit: call.gather({ max: 1 }), quiet: sleep('1s') }); console.log(r.key, r.value?.digits);`, "7", "digit 7"},
		{"events", `await call.answer(); const ev = call.events('dtmf');
			for (let i = 0; i < 2; i++) { const { value } = await ev.next(); console.log(value.digit); } await ev.return(); console.log('done');`,
			"12", "1\n2\ndone"},
		{"once", `await call.answer(); call.once('dtmf', e => console.log(e.digit, e.ms)); await sleep('3s');`, "34", "3 80"},
		{"validate by a function", `const r = await call.gather({ max: 2, validate: async d => { await sleep(10); return d === '42'; }, tries: 2 });
			console.log(r.ok, r.tries, r.digits);`, "4142", "true 2 42"},
		{"validate throws", `try { await call.gather({ max: 1, validate: d => { throw new TypeError('no ' + d) } }); } catch (e) { console.log(e.name, e.message) }`,
			"1", "error: in a callback: TypeError: no 1\n    at validate (main.js:3:58)\nTypeError no 1"},
		{"echo", `const r = await call.echo({ for: '2s' }); console.log(r.ms, r.heard, r.reason);`, "", "2000 2000 time"},
		{"hangup", `await call.answer(); const c = await call.hangup({ cause: 'busy' }); console.log(c.name, call.state, call.cause.name);
			try { await call.play('a.wav') } catch (e) { console.log(e.name, e.cause.name) }`, "", "busy ended busy\nCallEnded busy"},
		{"ended", `await call.answer(); setTimeout(() => call.hangup(), 1000); const c = await call.ended; console.log(c.name, c.by);`, "", "normal script"},
		{"reject", `console.log((await call.reject('busy')).sip)`, "", "486"},
		{"members", `const room = await conference('9', { maxMembers: 3 }); const m = await room.join(call, { label: 'Ann', tags: ['x'] });
			console.log(m.id, m.label, m.role, room.size); console.log((await room.members({ tag: 'x' })).length, (await room.mute(m)).count, m.muted);
			await room.kick(call.id); const l = await m.left; console.log(l.reason, room.size, room.state)`,
			"", "ann Ann speaker 1\n1 1 true\nkicked 0 idle"},
		{"room events", `const room = await conference('9'); for (const n of ['start', 'join', 'leave', 'end', 'play-done']) room.on(n, e => console.log(n, e.reason ?? e.id ?? ''));
			await room.join(call); await room.play('tone:440/100'); await room.end(); await sleep(10)`,
			"", "start \njoin ann\nplay-done finished\nleave ended\nend"},
		{"state", `state.n = (state.n ?? 0) + 1; await state.commit(); console.log(state.n);`, "", "1"},
		{"log", `log.warn('careful', 1)`, "", "warn: careful 1"},
		{"a file that is not there", `console.log(await call.play('tone:440/x').catch(e => e.name))`, "", "BadOption"},

		// What is wrong or not built says so.
		{"unknown option", `try { await call.gather({ maxx: 1 }) } catch (e) { console.log(e.name, e.message) }`, "", `BadOption call.gather has no option "maxx"; did you mean "max"?`},
		{"option not built", `try { await call.gather({ speechTimeout: 1 }) } catch (e) { console.log(e.message) }`, "", `call.gather: option "speechTimeout" is not built yet`},
		{"verb not built", `try { call.hold() } catch (e) { console.log(e.message) }`, "", `call.hold is not built yet`},
		{"event unknown", `try { call.on('dtfm', () => {}) } catch (e) { console.log(e.name) }`, "", `BadOption`},
		{"path", `try { await call.play('../../etc/passwd') } catch (e) { console.log(e.name, e.message) }`, "", `BadOption call.play: "../../etc/passwd" leaves the script's directory`},
		{"a thrown error", `await call.answer(); throw new RangeError('far');`, "", `error: RangeError: far   in: await call.answer(); throw new RangeError('far');`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := says(t, c.body, c.keys); strings.TrimSpace(got) != c.logs {
				t.Errorf("got  %q\nwant %q", got, c.logs)
			}
		})
	}
}

func TestAnEndlessLoopHurtsNobodyElse(t *testing.T) {
	w := worldWith(t, sandboxtest.Write(t, map[string]string{"main.js": `export default async call => {
  await call.answer();
  let n = 0;
  for (;;) {
    const r = await call.gather({ max: 1, timeout: '1h' });
    if (r.digits === '6') for (;;) n++;
    console.log(call.id, ++n, r.digits);
    if (!r.ok) return;
  }
};`}), 400*time.Millisecond)
	ann, bob := w.dial("ann", "main", "1"), w.dial("bob", "main", "1")
	ann.press("1")
	bob.press("2")
	bob.press("6")
	ann.press("3")
	if got := strings.Join(w.logs, "\n"); !strings.Contains(got, "ann 2 3") || !strings.Contains(got, "Budget") || !strings.Contains(got, "main.js:6") {
		t.Fatalf("logs\n%s", got)
	}
	w.run(time.Second)
	if !w.over["bob"] || w.over["ann"] {
		t.Fatalf("over %v", w.over)
	}
	ann.hangup()
	w.run(time.Second)
}

func TestTheAppHearsOfCalls(t *testing.T) {
	w := script(t, `import { app } from 'callwright';
app.on('call', c => console.log('app:', c.from.user, c.state));
export default async call => { await call.reject(603); };`)
	w.step(NewApp{Unit: "app:main", App: "main", Version: w.gens["main"].Version()})
	w.settle()
	w.dial("ann", "main", "1")
	w.run(time.Second)
	if len(w.logs) != 1 || !strings.Contains(w.logs[0], "app: ann new") || !w.over["ann"] {
		t.Fatalf("logs %q, over %v", w.logs, w.over)
	}
}
