package engine

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/callwright/callwright/engine/call"
	"github.com/callwright/callwright/engine/events"
	"github.com/callwright/callwright/engine/fleet"
	"github.com/callwright/callwright/engine/flow"
	"github.com/callwright/callwright/engine/resolve"
)

// led tells where the URI of a call to be placed leads.
type led struct {
	order   call.Dial
	targets []resolve.Target
	err     error
	known   bool // the order has its flow
}

// dial places a call of a flow: its media first, then where it goes.
func (s *shard) dial(a flow.Dial) {
	o := a.Order
	s.calls[o.Leg] = &placed{app: a.App, version: a.Version, dialed: true, finding: true}
	s.count.calls++
	place, err := s.fleet.PlaceCall(o.Leg, a.Near)
	if err != nil {
		s.undialed(o.Leg, "congested", err)
		return
	}
	s.happened(events.Event{Type: events.CallStarted, Call: o.Leg, From: o.From.URI, To: o.URI})
	s.log.Info("call placed", "call", o.Leg, "unit", a.Unit, "app", a.App, "to", o.URI, "sbc", place.SBC, "port", place.Local.Port())
	if o.Flow.Remote != "" { // a registered phone: where its REGISTER came from
		s.leads(led{order: o, known: true})
		return
	}
	target, ok, err := resolve.Literal(o.URI)
	switch {
	case err != nil:
		s.undialed(o.Leg, "unreachable", err)
	case ok:
		s.leads(led{order: o, targets: []resolve.Target{target}})
	case s.config.Resolve == nil:
		s.undialed(o.Leg, "unreachable", errors.New("names are not looked for here"))
	default:
		s.config.Resolve(o.URI, func(ts []resolve.Target, err error) { s.inbox.put(led{order: o, targets: ts, err: err}) })
	}
}

// leads sends the INVITE of a call whose way is known, unless the flow has given it up.
func (s *shard) leads(l led) {
	c := s.calls[l.order.Leg]
	if c == nil || c.ended {
		return
	}
	var flows []call.Flow
	if l.known {
		flows = append(flows, l.order.Flow)
	}
	for _, t := range l.targets {
		if f, ok := s.flowTo(t, l.order.URI); ok {
			flows = append(flows, f)
		}
	}
	switch {
	case l.err != nil:
		s.undialed(l.order.Leg, "unreachable", l.err)
		return
	case len(flows) == 0:
		s.undialed(l.order.Leg, "unreachable", fmt.Errorf("no listener of ours can send over %s to %s", l.targets[0].Transport, l.targets[0].Addr))
		return
	}
	c.finding = false
	o := l.order
	o.Media, _ = s.local(o.Leg)
	o.Flow, o.Others = flows[0], flows[1:]
	if !strings.Contains(o.From.URI, "@") {
		o.From.URI += "@" + ourHost(o.Flow)
	}
	s.push(o)
}

func (s *shard) flowTo(t resolve.Target, uri string) (call.Flow, bool) {
	f := call.Flow{Transport: t.Transport, Remote: t.Addr.String()}
	if t.Transport == "tls" {
		f.Name = resolve.Host(uri)
	}
	if s.config.Local != nil {
		f.Local = s.config.Local(t.Transport, t.Addr.Addr())
		return f, f.Local != ""
	}
	return f, true
}

// ourHost is the host of our own address on a flow, as a URI has it.
func ourHost(f call.Flow) string {
	at, err := netip.ParseAddrPort(f.Local)
	switch {
	case err != nil:
		return "callwright.invalid"
	case at.Addr().Unmap().Is6():
		return "[" + at.Addr().String() + "]"
	}
	return at.Addr().Unmap().String()
}

// undialed ends a call that could not even be placed.
func (s *shard) undialed(leg, name string, err error) {
	cause := call.CauseByName(name)
	cause.By, cause.Text = "engine", err.Error()
	s.ended(call.Ended{Leg: leg, Cause: cause})
}

// pair joins two calls at their SBC, or lets the flow know that it must be done by a
// mixer.
func (s *shard) pair(a flow.Pair) {
	if err := s.fleet.Pair(a.A, a.B, s.out); errors.Is(err, fleet.ErrApart) {
		s.push(flow.Apart(a))
	}
}
