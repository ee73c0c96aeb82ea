package sandbox

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dop251/goja"
)

// errBudget is what an interrupt carries.
var errBudget = errors.New("sandbox: budget")

// watch interrupts a runtime that runs longer than its budget. One timer serves an
// isolate for its life. In a synctest bubble time stands still while code runs, so
// there an endless loop is not interrupted.
//
// The budget is wall time, for Go cannot tell a goroutine's own. So that a starved
// machine does not cost calls, the interrupt comes only after the process has had
// half the budget of processor time more, or maxGrace budgets of wall time.
type watch struct {
	mu     sync.Mutex
	rt     *goja.Runtime
	budget time.Duration
	timer  *time.Timer
	began  time.Time // of the running stretch
	spent  time.Duration
	on     bool
	late   bool          // the budget has run out, the grace runs
	cpu    time.Duration // of the process, when it ran out
	fired  atomic.Bool   // read by builtins that walk far
}

const maxGrace = 10

// start begins an activation, stop ends it and tells how long it ran and whether it
// was interrupted.
func (w *watch) start() {
	w.mu.Lock()
	w.spent, w.late = 0, false
	w.fired.Store(false)
	w.run()
	w.mu.Unlock()
}

func (w *watch) stop() (ran time.Duration, fired bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.halt()
	return w.spent, w.fired.Load()
}

// allow changes the budget, between activations.
func (w *watch) allow(budget time.Duration) {
	w.mu.Lock()
	w.budget = budget
	w.mu.Unlock()
}

// pause and resume bracket a wait that is not the script's doing.
func (w *watch) pause() {
	w.mu.Lock()
	w.halt()
	w.mu.Unlock()
}

func (w *watch) resume() {
	w.mu.Lock()
	w.run()
	w.mu.Unlock()
}

func (w *watch) run() {
	w.on, w.began = true, time.Now()
	left := max(w.budget-w.spent, time.Millisecond)
	if w.timer == nil {
		w.timer = time.AfterFunc(left, w.ring)
	} else {
		w.timer.Reset(left)
	}
}

func (w *watch) halt() {
	if w.on {
		w.on = false
		w.spent += time.Since(w.began)
		w.timer.Stop()
	}
}

// ring may come late, for an activation that has ended: then another is measured.
func (w *watch) ring() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.on {
		return
	}
	ran := w.spent + time.Since(w.began)
	if left := w.budget - ran; left > 0 {
		w.timer.Reset(left)
		return
	}
	if !w.late {
		w.late, w.cpu = true, processTime()
	}
	if left := w.budget/2 - (processTime() - w.cpu); left > 0 && ran < maxGrace*w.budget {
		w.timer.Reset(max(left/2, time.Millisecond))
		return
	}
	w.fired.Store(true)
	w.rt.Interrupt(errBudget)
}
