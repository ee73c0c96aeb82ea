package sandbox

import (
	"errors"
	"sync"
	"time"

	"github.com/dop251/goja"
)

// errBudget is what an interrupt carries.
var errBudget = errors.New("sandbox: budget")

// watch interrupts a runtime that runs longer than its budget. One timer serves an
// isolate for its life. In a synctest bubble time stands still while code runs, so
// there an endless loop is not interrupted.
type watch struct {
	mu     sync.Mutex
	rt     *goja.Runtime
	budget time.Duration
	timer  *time.Timer
	began  time.Time // of the running stretch
	spent  time.Duration
	on     bool
	fired  bool
}

// start begins an activation, stop ends it and tells how long it ran and whether it
// was interrupted.
func (w *watch) start() {
	w.mu.Lock()
	w.spent, w.fired = 0, false
	w.run()
	w.mu.Unlock()
}

func (w *watch) stop() (ran time.Duration, fired bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.halt()
	return w.spent, w.fired
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
	left := w.budget - w.spent
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
	if left := w.budget - w.spent - time.Since(w.began); left > 0 {
		w.timer.Reset(left)
		return
	}
	w.fired = true
	w.rt.Interrupt(errBudget)
}
