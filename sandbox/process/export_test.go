package process

import "runtime"

// Confine is what a child does first.
func Confine() error { return confine() }

// MainUnconfined is a child that does not keep itself to its place of state.
func MainUnconfined() int {
	h, err := newHost()
	if err != nil {
		return 1
	}
	go h.out.run()
	for {
		k, b, err := h.in.next()
		if err != nil {
			return 0
		}
		if k == kindLoad {
			var o order
			if decode(b, &o) != nil {
				return 1
			}
			o.Options.StateOnly = nil
			b = appendFrame(nil, k, &o)[5:]
		}
		if err := h.take(k, b); err != nil {
			return 1
		}
	}
}

// Pid is the process that serves, once it has begun.
func (g *Generation) Pid() int {
	g.mu.Lock()
	c := g.child
	g.mu.Unlock()
	for c.pid.Load() == 0 {
		runtime.Gosched()
	}
	return int(c.pid.Load())
}

// Replaced is closed when the child that serves now is no more, its units have been
// told, and another serves.
func (g *Generation) Replaced() <-chan struct{} {
	g.mu.Lock()
	c := g.child
	g.mu.Unlock()
	done := make(chan struct{})
	go func() {
		defer close(done)
		<-c.over
	}()
	return done
}
