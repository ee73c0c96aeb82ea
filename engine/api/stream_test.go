package api

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/callwright/callwright/engine/events"
)

// ringServer has a few lines and events, on a real listener whose own limits are so
// short that a stream would feel them.
func ringServer(t *testing.T) (*httptest.Server, *events.Ring[events.Line], *events.Ring[events.Event]) {
	t.Helper()
	lines, evs := events.NewRing[events.Line](100), events.NewRing[events.Event](100)
	for i, level := range []string{"info", "warn", "error"} {
		lines.Put(events.Line{Level: level, Text: fmt.Sprint("line ", i), Call: "c1", App: "main"})
	}
	evs.Put(events.Event{Type: events.CallStarted, Call: "c1", App: "main"})
	evs.Put(events.Event{Type: events.WorkerUp, Worker: "sbc-1"})
	h := New(Config{Token: secret, Log: slog.New(slog.DiscardHandler), Logs: lines, Events: evs}, &fakeEngine{})
	s := httptest.NewUnstartedServer(h)
	s.Config.ReadTimeout, s.Config.WriteTimeout = 100*time.Millisecond, 100*time.Millisecond
	s.Start()
	t.Cleanup(s.Close)
	return s, lines, evs
}

func open(t *testing.T, s *httptest.Server, path string, header ...string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", s.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+secret)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

// texts reads a stream that ends.
func texts(t *testing.T, resp *http.Response) (list []string, last uint64) {
	t.Helper()
	sc := bufio.NewScanner(resp.Body)
	for sc.Scan() {
		var l events.Line
		if err := json.Unmarshal(sc.Bytes(), &l); err != nil {
			t.Fatalf("%s: %v", sc.Text(), err)
		}
		list, last = append(list, l.Text), l.Seq
	}
	return list, last
}

func TestLogsAreFiltered(t *testing.T) {
	s, lines, _ := ringServer(t)
	seq := lines.Put(events.Line{Level: "info", Text: "other", Call: "c2", App: "echo"})
	for query, want := range map[string]string{
		"":                                  "line 0,line 1,line 2,other",
		"?level=warn":                       "line 1,line 2",
		"?call=c2":                          "other",
		"?app=main&last=1":                  "line 2",
		"?last=0":                           "line 0,line 1,line 2,other",
		"?call=nobody":                      "",
		fmt.Sprintf("?since=%d", seq-1):     "other",
		fmt.Sprintf("?since=%d", seq):       "",
		fmt.Sprint("?last=3&since=", seq-1): "other",
	} {
		got, last := texts(t, open(t, s, "/v1/logs"+query))
		if strings.Join(got, ",") != want {
			t.Errorf("%s: %q, want %s", query, got, want)
		}
		if strings.HasSuffix(want, "other") && last != seq {
			t.Errorf("%s: number %d, put as %d", query, last, seq)
		}
	}
	for _, query := range []string{"?level=loud", "?since=x", "?last=-1", "?follow=maybe"} {
		if resp := open(t, s, "/v1/logs"+query); resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %s", query, resp.Status)
		}
	}
	if resp := open(t, s, "/v1/logs", "Authorization", "Bearer x"); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("without the token: %s", resp.Status)
	}
}

// A stream goes on past the limits that the server has for ordinary requests.
func TestLogsFollow(t *testing.T) {
	s, lines, _ := ringServer(t)
	resp := open(t, s, "/v1/logs?follow=1&last=1")
	sc := bufio.NewScanner(resp.Body)
	next := func() (l events.Line) {
		if !sc.Scan() {
			t.Fatalf("the stream ended: %v", sc.Err())
		}
		if err := json.Unmarshal(sc.Bytes(), &l); err != nil {
			t.Fatal(err)
		}
		return l
	}
	if l := next(); l.Text != "line 2" {
		t.Fatalf("began with %+v", l)
	}
	limits := time.NewTimer(250 * time.Millisecond)
	defer limits.Stop()
	<-limits.C
	lines.Put(events.Line{Level: "info", Text: "late"})
	l := next()
	if l.Text != "late" {
		t.Fatalf("went on with %+v", l)
	}
	resp.Body.Close()
	lines.Put(events.Line{Level: "info", Text: "missed"})
	if got, _ := texts(t, open(t, s, fmt.Sprint("/v1/logs?since=", l.Seq))); len(got) != 1 || got[0] != "missed" {
		t.Errorf("who comes back gets %q", got)
	}
}

func TestEventsAsServerSentEvents(t *testing.T) {
	s, _, evs := ringServer(t)
	resp := open(t, s, "/v1/events?follow=1&type=call", "Accept", "text/event-stream")
	if got := resp.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("Content-Type %s", got)
	}
	r := bufio.NewReader(resp.Body)
	read := func() (id uint64, data string) {
		if _, err := fmt.Fscanf(r, "id: %d\n", &id); err != nil {
			t.Fatal(err)
		}
		data, err := r.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		r.ReadString('\n')
		return id, data
	}
	if _, data := read(); !strings.Contains(data, `"type":"call.started"`) {
		t.Errorf("first %s", data)
	}
	evs.Put(events.Event{Type: events.WorkerDown, Worker: "sbc-1"})
	seq := evs.Put(events.Event{Type: events.CallEnded, Call: "c1", Cause: "busy"})
	id, data := read()
	if id != seq || !strings.Contains(data, `"cause":"busy"`) {
		t.Errorf("then %d %s, put as %d", id, data, seq)
	}
	back := open(t, s, "/v1/events", "Last-Event-ID", fmt.Sprint(seq-1))
	if got, last := texts(t, back); len(got) != 1 || last != seq || back.Header.Get(OldestHeader) != fmt.Sprint(evs.Oldest()) {
		t.Errorf("who comes back gets %d events up to %d", len(got), last)
	}
}

func TestWithoutRings(t *testing.T) {
	for _, path := range []string{"/v1/logs", "/v1/events", "/v1/state", "/v1/state/history", "/v1/calls/c1"} {
		if status, body := ask(t, newServer(&fakeEngine{}), "GET", path, nil); status != 404 || !strings.Contains(body, "not-here") {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
}
