package scripttest

import "sync"

// speech is something being said.
type speech struct {
	read func(frame []int16) bool // false: this was the last frame
	said chan struct{}
}

// mouth says one speech after another. speak and quiet run on the phone's goroutine.
type mouth struct {
	mu   sync.Mutex
	todo []*speech
	wake chan struct{}
}

func (m *mouth) waker() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.wake == nil {
		m.wake = make(chan struct{}, 1)
	}
	return m.wake
}

func (m *mouth) say(s *speech) {
	m.mu.Lock()
	m.todo = append(m.todo, s)
	m.mu.Unlock()
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// hush forgets what a former call has not let be said.
func (m *mouth) hush() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.todo = nil
}

func (m *mouth) quiet() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.todo) == 0
}

func (m *mouth) speak(frame []int16) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.todo) == 0 {
		return
	}
	if s := m.todo[0]; !s.read(frame) {
		close(s.said)
		m.todo = m.todo[1:]
	}
}
