package call

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"
	"time"
)

// The same seed and the same inputs give the same actions: a replay can be compared.
func TestSameInputsSameActions(t *testing.T) {
	run := func() []*Message {
		w, a, b := pair(t)
		a.step(Hangup{Leg: "call"})
		w.run(time.Minute)
		var all []*Message
		for _, s := range append(a.sent, b.sent...) {
			all = append(all, s.msg)
		}
		return all
	}
	if a, b := run(), run(); !reflect.DeepEqual(a, b) {
		t.Fatal("two runs differ")
	}
}

func TestResumeRefusesWhatItDoesNotKnow(t *testing.T) {
	for _, data := range []string{"", "{", `{"v":99}`, `{}`, `{"v":1,"legs":7}`} {
		if _, err := Resume(Config{}, []byte(data)); !errors.Is(err, ErrState) {
			t.Errorf("%q: %v", data, err)
		}
	}
	empty, err := json.Marshal(NewUA(Config{}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Resume(Config{}, append(empty[:len(empty)-1], `,"later":1}`...)); err != nil {
		t.Errorf("an unknown field must be skipped: %v", err)
	}
}

// What stays of a call that is up is small: it is kept by the ten thousand.
func TestStateOfACallIsSmall(t *testing.T) {
	w, _, b := pair(t)
	w.run(time.Minute) // the INVITE's transaction is over
	data, err := json.Marshal(b.ua)
	if err != nil {
		t.Fatal(err)
	}
	if len(data) > 1800 {
		t.Errorf("%d bytes\n%s", len(data), data)
	}
}
