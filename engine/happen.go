package engine

import (
	"slices"
	"strings"

	"github.com/callwright/callwright/engine/call"
	"github.com/callwright/callwright/engine/events"
	"github.com/callwright/callwright/engine/fleet"
	"github.com/callwright/callwright/engine/flow"
	"github.com/callwright/callwright/engine/script"
)

// happened keeps an event for the operator, at the time of this turn.
func (s *shard) happened(e events.Event) {
	if s.config.Events == nil {
		return
	}
	e.Time = s.now
	if c := s.calls[e.Call]; c != nil && e.App == "" {
		e.App, e.Version = c.app, c.version
	}
	s.config.Events.Put(e)
}

func (s *shard) started(a call.Invited) {
	s.happened(events.Event{Type: events.CallStarted, Call: a.Leg, From: a.Msg.From.URI, To: a.Msg.URI})
}

func (s *shard) turnedAway(a call.Invited, why string) {
	s.happened(events.Event{Type: events.CallRefused, Call: a.Leg, From: a.Msg.From.URI, To: a.Msg.URI, Text: why})
}

// answered is told once a call: when its 200 has been ordered and its media stands.
func (s *shard) answered(id string) {
	c := s.calls[id]
	if c == nil || !c.accepted || !c.mediaUp || c.answered {
		return
	}
	c.answered = true
	s.happened(events.Event{Type: events.CallAnswered, Call: id})
}

func (s *shard) overWith(id string, cause call.Cause) {
	s.left(id)
	s.happened(events.Event{Type: events.CallEnded, Call: id, Cause: cause.Name, By: cause.By, Text: cause.Text})
}

// joined and left follow a call from one conference into another.
func (s *shard) joined(id, conference string) {
	c := s.calls[id]
	if c == nil || c.room == conference {
		return
	}
	s.left(id)
	c.room = conference
	s.happened(events.Event{Type: events.ConferenceJoin, Call: id, Conference: conference})
}

func (s *shard) left(id string) {
	c := s.calls[id]
	if c == nil || c.room == "" {
		return
	}
	s.happened(events.Event{Type: events.ConferenceLeave, Call: id, Conference: c.room})
	c.room = ""
}

// gone tells of a worker that was up.
func (s *shard) gone(worker, why string) {
	list := s.fleet.Workers()
	if i := slices.IndexFunc(list, func(w fleet.Worker) bool { return w.Name == worker }); i >= 0 {
		s.push(flow.WorkerChanged{What: "down", Kind: strings.ToLower(list[i].Kind.String()), Name: worker})
		s.happened(events.Event{Type: events.WorkerDown, Worker: worker, Text: why})
	}
}

func (s *shard) scriptOutcome(o script.Outcome) {
	e := events.Event{Type: events.ScriptLoaded, App: o.App, Version: o.To}
	switch {
	case o.Error != nil:
		e.Type, e.Version, e.Text = events.ScriptRefused, o.From, o.Error.Error()
	case o.Trial != "":
		e.Version, e.Text = o.Trial, "on trial, beside "+o.To
	default:
		e.Text = o.Why
	}
	s.happened(e)
}
