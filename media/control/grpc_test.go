package control

import (
	"errors"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"testing"
)

// TestLinkOverUnixSocket runs in real time; every wait is for an event.
func TestLinkOverUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control.sock")
	ln, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	events := make(chan HubEvent, 100)
	h := NewHub(HubConfig{Epoch: 2, Secret: "s", Missed: 500, Sink: func(e HubEvent) {
		if e.Kind != Beaten {
			events <- e
		}
	}})
	served := make(chan error, 1)
	go func() { served <- h.Serve(ln) }()

	stranger := DialGRPC("unix:" + path)
	s, err := stranger(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.Send(&ToBrain{Body: &ToBrain_Hello{Hello: &Hello{Name: "x", Instance: "i", Secret: "guess"}}})
	if _, err := s.Recv(); !errors.Is(err, ErrSecret) {
		t.Errorf("wrong secret answered with %v", err)
	}
	s.Close()

	obeyed := make(chan uint64, 100)
	w := told{&robot{name: "sbc-1"}, obeyed}
	c := NewClient(ClientConfig{Dial: DialGRPC("unix:" + path), Secret: "s"})
	cancel, ended := run(t, c, w)
	defer cancel()
	if e := <-events; e.Kind != Up || e.Hello.Name != "sbc-1" || e.Hello.Secret != "" {
		t.Fatalf("first event %+v", e)
	}
	if e := <-events; e.Kind != Offered || !e.Offer.Last {
		t.Fatalf("second event %+v", e)
	}
	for id := uint64(1); id <= 50; id++ {
		if err := h.Send("sbc-1", turn(id)); err != nil {
			t.Fatal(err)
		}
	}
	for id := uint64(1); id <= 50; id++ {
		if got := <-obeyed; got != id {
			t.Fatalf("obeyed %d, want %d", got, id)
		}
	}
	c.Report(digit("5"))
	if e := <-events; e.Kind != Reported || e.Report.Events[0].GetDigit().GetDigit() != "5" {
		t.Fatalf("event %+v", e)
	}
	h.Gone("sbc-1")
	if e := <-events; e.Kind != Down {
		t.Fatalf("event %+v", e)
	}
	if err := <-ended; !errors.Is(err, ErrReplaced) {
		t.Errorf("Run: %v", err)
	}
	h.Close()
	if err := <-served; err != nil {
		t.Errorf("Serve: %v", err)
	}
}

// A brain that closes in order says so, and its workers raise no alarm. Real time;
// every wait is for an event.
func TestGoodbyeIsNoAlarm(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control.sock")
	log := make(logLines, 100)
	c := NewClient(ClientConfig{Dial: DialGRPC("unix:" + path), Log: slog.New(slog.NewTextHandler(log, nil))})
	cancel, ended := run(t, c, &robot{name: "sbc-1"}) // before its brain is there
	ln, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	up := make(chan HubEvent, 100)
	h := NewHub(HubConfig{Epoch: 2, Missed: 500, Sink: func(e HubEvent) {
		if e.Kind == Up {
			up <- e
		}
	}})
	served := make(chan error, 1)
	go func() { served <- h.Serve(ln) }()
	<-up
	h.Close()
	if err := <-served; err != nil {
		t.Errorf("Serve: %v", err)
	}
	for line := ""; !strings.Contains(line, "the brain has ended"); {
		if line = <-log; strings.Contains(line, "WARN") {
			t.Fatalf("in an orderly life and end: %s", line)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
}

type logLines chan string

func (l logLines) Write(b []byte) (int, error) {
	l <- string(b)
	return len(b), nil
}

type told struct {
	*robot
	obeyed chan uint64
}

func (w told) Obey(_ uint64, t *Turn) {
	for _, c := range t.Commands {
		w.obeyed <- c.Id
	}
}
