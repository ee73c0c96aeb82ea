package main

import (
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// countedWriter counts writes, which are system calls elsewhere.
type countedWriter struct {
	strings.Builder
	writes int
}

func (c *countedWriter) Write(b []byte) (int, error) {
	c.writes++
	return c.Builder.Write(b)
}

// Lines go together after a moment; a warning takes along what waits, in order.
func TestLogLinesGoTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var to countedWriter
		lines := &logLines{to: &to}
		log := slog.New(promptly{slog.NewTextHandler(lines, nil), lines}).With("call", 1)
		log.Info("one")
		log.Info("two")
		if to.writes != 0 {
			t.Errorf("written at once: %q", to.String())
		}
		time.Sleep(logDelay)
		synctest.Wait()
		if to.writes != 1 || strings.Count(to.String(), "\n") != 2 {
			t.Errorf("%d writes: %q", to.writes, to.String())
		}
		log.Info("three")
		log.Warn("four")
		if to.writes != 2 || strings.Index(to.String(), "three") > strings.Index(to.String(), "four") {
			t.Errorf("%d writes: %q", to.writes, to.String())
		}
		log.Info(strings.Repeat("x", maxLogged))
		if to.writes != 3 {
			t.Errorf("much waits: %d writes", to.writes)
		}
		time.Sleep(time.Second)
	})
}
