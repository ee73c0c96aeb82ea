package process

import (
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// watchdog ends a child in which one unit runs for too long. It looks at the board a
// few times a budget while answers are waited for, and costs nothing otherwise.
//
// Time on a starved machine is not the script's: the child is ended only when it has
// had half the limit of processor time, or after ten times the limit.
type watchdog struct {
	c *child

	mu      sync.Mutex
	limit   time.Duration // for one run, or for a load; set by watch and load
	loading bool          // the program's top level is to be run
	ready   bool          // its realm is made: what takes long now is the program's
	timer   *time.Timer
	armed   bool
	off     bool
	excused bool // it waits for something of ours

	run  uint64 // the board's counter when last looked at
	on   bool
	from time.Time // when that run was seen first
	cpu  time.Duration
}

const (
	idleLimit = 10 * time.Second // for a child that owes answers and runs nothing
	patience  = 10               // limits of wall time that end a child in any case
)

// watch sets the limit by the budget of an activation, whose interrupt comes well before.
func (d *watchdog) watch(budget time.Duration) { d.bound(budget, false) }

// load sets the limit by the budget of a program's top level, which no board shows.
func (d *watchdog) load(budget time.Duration) { d.bound(budget, true) }

func (d *watchdog) bound(budget time.Duration, loading bool) {
	d.mu.Lock()
	d.limit, d.loading = 2*budget+50*time.Millisecond, loading
	d.begin(d.run, d.on)
	d.mu.Unlock()
}

// prepared says that the child has its realm.
func (d *watchdog) prepared() {
	d.mu.Lock()
	d.ready = true
	d.begin(d.run, d.on)
	d.mu.Unlock()
}

func (d *watchdog) pace() time.Duration { return max(d.limit/8, 10*time.Millisecond) }

func (d *watchdog) wake() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.armed || d.off {
		return
	}
	d.armed = true
	d.begin(d.c.board.running())
	if d.timer == nil {
		d.timer = time.AfterFunc(d.pace(), d.look)
	} else {
		d.timer.Reset(d.pace())
	}
}

func (d *watchdog) stop() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.off = true
	if d.timer != nil {
		d.timer.Stop()
	}
}

// excuse brackets a wait for which the child is not to blame.
func (d *watchdog) excuse(on bool) {
	d.mu.Lock()
	d.excused = on
	d.begin(d.run, d.on)
	d.mu.Unlock()
}

func (d *watchdog) begin(run uint64, on bool) {
	d.run, d.on, d.from, d.cpu = run, on, time.Now(), processTime(d.c.pid.Load())
}

// look is the timer's.
func (d *watchdog) look() {
	if !d.judge() {
		return
	}
	if d.c.owes() {
		d.c.hang()
	} else {
		d.c.jobs.Store(0) // what was asked last needs no answer any more
	}
}

// judge says that the child is late, and stops looking then.
func (d *watchdog) judge() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.armed = false
	if d.off || d.c.jobs.Load() <= 0 {
		return false
	}
	if run, on := d.c.board.running(); run != d.run || d.excused {
		d.begin(run, on)
	} else if d.late() {
		return true
	}
	d.armed = true
	d.timer.Reset(d.pace())
	return false
}

func (d *watchdog) late() bool {
	limit := idleLimit
	if d.on || d.loading && d.ready {
		limit = d.limit
	}
	ran := time.Since(d.from)
	if ran < limit {
		return false
	}
	return ran > patience*limit || processTime(d.c.pid.Load())-d.cpu > limit/2
}

// processTime is the processor time a process has used, 0 if that cannot be told
// (clock_getcpuclockid(3)).
func processTime(pid int64) time.Duration {
	if pid == 0 {
		return 0
	}
	var t unix.Timespec
	if unix.ClockGettime(int32(^pid<<3|2), &t) != nil {
		return 0
	}
	return time.Duration(t.Nano())
}
