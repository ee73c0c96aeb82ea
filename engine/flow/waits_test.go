package flow

import (
	"slices"
	"testing"
	"time"

	"github.com/callwright/callwright/media/control"
)

func (c *caller) talks(talking bool) {
	c.w.step(Worked{&control.Event{Body: &control.Event_Talk{Talk: &control.Talk{Member: c.id, Talking: talking}}}})
	c.w.settle()
}

const racing = `import { log } from 'callwright';
export default async call => {
  await call.answer();
  for (let i = 0; i < 2; i++) {
    const first = await call.race({ digits: call.digits(), quiet: call.silence('5s'), ended: call.ended });
    console.log(first.key, first.value.digits ?? first.value.ms ?? first.value.by);
    if (first.key === 'ended') return;
  }
  console.log((await call.gather({ max: 1 })).digits);
  await call.silence('1m');
};`

func TestSilenceAndDigitsRace(t *testing.T) {
	w := script(t, racing)
	c := w.dial("ann", "main", "1")
	w.run(3 * time.Second)
	c.talks(true)
	w.run(20 * time.Second) // as long as the caller speaks
	c.talks(false)
	w.run(4 * time.Second)
	if len(w.logs) > 0 {
		t.Fatalf("too early: %q", w.logs)
	}
	w.run(2 * time.Second)
	c.press("7")
	w.run(time.Second)
	if got := w.texts(); got != "quiet 28009\ndigits 7\n7" {
		t.Errorf("logged %q", got)
	}
	c.hangup()
	w.run(time.Second)
	if slices.ContainsFunc(w.logs, func(l string) bool { return l[:5] == "error" }) || !w.over["ann"] {
		t.Errorf("after the end: %q, over %v", w.logs, w.over)
	}
}

func TestTheEndWinsARace(t *testing.T) {
	w := script(t, racing)
	c := w.dial("ann", "main", "1")
	w.run(time.Second)
	c.hangup()
	w.run(time.Second)
	if got := w.texts(); got != "ended caller" {
		t.Errorf("logged %q", got)
	}
}

func TestFieldsOfLogLines(t *testing.T) {
	w := script(t, `import { log } from 'callwright';
export default async call => {
  log.info('left', { a: 1, who: 'ann' }); log.warn('two', 3, { b: [1] }); log.info({ c: 1 }); console.log('x', { d: 1 });
  log.info('list', [1]); log.info('date', new Date(0)); const round = {}; round.round = round; log.info('round', round);
};`)
	var notes []string
	w.noted = func(n Note) { notes = append(notes, n.Text+" "+string(n.Fields)) }
	w.dial("ann", "main", "1")
	w.run(time.Second)
	want := []string{`left {"a":1,"who":"ann"}`, `two 3 {"b":[1]}`, `{ c: 1 } `, `x { d: 1 } `, `list [ 1 ] `, `date 1970-01-01T00:00:00.000Z `}
	if len(notes) < 7 || !slices.Equal(notes[:6], want) || notes[6][:5] != "round" {
		t.Errorf("noted %q, want %q", notes, want)
	}
}
