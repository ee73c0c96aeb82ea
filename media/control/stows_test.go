package control

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func stow(key, text string, version uint64, behind bool) *Stow {
	return &Stow{Key: key, Version: version, Sealed: []byte(text), Append: behind}
}

// offered is what the hub was offered and answered, as "a/1:whole+more", "kept 3", "last".
func offered(b *logbook) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []string
	for _, e := range b.events {
		if e.Kind == Kept {
			out = append(out, fmt.Sprintf("kept %d", e.Stowed))
		}
		if e.Kind != Offered {
			continue
		}
		for _, p := range e.Offer.Parcels {
			text := fmt.Sprintf("%s/%d:%s", p.Key, p.Epoch, p.Sealed)
			for _, m := range p.More {
				text += "+" + string(m.Sealed)
			}
			out = append(out, text)
		}
		if e.Offer.Last {
			out = append(out, "last")
		}
	}
	return strings.Join(out, ", ")
}

// What a brain has stowed is offered to the next one, for a minute; pieces go behind
// their own chain only.
func TestParcelsOutliveTheBrain(t *testing.T) {
	for _, c := range []struct {
		away time.Duration
		want string
	}{
		{time.Second, "last, a/1:new+more, c/1:x, last"},
		{59 * time.Second, "last, a/1:new+more, c/1:x, last"},
		{62 * time.Second, "last, last"},
	} {
		t.Run(c.away.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { parcelsAfter(t, c.away, c.want) })
		})
	}
}

func parcelsAfter(t *testing.T, away time.Duration, want string) {
	var first, second logbook
	var at atomic.Pointer[Hub]
	at.Store(NewHub(HubConfig{Epoch: 1, Sink: first.sink}))
	client := NewClient(ClientConfig{Dial: func(ctx context.Context) (Conn, error) { return at.Load().Attach(ctx) }})
	cancel, ended := run(t, client, &robot{name: "w"})
	synctest.Wait()
	at.Load().Send("w", &Turn{Number: 7, Stows: []*Stow{stow("a", "old", 1, false), stow("a", "new", 2, false), stow("a", "more", 3, true),
		stow("b", "lost", 1, true), stow("c", "x", 1, false), stow("d", "y", 1, false), {Key: "d", Version: 2}}})
	synctest.Wait()
	if got := offered(&first); got != "last, kept 7" {
		t.Errorf("the first brain was told %q", got)
	}
	at.Load().Close()
	time.Sleep(away)
	at.Store(NewHub(HubConfig{Epoch: 2, Sink: second.sink}))
	time.Sleep(2 * time.Second)
	if got := "last, " + offered(&second); got != want {
		t.Errorf("the second brain was told %q, want %q", got, want)
	}
	cancel()
	<-ended
	at.Load().Close()
}

// An event is told to each new brain until one has it in safety.
func TestEventsAreToldUntilHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b logbook
		var at atomic.Pointer[Hub]
		at.Store(NewHub(HubConfig{Epoch: 1, Sink: b.sink}))
		c := NewClient(ClientConfig{Dial: func(ctx context.Context) (Conn, error) { return at.Load().Attach(ctx) }})
		cancel, ended := run(t, c, &robot{name: "a"})
		synctest.Wait()
		c.Report(digit("1"))
		c.Report(digit("2"))
		synctest.Wait()
		at.Load().Send("a", &Turn{Heard: 1})
		synctest.Wait()
		at.Load().Close()
		c.Report(digit("3"))
		at.Store(NewHub(HubConfig{Epoch: 2, Sink: b.sink}))
		time.Sleep(2 * time.Second)
		b.want(t, "up a", "reported a 1:1 2:2", "up a", "reported a 2:2 3:3")
		cancel()
		<-ended
		at.Load().Close()
	})
}
