package sandbox_test

import (
	"testing"
)

func TestFlowAwaitsOperations(t *testing.T) {
	h := flow(t, `
import { play } from 'callwright';
export default async function (call) {
  await call.answer();
  const r = await call.gather({ prompt: [play('a.wav'), 'b.wav'], max: 4 });
  console.log('got', r.digits, { a: 1 });
  await call.hangup();
}`)
	r := h.Start("a")
	if len(r.Ops) != 1 || r.Ops[0].Method != "answer" || string(r.Ops[0].Args) != `{"delay":0}` {
		t.Fatalf("%+v %s", r, r.Ops[0].Args)
	}
	if r.Ops[0].Line != "main.js:4:9" || r.Await != r.Ops[0].Line {
		t.Errorf("line %s, await %s", r.Ops[0].Line, r.Await)
	}
	r = h.Complete("a", r.Ops[0], "null")
	if got := string(r.Ops[0].Args); got != `{"max":4,"timeout":5000,"prompt":[{"$value":"play","file":"a.wav"},"b.wav"]}` {
		t.Fatal(got)
	}
	r = h.Complete("a", r.Ops[0], `{"ok":true,"digits":"12"}`)
	if len(r.Logs) != 1 || r.Logs[0].Text != "got 12 { a: 1 }" || r.Logs[0].Line == "" {
		t.Fatalf("%+v", r.Logs)
	}
	r = h.Complete("a", r.Ops[0], "null")
	if !r.Settled || r.Error != nil || len(r.Ops) != 0 {
		t.Fatalf("%+v", r)
	}
}
