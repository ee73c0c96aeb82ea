package api

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/callwright/callwright/engine/events"
)

// fakeState notes what it is asked.
type fakeState struct{ asked []string }

func (f *fakeState) note(format string, args ...any) {
	f.asked = append(f.asked, fmt.Sprintf(format, args...))
}

func (f *fakeState) Get(path []string) (json.RawMessage, error) {
	if len(path) == 1 && path[0] == "none" {
		return nil, fmt.Errorf("%w: none", ErrNoPath)
	}
	return json.RawMessage(`{"a":1}`), nil
}

func (f *fakeState) Set(_ context.Context, who string, path []string, v json.RawMessage) (StateChange, error) {
	f.note("%s sets %q to %s", who, path, v)
	if path[0] == "full" {
		return StateChange{}, ErrFull
	}
	return StateChange{Unit: "operator:" + who, Turn: 7}, nil
}

func (f *fakeState) Remove(_ context.Context, who string, path []string) (StateChange, error) {
	f.note("%s removes %q", who, path)
	return StateChange{}, nil
}

func (f *fakeState) Load(_ context.Context, who string, root json.RawMessage) (StateChange, error) {
	f.note("%s loads %s", who, root)
	return StateChange{}, nil
}

func (f *fakeState) History(path []string) ([]StateChange, int) {
	return []StateChange{{Unit: "c1", Paths: path}}, 1000
}

// fakeInspector has the call c1 and evaluates to what it is given.
type fakeInspector struct{}

func (fakeInspector) Call(_ context.Context, id string) (CallDetail, error) {
	if id != "c1" {
		return CallDetail{}, ErrNoCall
	}
	return CallDetail{CallView: CallView{ID: id, Await: "main.js:3:9"}, Line: "await call.gather()"}, nil
}

func (fakeInspector) Journal(_ context.Context, id string) (any, error) {
	return map[string]string{"call": id}, nil
}

func (fakeInspector) Eval(_ context.Context, app string, e Evaluation) (string, error) {
	if e.Code == "boom" {
		return "", &AppError{Name: "TypeError", Message: "boom"}
	}
	return fmt.Sprint(app, " ", e.Call, " ", e.Code, " ", e.Write), nil
}

func TestStateAndInspection(t *testing.T) {
	state := &fakeState{}
	evs := events.NewRing[events.Event](10)
	evs.Put(events.Event{Type: events.CallStarted, Call: "c1"})
	evs.Put(events.Event{Type: events.CallStarted, Call: "c2"})
	s := New(Config{Token: secret, Log: slog.New(slog.DiscardHandler), State: state, Inspect: fakeInspector{}, Events: evs}, &fakeEngine{})
	for _, c := range []struct {
		method, target, body string
		status               int
		want                 string
	}{
		{"GET", "/v1/state", "", 200, `"value":{"a":1}`},
		{"GET", "/v1/state?path=none", "", 404, `"code":"no-path"`},
		{"GET", "/v1/state?path=a..b", "", 400, `"code":"bad-path"`},
		{"PUT", "/v1/state?path=pins.1234", `{"room":"x"}`, 200, `"unit":"operator:127.0.0.1"`},
		{"PUT", "/v1/state?path=pins", `{room`, 400, `"code":"bad-value"`},
		{"PUT", "/v1/state?path=full", `1`, 507, `"code":"full"`},
		{"PUT", "/v1/state", `1`, 400, `"code":"bad-path"`},
		{"DELETE", "/v1/state", ``, 400, `"code":"bad-path"`},
		{"DELETE", "/v1/state?path=%5B%27a.b%27%5D", ``, 200, `{`},
		{"POST", "/v1/state/load", `{"x":1}`, 200, `{`},
		{"GET", "/v1/state/history?path=pins", "", 200, `"kept":1000`},
		{"GET", "/v1/calls/c1", "", 200, `"line":"await call.gather()"`},
		{"GET", "/v1/calls/c1", "", 200, `"pending":[],"recent":[],"events":[{"seq":`},
		{"GET", "/v1/calls/c9", "", 404, `"code":"no-call"`},
		{"POST", "/v1/eval/main", `{"code":"1+1","call":"c1"}`, 200, `"result":"main c1 1+1 false"`},
		{"POST", "/v1/eval/main", `{"code":"boom"}`, 500, `"name":"TypeError"`},
		{"POST", "/v1/eval/main", `{}`, 400, `"code":"bad-body"`},
	} {
		status, body := ask(t, s, c.method, c.target, func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader(c.body)) })
		if status != c.status || !strings.Contains(body, c.want) {
			t.Errorf("%s %s %s: got %d %s, want %d with %s", c.method, c.target, c.body, status, body, c.status, c.want)
		}
	}
	want := `127.0.0.1 sets ["pins" "1234"] to {"room":"x"},127.0.0.1 sets ["full"] to 1,127.0.0.1 removes ["a.b"],127.0.0.1 loads {"x":1}`
	if got := strings.Join(state.asked, ","); got != want {
		t.Errorf("state was asked %s, want %s", got, want)
	}
}
