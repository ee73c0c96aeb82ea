package main

import (
	"context"
	"sync"
	"time"

	"github.com/callwright/callwright/cmd/callwright/scripttest"
	"github.com/callwright/callwright/sandbox"
)

// stepLog keeps what the flows of a test's calls begin, by unit.
type stepLog struct {
	mu    sync.Mutex
	steps map[string][]scripttest.Step
	units map[string]string // SIP Call-ID to unit
}

func newStepLog() *stepLog {
	return &stepLog{steps: map[string][]scripttest.Step{}, units: map[string]string{}}
}

// observe runs on isolates' goroutines.
func (s *stepLog) observe(r sandbox.Result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, op := range r.Ops {
		if op.Method != "setTimeout" && op.Method != "clearTimeout" && op.Method != "answer" { // "answered" says it
			s.steps[r.Unit] = append(s.steps[r.Unit], scripttest.Step{At: time.Now(), What: op.Method, Line: op.Line})
		}
	}
}

// Steps implements scripttest.Engine.
func (w *wholeEngine) Steps(sipCallID string) []scripttest.Step {
	w.meet()
	w.steps.mu.Lock()
	defer w.steps.mu.Unlock()
	return append([]scripttest.Step(nil), w.steps.steps[w.steps.units[sipCallID]]...)
}

// meet learns which unit is which SIP call, while they are up.
func (w *wholeEngine) meet() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	calls, err := w.brain.engine.Calls(ctx)
	if err != nil {
		return // its end: what is known must do
	}
	w.steps.mu.Lock()
	defer w.steps.mu.Unlock()
	for _, c := range calls {
		w.steps.units[c.SIPCallID] = c.ID
	}
}

// State implements scripttest.Engine.
func (w *wholeEngine) State() *sandbox.State { return w.brain.tree }

// keptLog keeps the engine's lines for a test that fails.
type keptLog struct {
	mu    sync.Mutex
	lines []byte
}

func (l *keptLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, b...)
	return len(b), nil
}

func (l *keptLog) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.lines)
}
