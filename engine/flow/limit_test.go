package flow

import (
	"strings"
	"testing"
	"time"
)

func TestLimit(t *testing.T) {
	w := script(t, `import { app, sleep } from 'callwright';
const tried = async f => { try { return await f() } catch (e) { return e.name } };
export default async call => {
  const go = async () => { const r = await app.limit('k', { max: 3, per: '3s' }); return [r.ok, r.left, r.retryAfter].join(); };
  for (let i = 0; i < 4; i++) console.log(await go());
  await sleep('1s'); console.log(await go()); console.log(await go());
  await sleep('1h'); console.log(await go());
  console.log(await tried(() => app.limit('k', {})), await tried(() => app.limit('', { max: 1, per: 1 })), (await app.limit('other', { max: 1, per: '1s' })).ok);
};`)
	w.dial("ann", "main", "1")
	w.run(2 * time.Hour)
	want := "true,2,0|true,1,0|true,0,1000|false,0,1000|true,0,1000|false,0,1000|true,2,0|BadOption BadOption true"
	if got := w.said(); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestCallsOfTheApp(t *testing.T) {
	w := script(t, `import { app, sleep } from 'callwright';
export default async call => {
  await call.answer();
  await sleep(call.id === 'ann' ? '1s' : '1h');
  const ids = async f => (await app.calls(f)).map(c => c.id).join();
  console.log(await ids(), '/', await ids({ from: 'bob' }), '/', await ids({ state: 'ended' }), '/', await ids({ to: '2000', limit: 1 }), '/', (await app.calls({ from: 'ann' }))[0].state);
};`)
	w.dial("ann", "main", "1000")
	w.dial("bob", "main", "2000")
	w.run(10 * time.Second)
	if got := w.said(); !strings.HasPrefix(got, "ann,bob / bob /  / bob / answered") {
		t.Error(got)
	}
}

// A rate that is used up is so in the next brain too.
func TestLimitOutlivesTheBrain(t *testing.T) {
	w := script(t, `import { app } from 'callwright';
export default async call => console.log((await app.limit('k', { max: 1, per: '1h' })).ok);`)
	w.dial("ann", "main", "1")
	w.run(time.Second)
	next := w.again()
	next.f = NewFlows(Config{Keep: w.f.cfg.Keep})
	next.dial("bob", "main", "1")
	next.run(time.Second)
	if got := w.said() + next.said(); got != "truefalse" {
		t.Errorf("got %q", got)
	}
}
