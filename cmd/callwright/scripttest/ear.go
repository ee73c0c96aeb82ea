package scripttest

import (
	"sync"
	"time"
)

const (
	rate = 8000
	// kept is how much of what was heard is looked at, longestPad how much silence is
	// put where nothing came.
	kept       = 5 * 60 * rate
	longestPad = 10 * rate
)

// ear keeps what a phone hears, in its place in time: where no frame came there is
// silence. Positions count samples since the call's beginning.
type ear struct {
	mu     sync.Mutex
	began  time.Time
	audio  []int16
	first  int // position of audio[0]
	cursor int // what lies before has been dealt with
	frames int // heard in this call
}

func newEar() *ear { return &ear{began: time.Now()} }

// begin is a new call.
func (e *ear) begin() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.began, e.audio, e.first, e.cursor, e.frames = time.Now(), e.audio[:0], 0, 0, 0
}

func (e *ear) now() int { return int(time.Since(e.began) * rate / time.Second) }

// hear runs on the phone's goroutine.
func (e *ear) hear(frame []int16) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.frames++
	e.fill(e.now() - len(frame))
	e.audio = append(e.audio, frame...)
	if over := len(e.audio) - kept; over > kept/4 {
		e.audio = e.audio[:copy(e.audio, e.audio[over:])]
		e.first += over
	}
}

// fill puts silence up to a position; jitter of three frames is none.
func (e *ear) fill(to int) {
	gap := to - (e.first + len(e.audio))
	if gap < 480 {
		return
	}
	if gap > longestPad {
		e.first, e.audio = to-longestPad, e.audio[:0]
		gap = longestPad
	}
	e.audio = append(e.audio, make([]int16, gap)...)
}

// forget passes over what was heard so far.
func (e *ear) forget() { e.pass(e.now()) }

func (e *ear) pass(to int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.cursor = max(e.cursor, to)
}

// since copies what was heard from a position on, and from the cursor at least; at is
// where the copy begins.
func (e *ear) since(from int) (audio []int16, at int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.fill(e.now() - 480)
	at = max(from, e.cursor, e.first)
	if i := at - e.first; i < len(e.audio) {
		return append([]int16(nil), e.audio[i:]...), at
	}
	return nil, at
}

// copyOf is what was heard from a time on, whether or not it has been dealt with.
func (e *ear) copyOf(from time.Time) []int16 {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.fill(e.now() - 480)
	at := max(int(from.Sub(e.began)*rate/time.Second), e.first)
	return append([]int16(nil), e.audio[min(at-e.first, len(e.audio)):]...)
}

// last is the second heard last.
func (e *ear) last() []int16 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]int16(nil), e.audio[max(0, len(e.audio)-rate):]...)
}
