package flow

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/callwright/callwright/engine/call"
	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/sandbox/sandboxtest"
)

// dialler runs one dial for a caller and logs its result in one line.
func dialler(t *testing.T, targets, options string, callees map[string]callee) *world {
	t.Helper()
	script := fmt.Sprintf(`
export default async function (call) {
  for (const e of ['trying', 'ringing', 'early', 'answered', 'failed']) call.on('dial.' + e, d => console.log(e, d.target, d.code ?? ''));
  call.on('bridged', () => console.log('bridged', call.peer?.state));
  call.on('unbridged', e => console.log('unbridged', e.reason, call.peer));
  const d = await call.dial(%s, %s);
  console.log('result', d.status, d.cause?.name, d.call?.state, d.attempts.map(a => a.target + '=' + a.code + '/' + a.cause + '/' + a.ms).join(' '));
}`, targets, options)
	w := newWorld(t, sandboxtest.Write(t, map[string]string{"main.js": script}))
	w.callees = func(uri string) callee {
		user, _, _ := strings.Cut(strings.TrimPrefix(uri, "sip:"), "@")
		p, ok := callees[user]
		if !ok {
			t.Errorf("nobody is to call %s", uri)
		}
		return p
	}
	return w
}

// told wants the script's log to have these lines, in order.
func (w *world) told(lines ...string) {
	w.t.Helper()
	at := 0
	for _, l := range w.logs {
		if at < len(lines) && strings.Contains(l, lines[at]) {
			at++
		}
	}
	if at < len(lines) {
		w.t.Fatalf("%q was not said in its turn; the log is\n%s\nand what was done\n%s", lines[at], strings.Join(w.logs, "\n"), strings.Join(w.trace, "\n"))
	}
}

// did counts what left the flows with these parts in it.
func (w *world) did(parts ...string) (n int) {
	for _, l := range w.trace {
		all := true
		for _, p := range parts {
			all = all && strings.Contains(l, p)
		}
		if all {
			n++
		}
	}
	return n
}

func TestDialJoinsTheTwo(t *testing.T) {
	w := dialler(t, `'sip:bob@192.0.2.9'`, `{}`, map[string]callee{"bob": {answers: 3 * time.Second, talks: 5 * time.Second}})
	w.dial("ann", "main", "1000")
	w.run(2 * time.Second)
	if w.did("order call.Ring") != 1 || w.did("call.Accept") != 0 {
		t.Fatalf("while it rings: %v", w.trace)
	}
	w.run(time.Minute)
	w.told("trying sip:bob@192.0.2.9", "ringing sip:bob", "answered sip:bob", "bridged answered", "unbridged hangup null",
		"result answered normal ended sip:bob@192.0.2.9=200//3")
	if w.did("call.Accept") != 1 || w.did("flow.Pair {A:ann") != 1 || w.did("call.Hangup {Leg:ann") != 1 || !w.over["ann"] {
		t.Fatalf("what was done:\n%s", strings.Join(w.trace, "\n"))
	}
	if len(w.f.calls) != 0 || len(w.f.units) != 0 {
		t.Errorf("%d calls and %d units are left", len(w.f.calls), len(w.f.units))
	}
}

func TestDialGoesOnAndStops(t *testing.T) {
	busy, down, gone := callee{answers: 2 * time.Second, status: 486}, callee{answers: time.Millisecond, status: 503}, callee{answers: time.Millisecond, status: 404}
	declines := callee{answers: 2 * time.Second, status: 603}
	good, silent := callee{answers: 2 * time.Second, talks: time.Second}, callee{}
	for _, c := range []struct{ name, targets, options, want string }{
		{"after 503", `[['sip:down@h'], 'sip:good@h']`, `{}`, "result answered normal ended sip:down@h=503/congested/1 sip:good@h=200/"},
		{"not after busy", `[['sip:busy@h'], 'sip:good@h']`, `{}`, "result busy busy undefined sip:busy@h=486/busy/2000"},
		{"after busy if asked", `['sip:busy@h', 'sip:good@h']`, `{strategy: 'serial', stopOn: [], failoverOn: [486]}`, "sip:good@h=200/"},
		{"not after 404", `[['sip:gone@h'], 'sip:good@h']`, `{}`, "result failed not-found undefined sip:gone@h=404/not-found/1"},
		{"after silence", `[['sip:silent@h'], 'sip:good@h']`, `{timeout: '5s'}`, "result answered normal ended sip:silent@h=480/no-answer/5000 sip:good@h=200/"},
		{"nobody", `['sip:silent@h', 'sip:busy@h']`, `{timeout: '5s'}`, "result busy busy undefined"},
		{"declined for all", `['sip:silent@h', 'sip:declines@h']`, `{}`, "result rejected declined-everywhere undefined sip:silent@h=603/declined-everywhere/2000"},
		{"no longer than in all", `[['sip:silent@h'], ['sip:good@h']]`, `{totalTimeout: '1s'}`, "result no-answer no-answer undefined sip:silent@h=480/no-answer/1000"},
		{"one of many", `['sip:busy@h', 'sip:silent@h', 'sip:good@h']`, `{}`, "sip:silent@h=487/answered-elsewhere/2000 sip:good@h=200/"},
		{"for so long", `'sip:good@h'`, `{timeLimit: '500ms'}`, "result limit"},
	} {
		w := dialler(t, c.targets, c.options, map[string]callee{"busy": busy, "down": down, "gone": gone, "good": good, "silent": silent, "declines": declines})
		w.dial("ann", "main", "1000")
		w.run(2 * time.Minute)
		t.Log(c.name)
		w.told(c.want)
		if len(w.f.calls) != 0 || len(w.timers) != 0 {
			t.Errorf("%d calls and timers %v are left", len(w.f.calls), w.timers)
		}
	}
}

func TestALoserHearsThatAnotherAnswered(t *testing.T) {
	w := dialler(t, `['sip:a@h', 'sip:b@h']`, `{}`, map[string]callee{"a": {}, "b": {answers: time.Second, talks: time.Second}})
	w.dial("ann", "main", "1000")
	w.run(1500 * time.Millisecond)
	if w.did("call.Hangup {Leg:ann-1.1", "answered-elsewhere") != 1 {
		t.Fatalf("what was done:\n%s", strings.Join(w.trace, "\n"))
	}
}

func TestTheCallerGivesUp(t *testing.T) {
	w := dialler(t, `['sip:a@h', 'sip:b@h']`, `{}`, map[string]callee{"a": {}, "b": {}})
	ann := w.dial("ann", "main", "1000")
	w.run(2 * time.Second)
	ann.hangup()
	w.run(time.Second)
	w.told("result canceled canceled undefined sip:a@h=487/canceled")
	if w.did("call.Hangup {Leg:ann-1.1", "canceled") != 1 || w.did("call.Hangup {Leg:ann-1.2", "canceled") != 1 {
		t.Fatalf("what was done:\n%s", strings.Join(w.trace, "\n"))
	}
}

func TestRedirectionsAreFollowedOnce(t *testing.T) {
	w := dialler(t, `'sip:a@h'`, `{}`, map[string]callee{"a": {}, "b": {answers: time.Second, talks: time.Second}})
	w.dial("ann", "main", "1000")
	moved := call.CauseByStatus(302)
	w.step(Ended{Call: "ann-1.1", Cause: moved, Contacts: []string{"sip:a@h", "tel:+44", "sip:b@h"}})
	w.run(time.Minute)
	w.told("failed sip:a@h 302", "trying sip:b@h", "result answered normal ended sip:a@h=302/rejected/10 sip:b@h=200/")
	if n := w.did("flow.Dial"); n != 2 {
		t.Errorf("%d calls were placed", n)
	}
}

func TestWhatTheCallerHears(t *testing.T) {
	rings := map[string]callee{"bob": {answers: 3 * time.Second, talks: time.Second}, "early": {answers: 3 * time.Second, talks: time.Second, early: true}}
	for _, c := range []struct {
		name, target, options string
		progress, ring, tones int
		pairs                 int
	}{
		{"180", "bob", `{}`, 0, 1, 0, 1},
		{"a country's tone", "bob", `{ringback: 'uk'}`, 1, 0, 1, 1},
		{"answered at once", "bob", `{answerOnBridge: false}`, 0, 0, 1, 1},
		{"answered at once, none", "bob", `{answerOnBridge: false, ringback: 'none'}`, 0, 0, 0, 1},
		{"early audio", "early", `{}`, 1, 1, 0, 2},
		{"early audio, ignored", "early", `{earlyMedia: 'ignore'}`, 0, 1, 0, 1},
		{"early audio, tone instead", "early", `{ringback: 'de'}`, 1, 0, 1, 1},
	} {
		w := dialler(t, `'sip:`+c.target+`@h'`, c.options, rings)
		w.dial("ann", "main", "1000")
		w.run(2 * time.Second)
		if p, r, n := w.did("call.Progress"), w.did("order call.Ring"), w.did("mixer ann", "play:"); p != c.progress || r != c.ring || n != c.tones {
			t.Errorf("%s: %d Progress, %d Ring, %d tones:\n%s", c.name, p, r, n, strings.Join(w.trace, "\n"))
		}
		w.run(90 * time.Second)
		if n := w.did("flow.Pair"); n != c.pairs || w.did("mixer ann", "stop:") != c.tones {
			t.Errorf("%s: joined %d times:\n%s", c.name, n, strings.Join(w.trace, "\n"))
		}
	}
}

// A prompt into a bridge takes the two through the mixer, and back when it is over.
func TestABridgeNeedsTheMixerForAWhile(t *testing.T) {
	w := newWorld(t, sandboxtest.Write(t, map[string]string{"main.js": `
export default async function (call) {
  call.once('bridged', async () => { await call.play('silence:1s'); console.log('played', call.peer.id); });
  console.log('result', (await call.dial('sip:bob@h')).status);
}`}))
	w.callees = func(string) callee { return callee{answers: time.Second, talks: 10 * time.Second} }
	w.dial("ann", "main", "1000")
	w.run(1500 * time.Millisecond)
	if w.did("flow.Part {Call:ann}") != 1 || w.did("join ann bridge:ann") != 1 || w.did("join ann-", "bridge:ann") != 1 {
		t.Fatalf("with a prompt:\n%s", strings.Join(w.trace, "\n"))
	}
	w.trace = nil
	w.run(2 * time.Second)
	w.told("played ann-")
	if w.did("flow.Pair") != 1 || w.did("flow.FreeRoom") != 1 || w.did("flow.LeaveRoom") != 2 {
		t.Fatalf("after it:\n%s", strings.Join(w.trace, "\n"))
	}
	w.trace = nil
	w.step(Worked{&control.Event{Body: &control.Event_Digit{Digit: &control.Digit{Stream: "ann", Digit: "5", Ms: 90}}}})
	if w.did("sbc ann-", `digits:"5"`) != 1 {
		t.Fatalf("a digit is not passed on:\n%s", strings.Join(w.trace, "\n"))
	}
	w.step(Apart{A: "ann"})
	if w.did("join ann bridge:ann") != 1 {
		t.Fatalf("on different SBCs:\n%s", strings.Join(w.trace, "\n"))
	}
	w.run(time.Minute)
	w.told("result answered")
}

func TestDialOptionsThatCannotBe(t *testing.T) {
	for _, c := range []struct{ targets, options, want string }{
		{`[]`, `{}`, "no target"},
		{`'bob'`, `{}`, "no URI"},
		{`'mailto:bob@h'`, `{}`, "no SIP URI"},
		{`'tel:+4420'`, `{}`, "not built yet"},
		{`{trunk: 'bob'}`, `{}`, "not built yet"},
		{`'sip:b@h'`, `{ringback: 'atlantis:'}`, "ringback"},
		{`'sip:b@h'`, `{stopOn: ['bussy']}`, "stopOn"},
		{`'sip:b@h'`, `{strategy: 'random'}`, "not built yet"},
		{`'sip:b@h'`, `{timeOut: 3}`, "timeout"},
		{`Array.from({length: 21}, (_, i) => 'sip:' + i + '@h')`, `{}`, "at once"},
	} {
		w := dialler(t, c.targets, c.options, nil)
		w.dial("ann", "main", "1000")
		w.run(time.Minute)
		w.told(c.want)
	}
}
