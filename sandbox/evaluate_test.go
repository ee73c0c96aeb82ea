package sandbox_test

import (
	encoding "encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/callwright/callwright/sandbox"
	"github.com/callwright/callwright/sandbox/sandboxtest"
)

// look evaluates without a trace: the host does not record it.
func look(t *testing.T, h *sandboxtest.Host, unit, code string) sandbox.Result {
	t.Helper()
	text, err := encoding.Marshal(code)
	if err != nil {
		t.Fatal(err)
	}
	h.Post(unit, sandbox.Input{Kind: sandbox.Evaluate, Ask: 900, Value: text})
	return h.Wait(unit)
}

// cameTo is the text of an evaluation's answer.
func cameTo(t *testing.T, r sandbox.Result) string {
	t.Helper()
	if len(r.Answers) != 1 {
		return fmt.Sprintf("%d answers", len(r.Answers))
	}
	if e := r.Answers[0].Error; e != nil {
		return e.Name + ": " + strings.Split(e.Message, "\n")[0]
	}
	var text string
	if err := encoding.Unmarshal(r.Answers[0].Value, &text); err != nil {
		t.Fatal(err)
	}
	return text
}

const looked = `import { state } from 'callwright';
export default async function (call) {
  call.vars.list = [1];
  state.rooms = { a: 1 };
  const first = Math.random();
  await call.answer();
  await call.play('x');
  const then = Math.random();
  call.vars.drawn = [first, then, crypto.randomUUID()];
  await call.play(call.vars.drawn.join());
}`

func TestLookingShowsWhatTheScriptSees(t *testing.T) {
	h := sandboxtest.New(t, faces(), map[string]string{"main.js": looked})
	h.Start("c1")
	for code, want := range map[string]string{
		`1 + 1`:                              `2`,
		`'a' + "b"`:                          `'ab'`,
		`call.vars`:                          `{ list: [ 1 ] }`,
		`call.vars.list.push(2)`:             `2`,
		`state.rooms.a`:                      `1`,
		`state.rooms`:                        `{"a":1}`,
		`({ f() {} })`:                       `{ f: [Function: f] }`,
		`const n = 3; return n * 2`:          `6`,
		`await Promise.resolve('late')`:      `'late'`,
		`await new Promise(() => {})`:        `Promise { <pending> }`,
		`Promise.reject(new TypeError('x'))`: `TypeError: x`,
		`throw new RangeError('far')`:        `RangeError: far`,
		`nowhere`:                            `ReferenceError: nowhere is not defined`,
	} {
		if got := cameTo(t, look(t, h, "c1", code)); got != want {
			t.Errorf("%s came to %s, want %s", code, got, want)
		}
	}
	if got := cameTo(t, look(t, h, "c1", `1 +`)); !strings.HasPrefix(got, "SyntaxError: ") {
		t.Errorf("half an expression came to %s", got)
	}
}

func TestLookingChangesNothing(t *testing.T) {
	h := sandboxtest.New(t, faces(), map[string]string{"main.js": looked})
	h.Start("c1")
	for _, code := range []string{
		`call.play('x')`, `call.hangup()`, `setTimeout(() => {}, 1)`, `clearTimeout(1)`, `state.x = 1`, `delete state.rooms`,
		`state.tx(s => { s.x = 1 })`, `state.commit()`, `call.on('dtmf', () => {})`, `call.events('dtmf')`,
		`call.ended`, `call.vars = {}`, `conference('1')`,
	} {
		r := look(t, h, "c1", code)
		if got := cameTo(t, r); !strings.HasPrefix(got, "Denied: ") || !strings.Contains(got, "--write") {
			t.Errorf("%s came to %s", code, got)
		}
		if len(r.Ops)+len(r.Listens) != 0 || r.Vars != nil || r.Reads != nil {
			t.Errorf("%s left a trace: %+v", code, r)
		}
	}
	for _, code := range []string{`call.vars.list.push(9)`, `Math.random()`, `crypto.randomUUID()`, `state.rooms.a`, `console.log(state)`} {
		if r := look(t, h, "c1", code); r.Vars != nil || r.Reads != nil {
			t.Errorf("%s left a trace: %+v", code, r)
		}
	}
	u := h.Unit("c1")
	h.Complete("c1", u.All[0], `null`)
	r := h.Complete("c1", u.All[1], `null`)

	plain := sandboxtest.New(t, faces(), map[string]string{"main.js": looked})
	plain.Start("c1")
	v := plain.Unit("c1")
	plain.Complete("c1", v.All[0], `null`)
	want := plain.Complete("c1", v.All[1], `null`)
	if string(r.Vars) != string(want.Vars) || string(r.Ops[0].Args) != string(want.Ops[0].Args) {
		t.Errorf("after looking the script went on with %s, without with %s", r.Vars, want.Vars)
	}
	if got := h.Reopen("c1"); got.Error != nil || got.Await != r.Await {
		t.Errorf("the replay stands at %s with %v, want %s", got.Await, got.Error, r.Await)
	}
}

// What is allowed to write is an input like any other: a replay does it again.
func TestEvaluatingWithWrites(t *testing.T) {
	h := sandboxtest.New(t, faces(), map[string]string{"main.js": looked})
	h.Start("c1")
	write := func(code string) sandbox.Result {
		text, _ := encoding.Marshal(code)
		return h.Send("c1", sandbox.Input{Kind: sandbox.Evaluate, Event: sandbox.EvaluateWrite, Ask: 901, Value: text})
	}
	if got := cameTo(t, write(`state.rooms.b = 2`)); got != `2` {
		t.Errorf("a write came to %s", got)
	}
	if r := write(`call.vars.mine = 1`); !strings.Contains(string(r.Vars), `"mine":1`) {
		t.Errorf("vars became %s", r.Vars)
	}
	r := write(`(await call.play('y')).reason`)
	if len(r.Ops) != 1 || len(r.Answers) != 0 {
		t.Fatalf("an operation came to %+v", r)
	}
	if got := cameTo(t, h.Complete("c1", r.Ops[0], `{"reason":"finished"}`)); got != `'finished'` {
		t.Errorf("the operation came to %s", got)
	}
	got := h.Reopen("c1")
	if got.Error != nil || len(got.Answers) != 0 || !strings.HasPrefix(got.Await, "main.js:6:") {
		t.Errorf("the replay stands at %s with %v, %v", got.Await, got.Error, got.Answers)
	}
	if got := cameTo(t, look(t, h, "c1", `[state.rooms.b, call.vars.mine]`)); got != `[ 2, 1 ]` {
		t.Errorf("after the replay: %s", got)
	}
}

func TestLookingAtAnApp(t *testing.T) {
	h := sandboxtest.New(t, faces(), map[string]string{"main.js": `let n = 0; export const api = { next: () => ++n };`})
	h.OpenUnit("app", sandbox.AppUnit)
	h.Send("app", sandbox.Input{Kind: sandbox.Start})
	if got := cameTo(t, look(t, h, "app", `api.next()`)); !strings.HasPrefix(got, "Denied: api") {
		t.Errorf("calling the app's function came to %s", got)
	}
	if got := cameTo(t, look(t, h, "app", `typeof call`)); got != `'undefined'` {
		t.Errorf("call is %s in an app's own run", got)
	}
}

func TestCodeThatHangsIsInterrupted(t *testing.T) {
	h := sandboxtest.New(t, faces(), map[string]string{"main.js": looked})
	h.Start("c1")
	if r := look(t, h, "c1", `while (true);`); !r.Interrupted {
		t.Errorf("an endless loop came to %+v", r)
	}
}
