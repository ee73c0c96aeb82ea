package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/netip"
	"strings"
	"testing"

	"github.com/callwright/callwright/sbc/link/socket"
)

// Where there can be no ring, auto takes sockets and says why; asked for by name, the
// ring is an error.
func TestLinkAutoFallsBackAloud(t *testing.T) {
	first, err := freePorts(2)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	s := slice{netip.MustParseAddr("127.0.0.1"), uint16(first), 2}
	l, err := (&linkFlags{link: linkAuto}).open(s, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, is := l.(*socket.Link); !is || !strings.Contains(log.String(), "reached within this machine only") {
		t.Errorf("%T; %s", l, log.String())
	}
	if _, err := (&linkFlags{link: linkRing}).open(s, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "--link ring: ") {
		t.Errorf("ring on loopback: %v", err)
	}
}

func TestDoctor(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if code := execute([]string{"sbc", "doctor", "--json"}, &stdout, &stderr); code != 0 {
		t.Fatalf("code %d: %s", code, stderr.String())
	}
	works := map[string]bool{}
	for line := range strings.Lines(stdout.String()) {
		var f finding
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			t.Fatal(err)
		}
		works[f.Link] = f.Works
		if f.Why == "" || !f.Works && f.Do == "" {
			t.Errorf("%+v", f)
		}
	}
	if ring, known := works[linkRing]; ring || !known || !works[linkSocket] {
		t.Errorf("on loopback: %v", works)
	}
	stdout.Reset()
	if execute([]string{"sbc", "doctor"}, &stdout, &stderr); !strings.Contains(stdout.String(), "--link auto takes socket\n") {
		t.Errorf("%s", stdout.String())
	}
}
