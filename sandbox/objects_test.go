package sandbox_test

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/callwright/callwright/sandbox"
	"github.com/callwright/callwright/sandbox/sandboxtest"
)

// What a script does wrong with a verb is said in its words.
func TestArgumentErrors(t *testing.T) {
	thrown(t, map[string]string{
		`call.gather({ timout: 5 })`:               `BadOption: call.gather has no option "timout"; did you mean "timeout"?`,
		`call.gather({ zzzzzz: 5 })`:               `BadOption: call.gather has no option "zzzzzz"`,
		`call.gather({ max: 'x' })`:                `BadOption: call.gather: max must be a whole number, not 'x'`,
		`call.gather({ max: 1.5 })`:                `BadOption: call.gather: max must be a whole number, not 1.5`,
		`call.gather({ timeout: '5 s' })`:          `BadOption: call.gather: timeout must be a duration`,
		`call.gather({ timeout: -1 })`:             `BadOption: call.gather: timeout must be a duration`,
		`call.gather({ validate: 'x' })`:           `BadOption: call.gather: validate must be a regular expression or a function, not 'x'`,
		`call.gather({ hints: ['a'] })`:            `Error: call.gather: option "hints" is not built yet`,
		`call.gather(5)`:                           `BadOption: call.gather: the options must be an object, not 5`,
		`call.answer({}, 1)`:                       `BadOption: call.answer takes no more than 1 arguments`,
		`call.play()`:                              `BadOption: call.play needs source`,
		`call.play({})`:                            `BadOption: call.play: source must be a file name`,
		`call.play(['a', 5])`:                      `BadOption: call.play: source must be a file name`,
		`call.hangup({ cause: 'sad' })`:            `BadOption: call.hangup: cause must be 'normal'|'busy', not 'sad'`,
		`call.hold()`:                              `Error: call.hold is not built yet`,
		`call.on('dtfm', () => {})`:                `BadOption: call has no event "dtfm"; did you mean "dtmf"?`,
		`call.on('dtmf', 5)`:                       `BadOption: call.on("dtmf") needs a function`,
		`call.state = 'x'`:                         `TypeError: call.state cannot be written`,
		`call.mine = 'x'`:                          `TypeError: call has no field "mine" to write; keep your own data in call.vars`,
		`call.vars = { f() {} }`:                   `TypeError: call.vars.f cannot hold a function`,
		`call.answer.call({})`:                     `TypeError: call.answer was called on something else`,
		`conference('x', { rate: 9000 })`:          `BadOption: conference: rate must be 8000|16000|'auto', not 9000`,
		`setTimeout(5)`:                            `TypeError: setTimeout needs a function`,
		`call.gather({ prompt: 'x'.repeat(1e5) })`: `RangeError: value is larger than 65536 bytes`,
		`eval('1')`:                                `EvalError: code from strings is not allowed`,
		`new (async () => {}).constructor('1')`:    `EvalError: code from strings is not allowed`,
		`(function* () {}).constructor('1')`:       `EvalError: code from strings is not allowed`,
		`Array.prototype.map = 1`:                  `TypeError`,
		`Object.prototype.x = 1`:                   `TypeError`,
		`globalThis.x = 1`:                         `TypeError`,
		`Array.prototype.map.x = 1`:                `TypeError`,
		`fetch('x')`:                               `Error: fetch is not built yet`,
		`call.race(5)`:                             `BadOption: race needs an object of promises`,
	})
}

func TestArgumentsTravel(t *testing.T) {
	for expr, want := range map[string]string{
		`call.answer()`:                      `{"delay":0}`,
		`call.answer({ delay: '1.5s' })`:     `{"delay":1500}`,
		`call.answer(undefined)`:             `{"delay":0}`,
		`call.reject(486)`:                   `{"code":486}`,
		`call.reject({ reason: 'é"\n' })`:    `{"reason":"é\"\n"}`,
		`call.reject('busy', {})`:            `{"code":"busy"}`,
		`call.play('a')`:                     `{"source":["a"],"loop":false}`,
		`call.play(['a', [play('b')]])`:      `{"source":["a",{"$value":"play","file":"b"}],"loop":false}`,
		`call.play('a', { loop: 3 })`:        `{"source":["a"],"loop":3}`,
		`call.gather({ validate: /^1\d/i })`: `{"timeout":5000,"validate":{"$fn":1,"$re":"^1\\d","flags":"i"}}`,
		`call.gather({ validate: x => x })`:  `{"timeout":5000,"validate":{"$fn":1}}`,
		`conference('7', { rate: 'auto' })`:  `{"name":"7","rate":"auto"}`,
		`sleep('2h')`:                        `{"time":7200000}`,
		`setTimeout(() => {}, 20)`:           `{"ms":20}`,
	} {
		h := flow(t, prologue+expr+` }`)
		r := h.Start("a")
		if len(r.Ops) != 1 || string(r.Ops[0].Args) != want {
			t.Errorf("%s: %+v, want %s (%v)", expr, r.Ops, want, r.Error)
		}
		h.Stop()
	}
}

// Objects in results are the same object each time, with fields, methods and events.
func TestHostObjects(t *testing.T) {
	h := flow(t, prologue+`
		const room = await conference('7'); const m = await room.join(call);
		call.vars.same = [room === (await conference('7')), m.id, room.name, 'name' in room, Object.keys(m)];
		room.on('join', e => { call.vars.joined = [e.member === m, e.member.id] });
		const end = await call.race({ left: m.left, ended: call.ended }); call.vars.end = end;
		room.kick(m); room.kick([m, '5']); room.kick({ tag: 'x' }); }`)
	r := h.Start("a")
	room := `{"$handle":"room:7","$class":"Room","$fields":{"name":"7"}}`
	r = h.Complete("a", r.Ops[0], room)
	if string(r.Ops[0].Args) != `{"call":{"$handle":"call"}}` || r.Ops[0].Object != "room:7" || r.Ops[0].Class != "Room" {
		t.Fatalf("%+v", r.Ops[0])
	}
	r = h.Complete("a", r.Ops[0], `{"$handle":"m:1","$fields":{"id":"one"}}`)
	r = h.Complete("a", r.Ops[0], room)
	want := []sandbox.Listen{{Object: "room:7", Event: "join", On: true}, {Object: "m:1", Event: "left", On: true}, {Object: "call", Event: "ended", On: true}}
	if !reflect.DeepEqual(r.Listens, want) || string(r.Vars) != `{"same":[true,"one","7",true,["id"]]}` {
		t.Fatalf("%+v %s", r.Listens, r.Vars)
	}
	r = h.Tell("a", "room:7", "join", `{"member":{"$handle":"m:1","$class":"Member","$fields":{"id":"two"}}}`)
	if !contains(string(r.Vars), `"joined":[true,"two"]`) {
		t.Fatalf("%s", r.Vars)
	}
	r = h.Tell("a", "m:1", "left", `{"ms":5}`)
	if !contains(string(r.Vars), `"end":{"key":"left","value":{"ms":5}}`) || len(r.Ops) != 3 ||
		string(r.Ops[0].Args) != `{"who":{"$handle":"m:1"}}` || string(r.Ops[1].Args) != `{"who":[{"$handle":"m:1"},"5"]}` ||
		len(r.Listens) != 1 || r.Listens[0].On {
		t.Fatalf("%s %+v %+v", r.Vars, r.Ops, r.Listens)
	}
}

// A Playback can be used at once and awaited.
func TestThenableObjects(t *testing.T) {
	h := flow(t, prologue+`const p = call.play('a'); p.pause(); p.on('finished', () => { call.vars.f = p.state });
		const r = await p; call.vars.r = r.reason; await call.play('b').catch(e => { call.vars.c = e.message }).finally(() => { call.vars.d = 1 }); p.stop() }`)
	r := h.Start("a")
	if len(r.Ops) != 2 || r.Ops[1].Object != "op:1" || r.Ops[1].Method != "pause" || r.Ops[1].Class != "Playback" {
		t.Fatalf("%+v", r.Ops)
	}
	play := r.Ops[0]
	in := sandboxtest.Event("op:1", "finished", `{}`)
	in.Fields = map[string]json{"op:1": json(`{"state":"finished"}`)}
	h.Send("a", in)
	r = h.Complete("a", play, `{"reason":"finished"}`)
	r = h.Fail("a", r.Ops[0], "CallEnded", "gone")
	if string(r.Vars) != `{"f":"finished","r":"finished","c":"gone","d":1}` || r.Ops[0].Object != "op:1" {
		t.Fatalf("%s %+v", r.Vars, r.Ops)
	}
}

func TestHostErrorsAreErrors(t *testing.T) {
	h := sandboxtest.New(t, faces(), map[string]string{"main.js": `import { CallEnded, Timeout, sleep } from 'callwright';
export default async call => {
  try { await call.answer() } catch (e) { call.vars.e = [e instanceof CallEnded, e instanceof Error, e instanceof Timeout, e.name, e.cause, String(e)] }
  try { await call.answer() } catch (e) { call.vars.f = [e.name, e instanceof Error] }
  await sleep(1)
}`})
	r := h.Start("a")
	in := sandboxtest.Fault(r.Ops[0], "CallEnded", "the call has ended")
	in.Error.Props = json(`{"cause":"normal"}`)
	r = h.Send("a", in)
	r = h.Fail("a", r.Ops[0], "Weird", "x")
	if want := `{"e":[true,true,false,"CallEnded","normal","CallEnded: the call has ended"],"f":["Weird",true]}`; string(r.Vars) != want {
		t.Errorf("%s", r.Vars)
	}
	in = sandboxtest.Fault(r.Ops[0], "CallEnded", "the call has ended")
	in.Error.Props = json(`{"cause":"busy"}`)
	r = h.Send("a", in)
	if !r.Settled || r.Error == nil || r.Error.Error() != "main.js:5:9: CallEnded: the call has ended" || string(r.Error.Props) != `{"cause":"busy"}` || len(r.Logs) > 0 {
		t.Errorf("%+v %v %s", r, r.Error, r.Error.Props)
	}
}

func TestCallbacks(t *testing.T) {
	h := flow(t, prologue+`await call.gather({ validate: async (d, o) => { await sleep(1); return { d, id: o.id } } });
		await call.gather({ validate: /^1/g }); await call.gather({ validate: () => { throw new RangeError('no') } }) }`)
	r := h.Start("a")
	gather := r.Ops[0]
	r = h.Send("a", sandbox.Input{Kind: sandbox.Called, Callback: 1, Ask: 7, Value: json(`["12",{"$handle":"call"}]`)})
	if len(r.Answers) != 0 || len(r.Ops) != 1 {
		t.Fatalf("%+v", r)
	}
	r = h.Complete("a", r.Ops[0], "null")
	if len(r.Answers) != 1 || string(r.Answers[0].Value) != `{"d":"12","id":"a"}` || r.Answers[0].Ask != 7 {
		t.Fatalf("%+v", r.Answers)
	}
	r = h.Complete("a", gather, "null")
	gather = r.Ops[0]
	for i, text := range []string{"12", "1", "2"} {
		r = h.Send("a", sandbox.Input{Kind: sandbox.Called, Callback: 2, Ask: uint32(i), Value: json(`["` + text + `"]`)})
		if got := string(r.Answers[0].Value); got != fmt.Sprint(i < 2) {
			t.Errorf("%s: %s", text, got)
		}
	}
	h.Complete("a", gather, "null")
	r = h.Send("a", sandbox.Input{Kind: sandbox.Called, Callback: 3, Ask: 9, Value: json(`[]`)},
		sandbox.Input{Kind: sandbox.Called, Callback: 99, Ask: 10})
	if len(r.Answers) != 2 || r.Answers[0].Error == nil || r.Answers[0].Error.Name != "RangeError" || r.Answers[1].Error == nil || len(r.Logs) != 1 {
		t.Errorf("%+v %+v", r.Answers, r.Logs)
	}
}

func TestEventsQueueIsBounded(t *testing.T) {
	h := flow(t, prologue+`const ev = call.events('dtmf'); await sleep(1); const e = await ev.next(); call.vars.n = [e.value.n, e.type, e.done]; ev.return(); call.vars.end = (await ev.next()).done }`)
	r := h.Start("a")
	sleep := r.Ops[0]
	var in []sandbox.Input
	for i := range 1003 {
		in = append(in, sandboxtest.Event("call", "dtmf", fmt.Sprintf(`{"n":%d}`, i)))
	}
	if r = h.Send("a", in...); len(r.Logs) != 3 || r.Logs[0].Level != "warn" {
		t.Errorf("%+v", r.Logs)
	}
	r = h.Complete("a", sleep, "null")
	if string(r.Vars) != `{"n":[3,"dtmf",false],"end":true}` || len(r.Listens) != 1 || r.Listens[0].On {
		t.Errorf("%s %+v", r.Vars, r.Listens)
	}
}

// call.vars is the script's object: kept across snapshots, replaced when the host
// has other content.
func TestVars(t *testing.T) {
	h := flow(t, prologue+`const v = call.vars; v.a = 1; await sleep(1); v.a++; await sleep(1); call.vars = { b: call.vars.x }; await sleep(1) }`)
	r := h.Start("a")
	if string(r.Vars) != `{"a":1}` {
		t.Fatalf("%s", r.Vars)
	}
	in := sandboxtest.Answer(r.Ops[0], "null")
	in.Fields = map[string]json{"call": json(`{"id":"a","vars": {"a":1}}`)}
	if r = h.Send("a", in); string(r.Vars) != `{"a":2}` {
		t.Fatalf("%s", r.Vars)
	}
	in = sandboxtest.Answer(r.Ops[0], "null")
	in.Fields = map[string]json{"call": json(`{"id":"a","vars":{"x":9}}`)}
	if r = h.Send("a", in); string(r.Vars) != `{"b":9}` {
		t.Fatalf("%s", r.Vars)
	}
}

// The app unit hears; in a call's instance the same registrations are ignored.
func TestAppUnit(t *testing.T) {
	h := flow(t, `import { app } from 'callwright'; let n = 0;
app.on('call', e => console.log('a call', ++n, e)); app.every('1m', () => {});
export default async call => { call.vars.n = ++n; await call.answer() }`)
	h.OpenUnit("app", sandbox.AppUnit)
	r := h.Send("app", sandbox.Input{Kind: sandbox.Start})
	if !r.Settled || len(r.Ops) != 1 || r.Ops[0].Object != "app" || len(r.Listens) != 1 || r.Listens[0] != (sandbox.Listen{Object: "app", Event: "call", On: true}) {
		t.Fatalf("%+v", r)
	}
	if r = h.Tell("app", "app", "call", `5`); len(r.Logs) != 1 || r.Logs[0].Text != "a call 1 5" {
		t.Fatalf("%+v", r.Logs)
	}
	for range 2 {
		if r = h.Start("a"); len(r.Ops) != 1 || r.Ops[0].Method != "answer" || len(r.Listens) != 0 || string(r.Vars) != `{"n":1}` {
			t.Fatalf("%+v %s", r, r.Vars)
		}
	}
}
