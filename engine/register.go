package engine

import (
	"context"
	"strconv"

	"github.com/callwright/callwright/engine/call"
	"github.com/callwright/callwright/engine/flow"
	"github.com/callwright/callwright/engine/registrar"
)

// asks are the requests outside of calls that this engine answers beside the core's own.
func asks() []string { return []string{"REGISTER", "NOTIFY"} }

// asked takes a request that the core does not decide itself.
func (s *shard) asked(a call.Asked) {
	switch {
	case a.ID == "": // an INFO that has had its 200, and nobody asked for
	case a.Msg.Method == "REGISTER" && a.Leg == "":
		s.register(a)
	case a.Msg.Method == "NOTIFY" && a.Leg != "":
		s.push(call.Reply{ID: a.ID, Status: 200})
		s.push(flow.Notified{Call: a.Leg, Event: a.Msg.Get("Event"), Body: string(a.Msg.Body)})
	default: // a NOTIFY of no subscription of ours (RFC 6665 §4.1.3), a REGISTER within a call
		s.push(call.Reply{ID: a.ID, Status: 481})
	}
}

// register decides about a REGISTER, or lets an app do so.
func (s *shard) register(a call.Asked) {
	q, no := s.registrar.Read(s.now, a.Flow, a.Msg)
	if q == nil {
		s.registered(a, nil, no)
		return
	}
	s.serve("register", registerOf(q, a.Flow), func(r flow.Reply) { s.registered(a, q, s.verdict(q, r)) })
}

// serve asks the apps for an answer. Who waits for it dies with this brain; the peer asks
// again.
func (s *shard) serve(event string, value any, then func(flow.Reply)) {
	s.count.requests++
	id := strconv.FormatUint(s.count.requests, 10)
	s.served[id] = then
	s.push(flow.Serve{ID: id, Event: event, Value: value})
}

// registerView is what app.on('register') listeners are given.
type registerView struct {
	*registrar.Request
	Source flow.Source `json:"source"`
	Agent  string      `json:"agent"`
}

func registerOf(q *registrar.Request, f call.Flow) registerView {
	return registerView{q, flow.SourceOf(f), q.Agent()}
}

// verdict is what an app said, or what holds without.
func (s *shard) verdict(q *registrar.Request, r flow.Reply) registrar.Verdict {
	if r.Error != nil { // the app's log says why
		return registrar.Verdict{Status: 500, Reason: "The Application Failed"}
	}
	v, err := flow.ReadVerdict(r.Value)
	if err == nil {
		var d registrar.Verdict
		if d, err = s.carryOut(q, v); err == nil {
			return d
		}
	}
	s.log.Warn("app.on('register') gave no answer that can be carried out", "user", q.User, "error", err)
	return registrar.Verdict{Status: 500, Reason: "The Application Failed"}
}

func (s *shard) carryOut(q *registrar.Request, v flow.VerdictOf) (d registrar.Verdict, err error) {
	switch v.Verdict {
	case "accept":
		most, err := flow.Lasting(v, "expires")
		return s.registrar.Accept(s.now, q, most), err
	case "challenge":
		var o *struct {
			Password string `json:"password"`
			HA1      string `json:"ha1"`
		}
		if err = v.Arg(0, &o); err != nil || o == nil {
			return s.registrar.Challenge(s.now, q, nil), err
		}
		return s.registrar.Challenge(s.now, q, &registrar.Secret{Password: o.Password, HA1: o.HA1}), nil
	case "reject":
		status, o := 403, struct {
			Reason string `json:"reason"`
		}{}
		if err = v.Arg(0, &status); err == nil {
			err = v.Arg(1, &o)
		}
		return s.registrar.Reject(status, o.Reason), err
	}
	return s.registrar.Default(s.now, q), nil
}

// registered answers.
func (s *shard) registered(a call.Asked, q *registrar.Request, v registrar.Verdict) {
	if q != nil && v.Changed {
		s.log.Info("registered", "user", q.User, "contacts", len(v.Headers), "source", a.Flow.Remote)
	}
	s.push(call.Reply{ID: a.ID, Status: v.Status, Reason: v.Reason, Headers: v.Headers})
}

// Registrations lists who is registered, by user, at most limit users.
func (e *Engine) Registrations(ctx context.Context, limit int) (list []registrar.Binding, err error) {
	err = e.ask(ctx, func(s *shard) {
		for _, user := range s.registrar.Users(s.now, limit) {
			list = append(list, s.registrar.Lookup(s.now, user)...)
		}
	})
	return list, err
}

// Unregister forgets a user's phones, and says how many there were.
func (e *Engine) Unregister(ctx context.Context, user string) (n int, err error) {
	var why error
	if err := e.ask(ctx, func(s *shard) { n, why = s.registrar.Kick(s.now, user, "") }); err != nil {
		return n, err
	}
	return n, why
}
