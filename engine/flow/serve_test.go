package flow

import (
	"testing"
	"time"

	"github.com/callwright/callwright/sandbox/sandboxtest"
)

const registers = `import { app, sleep } from 'callwright';
app.on('register', r => {
  switch (r.user) {
    case 'returned': return r.accept({ expires: '90s' });
    case 'said': r.reject(404, { reason: 'x' }); return;
    case 'twice': r.reject(404); r.accept(); return;
    case 'late': return sleep('1s').then(() => { r.challenge({ password: 'p' }); });
    case 'own': return { verdict: 'accept' };
    case 'thrown': throw new RangeError('far');
  }
});`

// A listener answers by what it returns or by a method it has called, the first one, at
// once or later; one that does neither leaves it to the engine.
func TestListenersGiveVerdicts(t *testing.T) {
	w := worldWith(t, sandboxtest.Write(t, map[string]string{"main.js": registers}), time.Second).runApps()
	for user, want := range map[string]string{
		"returned": `{"verdict":"accept","args":[{"expires":"90s"}]}`,
		"said":     `{"verdict":"reject","args":[404,{"reason":"x"}]}`,
		"twice":    `{"verdict":"reject","args":[404]}`,
		"late":     `{"verdict":"challenge","args":[{"password":"p"}]}`,
		"own":      `{"verdict":"accept"}`,
		"nothing":  `null`,
		"thrown":   "RangeError far",
	} {
		w.step(Serve{ID: user, Event: "register", Value: map[string]string{"user": user}})
		w.run(2 * time.Second)
		r := w.replies[user]
		got := string(r.Value)
		if r.Error != nil {
			got = r.Error.Name + " " + r.Error.Message
		}
		if got != want {
			t.Errorf("%s: %s, want %s", user, got, want)
		}
	}
	w.step(Serve{ID: "nobody", Event: "message", Value: 1})
	if got := string(w.replies["nobody"].Value); got != "null" {
		t.Errorf("nobody listens, and says %s", got)
	}
}

func TestVerdictsAreRead(t *testing.T) {
	v, err := ReadVerdict([]byte(`{"verdict":"accept","args":[{"expires":"90s"},7]}`))
	if err != nil || v.Verdict != "accept" {
		t.Fatal(err)
	}
	if d, err := Lasting(v, "expires"); d != 90*time.Second || err != nil {
		t.Errorf("%v %v", d, err)
	}
	if d, err := Lasting(v, "other"); d != 0 || err != nil {
		t.Errorf("%v %v", d, err)
	}
	var text string
	if v.Arg(1, &text) == nil || v.Arg(2, &text) != nil {
		t.Error("arguments are taken for what they are not")
	}
	for _, raw := range []string{`7`, `"accept"`, `{}`, `{"args":[]}`} {
		if _, err := ReadVerdict([]byte(raw)); err == nil {
			t.Errorf("%s is a verdict", raw)
		}
	}
	if _, err := Lasting(VerdictOf{Args: v.Args[1:]}, "expires"); err == nil {
		t.Error("7 has options")
	}
}
