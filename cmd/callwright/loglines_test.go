package main

import (
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// countedWriter counts writes, which are system calls elsewhere.
type countedWriter struct {
	mu     sync.Mutex
	text   strings.Builder
	writes int
}

func (c *countedWriter) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writes++
	return c.text.Write(b)
}

func (c *countedWriter) wants(t *testing.T, what string, writes int, text string) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.writes != writes || !strings.Contains(c.text.String(), text) {
		t.Errorf("%s: %d writes, want %d with %q: %q", what, c.writes, writes, text, c.text.String())
	}
}

// Lines go together after a moment; a warning takes along what waits, in order.
func TestLogLinesGoTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var to countedWriter
		lines := &logLines{to: &to}
		log := slog.New(promptly{slog.NewTextHandler(lines, nil), lines}).With("call", 1)
		log.Info("one")
		log.Info("two")
		to.wants(t, "at once", 0, "")
		time.Sleep(logDelay)
		synctest.Wait()
		to.wants(t, "after a moment", 1, "msg=two call=1\n")
		log.Info("three")
		log.Warn("four")
		to.wants(t, "a warning", 2, "msg=three call=1\n")
		log.Info(strings.Repeat("x", maxLogged))
		to.wants(t, "much that waits", 3, "xxx")
		time.Sleep(time.Second)
	})
}
