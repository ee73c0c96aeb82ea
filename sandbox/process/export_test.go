package process

// Confine is what a child does first.
func Confine() error { return confine() }

// Pid is the process that serves.
func (g *Generation) Pid() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return int(g.child.pid.Load())
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
