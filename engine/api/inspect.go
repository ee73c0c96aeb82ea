package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/callwright/callwright/engine/events"
)

// Inspector looks into live units.
type Inspector interface {
	// Call is one live call; ErrNoCall. Events are filled in by the API.
	Call(ctx context.Context, id string) (CallDetail, error)
	// Journal is a call's journal, masked digits hidden, as `replay` reads it; ErrNoCall.
	Journal(ctx context.Context, id string) (any, error)
	// Eval evaluates code in an app's own run, or in the call's named. *AppError when
	// the code threw, or was refused; ErrNoApp, ErrNoCall.
	Eval(ctx context.Context, app string, e Evaluation) (string, error)
}

// CallDetail is one call with what its script is about.
type CallDetail struct {
	CallView
	// Line is the text of the line in Await, "" when it waits for nothing.
	Line    string          `json:"line"`
	Port    int             `json:"port,omitempty"` // of the SBC's media, as our SDP says it
	Vars    json.RawMessage `json:"vars"`
	Pending []Pending       `json:"pending"` // operations under way, oldest first
	Recent  []Finished      `json:"recent"`  // those that ended last, oldest first
	Events  []events.Event  `json:"events"`  // what happened to the call, oldest first
}

// Pending is an operation that has begun and not ended.
type Pending struct {
	Number uint32          `json:"n"`
	Name   string          `json:"name"`           // "call.gather"
	Line   string          `json:"line,omitempty"` // "main.js:12:9"
	Args   json.RawMessage `json:"args,omitempty"` // secrets as •••
	Since  time.Time       `json:"since"`
	// Waits: it has not been begun, for it waits for the call's audio.
	Waits bool `json:"waits,omitempty"`
}

// Finished is an operation that has ended.
type Finished struct {
	Number uint32    `json:"n"`
	Name   string    `json:"name"`
	Line   string    `json:"line,omitempty"`
	Ended  time.Time `json:"ended"`
	Ms     int64     `json:"ms"`
	Error  string    `json:"error,omitempty"` // its name, when it threw
}

// Evaluation is what a repl asks.
type Evaluation struct {
	Code string `json:"code"`
	Call string `json:"call,omitempty"` // id; "": the app's own run
	// Write allows writes to state and operations. It is then part of the run's
	// history, as if the script had said it.
	Write bool `json:"write,omitempty"`
}

// lastEvents is how many of a call's events an answer holds.
const lastEvents = 20

func callJournal(s *Server, r *http.Request) (any, error) {
	if s.inspect == nil {
		return nil, fmt.Errorf("%w: looking into calls", ErrNotHere)
	}
	return s.inspect.Journal(r.Context(), r.PathValue("id"))
}

func inspectCall(s *Server, r *http.Request) (any, error) {
	if s.inspect == nil {
		return nil, fmt.Errorf("%w: looking into calls", ErrNotHere)
	}
	id := r.PathValue("id")
	d, err := s.inspect.Call(r.Context(), id)
	if err != nil {
		return nil, err
	}
	d.Pending, d.Recent, d.Events = some(d.Pending), some(d.Recent), []events.Event{}
	if len(d.Vars) == 0 {
		d.Vars = json.RawMessage("{}")
	}
	if s.events != nil {
		for _, item := range s.events.Last(lastEvents, func(e *events.Event) bool { return e.Call == id }) {
			item.Value.Seq = item.Seq
			d.Events = append(d.Events, item.Value)
		}
	}
	return d, nil
}

func evaluate(s *Server, r *http.Request) (any, error) {
	if s.inspect == nil {
		return nil, fmt.Errorf("%w: evaluating", ErrNotHere)
	}
	body, err := readBody(r)
	if err != nil {
		return nil, err
	}
	var e Evaluation
	if err := json.Unmarshal(body, &e); err != nil || e.Code == "" {
		return nil, fmt.Errorf(`%w: {"code": "call.state", "call": ID, "write": false} is wanted`, ErrBadBody)
	}
	app := r.PathValue("app")
	text, err := s.inspect.Eval(r.Context(), app, e)
	if e.Write {
		s.log.Info("code evaluated by the API, with writes", "app", app, "call", e.Call, "from", r.RemoteAddr)
	}
	if err != nil {
		return nil, err
	}
	return struct {
		Result string `json:"result"`
	}{text}, nil
}
