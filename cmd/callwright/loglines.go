package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"sync"
	"time"
)

// logDelay is how long a line of the log may wait for others to go with: a write to a pipe
// costs its writer and its reader a system call each, and a busy brain has a thousand lines
// a second.
const logDelay = 10 * time.Millisecond

const maxLogged = 64 << 10 // bytes that wait

// logLines gathers what is written to it. All methods may be called by any goroutine.
type logLines struct {
	to      io.Writer
	mu      sync.Mutex
	waiting bytes.Buffer
}

// Write never fails: nobody is left to tell.
func (l *logLines) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting.Len() == 0 {
		time.AfterFunc(logDelay, l.Flush)
	}
	l.waiting.Write(line)
	if l.waiting.Len() > maxLogged {
		l.flush()
	}
	return len(line), nil
}

// Flush writes what waits.
func (l *logLines) Flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.flush()
}

func (l *logLines) flush() {
	if l.waiting.Len() > 0 {
		l.to.Write(l.waiting.Bytes())
		l.waiting.Reset()
	}
}

// promptly is a slog.Handler whose warnings and errors wait for nothing.
type promptly struct {
	slog.Handler
	lines *logLines
}

func (p promptly) Handle(ctx context.Context, r slog.Record) error {
	err := p.Handler.Handle(ctx, r)
	if r.Level >= slog.LevelWarn {
		p.lines.Flush()
	}
	return err
}

func (p promptly) WithAttrs(attrs []slog.Attr) slog.Handler {
	return promptly{p.Handler.WithAttrs(attrs), p.lines}
}

func (p promptly) WithGroup(name string) slog.Handler {
	return promptly{p.Handler.WithGroup(name), p.lines}
}
