package control

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// logbook is a Sink that remembers.
type logbook struct {
	mu     sync.Mutex
	events []HubEvent
	at     []time.Time
}

func (b *logbook) sink(e HubEvent) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e.Kind == Beaten {
		return
	}
	b.events, b.at = append(b.events, e), append(b.at, time.Now())
}

// lines tells what happened as "up a", "down a: why", "reported a 1 2".
func (b *logbook) lines() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []string
	for _, e := range b.events {
		switch e.Kind {
		case Up:
			out = append(out, "up "+e.Worker)
		case Down:
			out = append(out, "down "+e.Worker)
		case Reported:
			line := "reported " + e.Worker
			for _, ev := range e.Report.Events {
				line += fmt.Sprintf(" %d:%s", ev.Seq, ev.GetDigit().GetDigit())
			}
			out = append(out, line)
		}
	}
	return out
}

func (b *logbook) want(t *testing.T, want ...string) {
	t.Helper()
	if got := b.lines(); strings.Join(got, ", ") != strings.Join(want, ", ") {
		t.Errorf("events %q, want %q", got, want)
	}
}

func (b *logbook) last() (HubEvent, time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.events) == 0 {
		return HubEvent{}, time.Time{}
	}
	return b.events[len(b.events)-1], b.at[len(b.at)-1]
}

// robot is a Worker that notes what it is told, and can be frozen.
type robot struct {
	name   string
	freeze chan struct{} // Obey waits for it, if not nil

	mu    sync.Mutex
	notes []string
}

func (r *robot) note(format string, v ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.notes = append(r.notes, fmt.Sprintf(format, v...))
}

func (r *robot) Hello() *Hello { return &Hello{Kind: Kind_SBC, Name: r.name} }
func (r *robot) Obey(epoch uint64, t *Turn) {
	for _, c := range t.Commands {
		r.note("%d/%d", epoch, c.Id)
	}
	if r.freeze != nil {
		<-r.freeze
	}
}
func (r *robot) Load() (uint32, []*Counter) { return 7, nil }
func (r *robot) Connected(epoch uint64)     { r.note("connected %d", epoch) }
func (r *robot) Disconnected(why string)    { r.note("disconnected") }
func (r *robot) want(t *testing.T, want string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if got := strings.Join(r.notes, ", "); got != want {
		t.Errorf("worker %s noted %q, want %q", r.name, got, want)
	}
}

func turn(id uint64) *Turn { return &Turn{Commands: []*Command{{Id: id}}} }

func digit(d string) *Event { return &Event{Body: &Event_Digit{Digit: &Digit{Digit: d}}} }

// run starts a client and returns its end and how it ended.
func run(t *testing.T, c *Client, w Worker) (cancel func(), ended chan error) {
	ctx, cancel := context.WithCancel(t.Context())
	ended = make(chan error, 1)
	go func() { ended <- c.Run(ctx, w) }()
	return cancel, ended
}

const ms = time.Millisecond
