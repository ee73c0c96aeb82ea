package flow

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/callwright/callwright/sandbox"
	"github.com/callwright/callwright/sandbox/sandboxtest"
)

const asks = `import { sleep } from 'callwright';
export default async function (call) {
  const pin = await call.gather({ max: 4, mask: true });
  call.vars.pin = pin.digits;
  const again = setInterval(() => {}, 700);
  await sleep('2s');
  clearInterval(again);
  const r = await call.race({ digits: call.gather({ max: 1 }), late: sleep('10m') });
  await call.play('bye.wav');
}
`

// export takes a call's journal through its file.
func export(t *testing.T, w *world, call string) (Journal, string) {
	t.Helper()
	j, ok := w.f.Journal(call)
	b, err := json.Marshal(j)
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	again, err := ReadJournal(b)
	if err != nil {
		t.Fatal(err)
	}
	return again, string(b)
}

func tryOn(t *testing.T, j Journal, script string) (string, error) {
	t.Helper()
	app, err := sandbox.AppNamed(sandboxtest.Write(t, map[string]string{"asks.js": script}), "asks")
	if err != nil {
		t.Fatal(err)
	}
	return j.Try(context.Background(), app)
}

func TestAJournalIsTriedOnOtherCode(t *testing.T) {
	w := newWorld(t, sandboxtest.Write(t, map[string]string{"asks.js": asks}))
	c := w.dial("ann", "asks", "100")
	w.run(time.Second)
	c.press("4711")
	w.run(5 * time.Second)
	j, text := export(t, w, "ann")
	if strings.Contains(text, "4711") || !strings.Contains(text, "••••") {
		t.Fatalf("masked digits are in %s", text)
	}
	if await, err := tryOn(t, j, asks); err != nil || await != "asks.js:8:70" {
		t.Fatalf("stands at %q, %v", await, err)
	}
	edited := strings.Replace(asks, "bye.wav", "farewell.wav", 1) // behind where it stands
	if _, err := tryOn(t, j, "// a line more\n"+edited); err != nil {
		t.Fatal(err)
	}
	for change, want := range map[string]string{
		"max: 4, mask: true | max: 5, mask: true":                    "diverged: asks.js:3:21: Diverged: operation 1 is call.gather with other arguments than in its history",
		"await sleep('2s') | await call.play('a.wav')":               "asks.js:6:9: Diverged: operation 3 is now call.play",
		"late: sleep('10m') | late: sleep('11m')":                    "is sleep with other arguments than in its history",
		", late: sleep('10m') | ":                                    "operation 8, sleep, is under way, the code has none of that number",
		"= setInterval(() => {}, 700) | = 1":                         "operation 2 is now sleep",
		"late: sleep('10m') | late: sleep('10m'), more: sleep('9m')": "waits, in its history nothing does",
		"const r = | return; const r =":                              "operation 7, call.gather, is under way",
	} {
		from, to, _ := strings.Cut(change, " | ")
		if !strings.Contains(asks, from) {
			t.Fatal(from)
		}
		_, err := tryOn(t, j, strings.Replace(asks, from, to, 1))
		if !errors.Is(err, ErrDiverged) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, not %s", change, err, want)
		}
	}

	c.hangup()
	w.run(2 * time.Minute)
	if j, _ = export(t, w, "ann"); !w.over["ann"] || !j.Over || !j.Settled {
		t.Fatalf("over %v, journal over %v, settled %v", w.over["ann"], j.Over, j.Settled)
	}
	if _, err := tryOn(t, j, asks); err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsNoJournal(t *testing.T) {
	for text, want := range map[string]string{
		``:                                      "unexpected end",
		`[]`:                                    "cannot unmarshal",
		`{"format":"wav"}`:                      `its format is "wav"`,
		`{"format":"callwright-journal","v":9}`: "it is of version 9, this release reads up to 1",
		`{"format":"callwright-journal","v":1}`: "it has no inputs",
		`{"format":"callwright-journal","in":[{}]}`: "version 0",
	} {
		if _, err := ReadJournal([]byte(text)); !errors.Is(err, ErrJournal) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, not %s", text, err, want)
		}
	}
}

func FuzzReadJournal(f *testing.F) {
	f.Add([]byte(`{"format":"callwright-journal","v":1,"in":[{"k":1,"ms":1,"s":[{"n":1}]}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if j, err := ReadJournal(b); err == nil && len(j.Trial()) <= len(j.Inputs)-1 {
			t.Fatal("it got shorter")
		}
	})
}
