package engine

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/callwright/callwright/engine/fetch"
	"github.com/callwright/callwright/engine/file"
	"github.com/callwright/callwright/engine/flow"
	"github.com/callwright/callwright/engine/ws"
	"github.com/callwright/callwright/sandbox"
)

// CallApp calls a function that an app offers (export const api) in the app's own run.
// args is a JSON list. The reply bears the script's error, or ours with a code (see
// flow.Reply); err is the engine's own or ctx's. It takes 10 s at most.
func (e *Engine) CallApp(ctx context.Context, app, function string, args json.RawMessage) (flow.Reply, error) {
	return e.request(ctx, func(id string) flow.Input {
		return flow.Request{ID: id, App: app, Function: function, Args: args}
	})
}

// ServeApp asks an app's http listeners. The answer is nil when no listener took the
// request; errors of the script, and ours, are in the reply.
func (e *Engine) ServeApp(ctx context.Context, app string, r flow.HTTPRequest) (*flow.HTTPAnswer, flow.Reply, error) {
	reply, err := e.request(ctx, func(id string) flow.Input { return flow.HTTP{ID: id, App: app, Request: r} })
	if err != nil || reply.Error != nil {
		return nil, reply, err
	}
	a, err := flow.ReadHTTPAnswer(reply.Value)
	if err != nil {
		reply.Error = &sandbox.HostError{Name: "BadOption", Message: err.Error()}
	}
	return a, reply, nil
}

// rollback lets an older version serve at an app's own wish. That reads and compiles, so
// it is done beside the shard.
func (s *shard) rollback(a flow.Rollback) {
	go func() {
		done := flow.RolledBack{Unit: a.Unit, Op: a.Op}
		o, err := s.config.Scripts.Rollback(a.App, a.Version)
		if err == nil {
			err = o.Error
		}
		if err != nil {
			done.Why = err.Error()
		}
		done.From, done.To = o.From, o.To
		s.inbox.put(done)
	}()
}

// Figures lists what apps count for /metrics.
func (e *Engine) Figures(ctx context.Context) (list []flow.Figure, err error) {
	err = e.ask(ctx, func(s *shard) { list = s.flows.Figures() })
	return list, err
}

// request puts a question to a flow and waits for its reply.
func (e *Engine) request(ctx context.Context, in func(id string) flow.Input) (flow.Reply, error) {
	reply := make(chan flow.Reply, 1)
	var id string
	if err := e.ask(ctx, func(s *shard) { id = s.await(reply, in) }); err != nil {
		return flow.Reply{}, err
	}
	select {
	case r := <-reply:
		return r, nil
	case <-e.done:
		return flow.Reply{}, ErrStopped
	case <-ctx.Done():
		e.inbox.put(question(func(s *shard) { delete(s.replies, id) }))
		return flow.Reply{}, ctx.Err()
	}
}

// await names a request and remembers who waits for its reply.
func (s *shard) await(reply chan flow.Reply, in func(id string) flow.Input) string {
	s.count.requests++
	id := strconv.FormatUint(s.count.requests, 10)
	s.replies[id] = reply
	s.push(in(id))
	return id
}

// reply hands a reply to who waits for it, if anybody still does.
func (s *shard) reply(r flow.Reply) {
	if then := s.served[r.ID]; then != nil {
		delete(s.served, r.ID)
		then(r)
		return
	}
	if c := s.replies[r.ID]; c != nil {
		delete(s.replies, r.ID)
		s.press()
		c <- r // has room for the one
	}
}

// fetch gives a script's HTTP request to the edge; the result is a turn of its own.
func (s *shard) fetch(a flow.Fetch) {
	if s.config.Fetch == nil {
		s.push(flow.Fetched{Unit: a.Unit, Op: a.Op, Result: fetch.Result{Error: &fetch.Error{Name: "Denied", Message: "this engine sends no requests"}}})
		return
	}
	s.sends = append(s.sends, outside{units: []string{a.Unit}, do: func() {
		s.config.Fetch(a.Request, func(r fetch.Result) {
			s.inbox.put(flow.Fetched{Unit: a.Unit, Op: a.Op, Result: r})
		})
	}})
}

// Sockets are the WebSocket connections of scripts, by keys; see engine/ws.
type Sockets interface {
	Open(key string, r ws.Request, tell func(ws.Event))
	Ask(key string, a ws.Ask)
}

// connect lets the edge open a connection; what it tells are turns of their own.
func (s *shard) connect(a flow.Connect) {
	if s.config.Sockets == nil {
		s.push(flow.Connected{Unit: a.Unit, Op: a.Op, Event: ws.Event{Kind: ws.Closed, Code: ws.Abnormal,
			Error: &ws.Error{Name: "Denied", Message: "this engine opens no connections"}}})
		return
	}
	s.sends = append(s.sends, outside{units: []string{a.Unit}, do: func() {
		s.config.Sockets.Open(socketKey(a.Unit, a.Op), a.Request, func(e ws.Event) {
			s.inbox.put(flow.Connected{Unit: a.Unit, Op: a.Op, Event: e})
		})
	}})
}

func (s *shard) toSocket(a flow.ToSocket) {
	switch {
	case s.config.Sockets == nil:
	case a.Ask.Do == ws.Took:
		s.config.Sockets.Ask(socketKey(a.Unit, a.Op), a.Ask)
	default:
		s.sends = append(s.sends, outside{units: []string{a.Unit}, do: func() { s.config.Sockets.Ask(socketKey(a.Unit, a.Op), a.Ask) }})
	}
}

func socketKey(unit string, op uint32) string { return unit + "/" + strconv.FormatUint(uint64(op), 10) }

// reach gives a file, a secret or a name of the environment to the edge.
func (s *shard) reach(a flow.Reach) {
	if s.config.Files == nil {
		s.push(flow.Reached{Unit: a.Unit, Op: a.Op, Result: file.Result{Error: &file.Error{Name: "Denied", Message: "this engine opens no files"}}})
		return
	}
	s.press()
	s.config.Files(a.Request, func(r file.Result) {
		s.inbox.put(flow.Reached{Unit: a.Unit, Op: a.Op, Result: r})
	})
}
