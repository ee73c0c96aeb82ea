package sandbox

// Budgets are what one unit may have, and an isolate. A zero is the default.
type Budgets struct {
	Operations int // pending at a time; 10000
	Timers     int // running at a time; 1000
	Callbacks  int // functions given to operations; 10000
	Listeners  int // for one event of one object; 1000
	LogLines   int // an activation; 100
	LogRate    int // lines a second of the unit's time; 200
	// Growth is how many bytes the process may grow by while one activation runs: what
	// exceeds it is taken for a bomb, and its isolate is thrown away; 256 MiB. Memory that
	// is kept from activation to activation is bounded by process isolation alone.
	Growth int64
}

func (b *Budgets) fill() {
	or := func(n *int, otherwise int) {
		if *n <= 0 {
			*n = otherwise
		}
	}
	or(&b.Operations, maxPending)
	or(&b.Timers, maxTimers)
	or(&b.Callbacks, maxCallbacks)
	or(&b.Listeners, maxTimers)
	or(&b.LogLines, maxLogs)
	or(&b.LogRate, maxRate)
	if b.Growth <= 0 {
		b.Growth = maxGrowth
	}
}
