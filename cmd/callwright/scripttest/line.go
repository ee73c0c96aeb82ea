package scripttest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/callwright/callwright/cmd/callwright/phone"
)

// line is one call of a handset.
type line struct {
	b    *bench
	id   string
	end  context.CancelFunc
	keys chan string
	tap  *tap
	over chan struct{} // closed when report is there

	report *phone.Report
	err    error

	mu     sync.Mutex
	steps  []Step
	picked chan struct{} // closed at the answer
	pickAt time.Time
	// dialled and pressed are when the call and its last press began.
	dialled, pressed time.Time
	ear              *ear
	gone             bool // it has ended, and only its last messages are awaited

	// in and called are those of a line that waits for a call; called is told of it on
	// the phone's goroutine.
	in     *incoming
	called func(from string)
}

func (l *line) mark(m phone.Milestone) {
	l.note(m.What)
	if from, ok := strings.CutPrefix(m.What, "call from "); ok && l.called != nil {
		l.called(from)
	}
}

func (l *line) note(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case strings.HasPrefix(what, "180"), strings.HasPrefix(what, "call from "):
		l.steps = append(l.steps, Step{At: time.Now(), What: "ringing"})
	case (strings.HasPrefix(what, "2") || what == "answered") && l.pickAt.IsZero():
		l.steps = append(l.steps, Step{At: time.Now(), What: "answered"})
		l.pickAt = time.Now()
		close(l.picked)
	case strings.HasPrefix(what, "ended"):
		l.steps = append(l.steps, Step{At: time.Now(), What: "ended"})
		l.gone = true
	}
}

// answered is when the call was; zero: it was not.
func (l *line) answered() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.pickAt
}

// ended says whether the call is over, though its report may not be there yet.
func (l *line) ended() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.gone
}

func (l *line) up() bool {
	select {
	case <-l.over:
		return false
	default:
		return true
	}
}

// all is what happened to the call, by phone and flow, in order of time.
func (l *line) all() []Step {
	l.mu.Lock()
	steps := slices.Clone(l.steps)
	l.mu.Unlock()
	steps = append(steps, l.b.engine.Steps(l.tap.callID())...)
	slices.SortStableFunc(steps, func(a, b Step) int {
		return cmp.Or(a.At.Compare(b.At), rank(a)-rank(b))
	})
	return steps
}

// rank orders what happened at one moment: a verb follows the answer, the end is last.
func rank(s Step) int {
	switch s.What {
	case "ringing", "answered":
		return 0
	case "ended":
		return 2
	}
	return 1
}

func (l *line) ladder() []string {
	if l == nil {
		return nil
	}
	return l.tap.lines()
}

func (b *bench) line(id string) *line {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, l := range b.order {
		if l.id == id {
			return l
		}
	}
	return nil
}

// ladders are those of all calls, for a test that failed.
func (b *bench) ladders() (text []string) {
	b.mu.Lock()
	calls := slices.Clone(b.order)
	b.mu.Unlock()
	for _, l := range calls {
		text = append(text, l.ladder()...)
	}
	return text
}

// events checks that all names happened to a call, in their order.
func (b *bench) events(id string, names []string) error {
	l := b.line(id)
	if l == nil {
		return fmt.Errorf("no call %q", id)
	}
	steps := l.all()
	at := 0
	for _, s := range steps {
		if at < len(names) && s.What == names[at] {
			at++
		}
	}
	if at == len(names) {
		return nil
	}
	var happened []string
	for _, s := range steps {
		happened = append(happened, s.What)
	}
	return fmt.Errorf("%s: expected %s, but %q did not happen in its turn; what did: %s",
		id, strings.Join(names, ", "), names[at], strings.Join(happened, ", "))
}
