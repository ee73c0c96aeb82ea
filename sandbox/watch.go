package sandbox

import (
	"errors"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dop251/goja"
)

// What an interrupt carries.
var (
	errBudget = errors.New("sandbox: budget")
	errHeap   = errors.New("sandbox: heap")
)

// lookEvery is how often a running script's memory is looked at, at the cost of half a
// microsecond.
const lookEvery = 5 * time.Millisecond

// watch interrupts a runtime that runs longer than its budget. One timer serves an
// isolate for its life. In a synctest bubble time stands still while code runs, so
// there an endless loop is not interrupted.
//
// The budget is wall time, for Go cannot tell a goroutine's own. So that a starved
// machine does not cost calls, the interrupt comes only after the process has had the
// budget of processor time too, counted from the first look, or maxGrace budgets of
// wall time.
type watch struct {
	mu     sync.Mutex
	rt     *goja.Runtime
	budget time.Duration
	timer  *time.Timer
	began  time.Time // of the running stretch
	spent  time.Duration
	on     bool
	looked bool          // since it began
	seen   time.Duration // how long it had run at the first look
	cpu    time.Duration // of the process at the first look
	fired  atomic.Bool   // read by builtins that walk far

	growth int64 // bytes by which the process may grow in one activation; 0: without end
	heap   int64 // of the process when it began
	sample [1]metrics.Sample
}

const maxGrace = 10

// start begins an activation, stop ends it and tells how long it ran and whether it
// was interrupted.
func (w *watch) start() {
	w.mu.Lock()
	w.spent, w.looked = 0, false
	w.fired.Store(false)
	w.heap = w.size()
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
	left := max(min(w.budget-w.spent, lookEvery), time.Millisecond)
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
	if w.growth > 0 && w.size()-w.heap > w.growth {
		w.fired.Store(true)
		w.rt.Interrupt(errHeap)
		return
	}
	if !w.looked {
		w.looked, w.seen, w.cpu = true, ran, processTime()
	}
	if left := w.left(ran); left > 0 {
		w.timer.Reset(max(min(left, lookEvery), time.Millisecond))
		return
	}
	w.fired.Store(true)
	w.rt.Interrupt(errBudget)
}

// left is how long the script may still run, at least.
func (w *watch) left(ran time.Duration) time.Duration {
	if left := w.budget - ran; left > 0 || ran >= maxGrace*w.budget {
		return left
	}
	return w.budget - min(w.seen, lookEvery) - (processTime() - w.cpu)
}

// size is what all objects of the process take, garbage included: a rough measure, which
// is why growth is generous.
func (w *watch) size() int64 {
	if w.growth <= 0 {
		return 0
	}
	w.sample[0].Name = "/memory/classes/heap/objects:bytes"
	metrics.Read(w.sample[:])
	return int64(w.sample[0].Value.Uint64())
}
