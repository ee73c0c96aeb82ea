package scripttest

import (
	"bytes"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"
)

// tap is a phone's SIP socket that keeps what passes, for the ladder.
type tap struct {
	net.PacketConn
	who   string
	began time.Time

	mu   sync.Mutex
	seen []string
	id   string
}

func (t *tap) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := t.PacketConn.ReadFrom(b)
	if err == nil {
		t.note(b[:n], "←")
	}
	return n, from, err
}

func (t *tap) WriteTo(b []byte, to net.Addr) (int, error) {
	t.note(b, "→")
	return t.PacketConn.WriteTo(b, to)
}

const longestLadder = 500

func (t *tap) note(b []byte, arrow string) {
	first, rest, _ := bytes.Cut(b, []byte("\r\n"))
	what := strings.TrimSuffix(string(first), " SIP/2.0")
	what = strings.TrimPrefix(what, "SIP/2.0 ")
	t.mu.Lock()
	defer t.mu.Unlock()
	for l := range bytes.SplitSeq(rest, []byte("\r\n")) {
		name, value, _ := bytes.Cut(l, []byte(":"))
		switch strings.ToLower(string(bytes.TrimSpace(name))) {
		case "call-id", "i":
			t.id = string(bytes.TrimSpace(value))
		case "cseq":
			if arrow == "←" && !strings.Contains(what, ":") {
				what += " (" + string(bytes.TrimSpace(value)) + ")"
			}
		}
	}
	if len(t.seen) < longestLadder {
		t.seen = append(t.seen, fmt.Sprintf("%10.3fs  %s %s engine  %s", time.Since(t.began).Seconds(), t.who, arrow, what))
	}
}

func (t *tap) callID() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.id
}

func (t *tap) lines() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]string(nil), t.seen...)
}
