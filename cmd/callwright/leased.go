package main

import (
	"errors"

	"github.com/callwright/callwright/engine/call"
	"github.com/callwright/callwright/engine/fetch"
	"github.com/callwright/callwright/engine/signal"
	"github.com/callwright/callwright/engine/ws"
	"github.com/callwright/callwright/media/control"
)

// errNotActive is what an act without a lease comes to. Nobody is told: the process ends.
var errNotActive = errors.New("this brain is no longer active")

// holder says whether this brain may act, as *cluster.Store does.
type holder interface{ Held() bool }

// leasedWire and leasedHub let nothing out once the lease is gone. They look at the
// clock at each message, so a process that was stopped and goes on says nothing more,
// whatever its timers do.
type leasedWire struct {
	*signal.Edge
	lease holder
}

func (w leasedWire) Send(m call.Send) {
	if w.lease.Held() {
		w.Edge.Send(m)
	}
}

type leasedHub struct {
	*control.Hub
	lease holder
}

func (h leasedHub) Send(worker string, t *control.Turn) error {
	if !h.lease.Held() {
		return errNotActive
	}
	return h.Hub.Send(worker, t)
}

// leasedSockets lets no script open or use a connection without the lease.
type leasedSockets struct {
	*ws.Edge
	lease holder
}

func (s leasedSockets) Open(key string, r ws.Request, tell func(ws.Event)) {
	if s.lease.Held() {
		s.Edge.Open(key, r, tell)
		return
	}
	go tell(ws.Event{Kind: ws.Closed, Code: ws.Restart, Error: &ws.Error{Name: "Busy", Message: errNotActive.Error()}})
}

func (s leasedSockets) Ask(key string, a ws.Ask) {
	if s.lease.Held() {
		s.Edge.Ask(key, a)
	}
}

// leased lets no script's request out without the lease.
func (b *brain) leased(do func(fetch.Request, func(fetch.Result))) func(fetch.Request, func(fetch.Result)) {
	return func(r fetch.Request, done func(fetch.Result)) {
		if b.state.Held() {
			do(r, done)
			return
		}
		go done(fetch.Result{Error: &fetch.Error{Name: "Busy", Message: errNotActive.Error()}})
	}
}
