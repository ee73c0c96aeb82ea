package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/callwright/callwright/engine/call"
	"github.com/callwright/callwright/engine/events"
	"github.com/callwright/callwright/engine/fleet"
	"github.com/callwright/callwright/engine/flow"
	"github.com/callwright/callwright/engine/script"
	"github.com/callwright/callwright/sandbox"
)

// fromFlow does what the flows ask for.
func (s *shard) fromFlow(a flow.Action) {
	switch a := a.(type) {
	case flow.Open, flow.Activate, flow.Close:
		s.fromFlowToScript(a)
	case flow.Order:
		s.order(a.Input)
	case flow.ToSBC:
		s.unplaced(s.fleet.ToSBC(a.Call, a.Command, s.out))
	case flow.ToMixer:
		s.toMixer(a)
	case flow.PlaceRoom:
		if _, err := s.fleet.SetRoom(a.State, a.Near, s.out); err != nil {
			s.push(flow.RoomFailed{Room: a.Room, Why: err.Error()})
		}
	case flow.FreeRoom:
		s.fleet.FreeRoom(a.Room, s.out)
	case flow.JoinRoom:
		if err := s.fleet.Join(a.Call, a.Room, a.Member, s.out); err != nil {
			s.push(flow.RoomFailed{Room: a.Room, Why: err.Error()})
			return
		}
		s.joined(a.Call, a.Room)
	case flow.LeaveRoom:
		s.left(a.Call)
		s.unplaced(s.fleet.Leave(a.Call, s.out))
	case flow.Dial:
		s.dial(a)
	case flow.Pair:
		s.pair(a)
	case flow.Part:
		s.fleet.Part(a.Call, s.out)
	case flow.Arm:
		s.arm(a.Timer, a.After)
	case flow.Disarm:
		s.timers.disarm(a.Timer)
	case flow.Commit:
		s.commit(a)
	case flow.Watch:
		if s.config.Watch != nil {
			s.config.Watch(a.Path, a.On)
		}
	case flow.Connect:
		s.connect(a)
	case flow.ToSocket:
		s.toSocket(a)
	case flow.Fetch:
		s.fetch(a)
	case flow.Note:
		s.note(a)
	case flow.Reach:
		s.reach(a)
	case flow.Rollback:
		s.rollback(a)
	case flow.Reply:
		s.reply(a)
	case flow.Switch:
		s.switched(a)
	case flow.Adopted:
		s.adopted(a)
	case flow.Over:
		s.finished(a.Unit)
	}
}

// budgets are what a version of an app says of what its runs may have together.
func (s *shard) budgets(app, version string) flow.Budgets {
	m := s.config.Scripts.Manifest(app, version)
	b := m.Budgets.App
	return flow.Budgets{Operations: b.Promises, Timers: b.Timers, Rate: b.OperationsPerSecond, Fetches: b.Fetches,
		LogRate: b.LogsPerSecond, Events: m.Budgets.Events, File: m.File()}
}

// toMixer finds the mixer meant: of a room, of a call, or any.
func (s *shard) toMixer(a flow.ToMixer) {
	switch {
	case a.Room != "":
		s.unplaced(s.fleet.ToRoom(a.Room, a.Command, s.out))
	case a.Call != "":
		s.unplaced(s.fleet.ToMixer(a.Call, a.Command, s.out))
	default:
		s.unplaced(s.fleet.ToAnyMixer(a.Command, s.out))
	}
}

// fromFlowToScript queues what goes to an isolate. The generation is looked up at
// once, while the unit still holds it.
func (s *shard) fromFlowToScript(a flow.Action) {
	switch a := a.(type) {
	case flow.Open:
		if g := s.generation(a.App, a.Version, a.Unit); g != nil {
			var inputs []sandbox.Input
			var ops uint32
			if a.History != nil {
				inputs, ops = a.History.Inputs, a.History.Ops
			}
			s.scripts = append(s.scripts, func() { g.Open(a.Unit, a.Kind, a.Seed, inputs, ops) })
		}
	case flow.Activate:
		if g := s.generation(a.App, a.Version, a.Activation.Unit); g != nil {
			s.scripts = append(s.scripts, func() { g.Activate(a.Activation) })
		}
	case flow.Close:
		if g := s.generation(a.App, a.Version, a.Unit); g != nil {
			s.scripts = append(s.scripts, func() { g.Close(a.Unit) })
		}
	}
}

func (s *shard) generation(app, version, unit string) script.Host {
	g := s.config.Scripts.Generation(app, version)
	if g == nil {
		s.log.Error("a unit outlived its script version", "unit", unit, "app", app, "version", version)
	}
	return g
}

// unplaced notes a command that found no worker. A call whose place is gone is
// being ended anyway, so that is no news.
func (s *shard) unplaced(err error) {
	if err == nil || errors.Is(err, fleet.ErrUnknown) {
		return
	}
	s.log.Warn("media command without a worker", "error", err)
}

func (s *shard) commit(a flow.Commit) {
	if s.config.Commit == nil {
		s.push(flow.Committed{Unit: a.Unit, Op: a.Op})
		return
	}
	s.config.Commit(func(err error) {
		done := flow.Committed{Unit: a.Unit, Op: a.Op}
		if err != nil {
			done.Why = err.Error()
		}
		s.inbox.put(done)
	})
}

// note writes a script's line to the operator's log.
func (s *shard) note(n flow.Note) {
	level := slog.LevelInfo
	switch n.Level {
	case "debug":
		level = slog.LevelDebug
	case "warn":
		level = slog.LevelWarn
	case "error":
		level = slog.LevelError
	}
	s.log.LogAttrs(context.Background(), level, n.Text, append([]slog.Attr{slog.String("unit", n.Unit), slog.String("app", n.App),
		slog.String("version", n.Version), slog.String("line", n.Line)}, events.Fields(n.Fields)...)...)
}

// finished forgets a unit whose flow has settled and whose call has ended.
func (s *shard) finished(unit string) {
	if c := s.calls[unit]; c != nil {
		delete(s.calls, unit)
		s.config.Scripts.Done(c.app, c.version)
	}
}

// reloaded puts the app unit of the generation that serves now in the place of the
// one before. A generation without a flow or listeners costs one idle unit.
func (s *shard) reloaded(o script.Outcome) {
	s.scriptOutcome(o)
	if o.Error != nil {
		s.log.Error("script not loaded; what served before goes on", "app", o.App, "serving", o.From, "error", o.Error)
		return
	}
	if o.From == o.To {
		return // a trial began or was given up; what serves is the same
	}
	s.log.Info("script loaded", "app", o.App, "from", o.From, "to", o.To)
	s.count.reloads++
	old := s.apps[o.App]
	if old.recovered && old.version == o.To {
		old.recovered = false
		s.apps[o.App] = old
		return
	}
	if old.unit != "" {
		s.push(flow.EndApp{Unit: old.unit})
		s.config.Scripts.Release(o.App, old.version)
		delete(s.apps, o.App)
	}
	if o.To == "" || !s.config.Scripts.Hold(o.App, o.To) {
		return // the app is gone, or replaced again already
	}
	// State remembers the turns of each unit it has seen: no two runs share a name.
	unit := fmt.Sprintf("app:%s@%s#%d.%d", o.App, o.To, s.config.Epoch, s.count.reloads)
	s.apps[o.App] = appUnit{unit: unit, version: o.To}
	offers := s.config.Scripts.Generation(o.App, o.To).API()
	if o.Replay && old.version != "" {
		s.push(flow.Adopt{App: o.App, From: old.version, To: o.To})
	}
	s.push(flow.NewApp{Unit: unit, App: o.App, Version: o.To, Seed: s.random.Uint64(), API: offers, From: old.version})
}

// switched lets a call's new version be held by it, and the old one no more.
func (s *shard) switched(a flow.Switch) {
	c := s.calls[a.Unit]
	if c == nil {
		return
	}
	if !s.config.Scripts.Move(a.App, a.From, a.To) {
		s.log.Error("a call moved to a version that is gone", "call", a.Unit, "app", a.App, "version", a.To)
		return
	}
	c.version = a.To
	s.stows.soiled[a.Unit] = true
}

// adopted tells the operator what a reload by replay came to.
func (s *shard) adopted(a flow.Adopted) {
	s.log.Info("script: calls tried on the new version", "app", a.App, "from", a.From, "to", a.To, "moved", a.Moved)
	for why, n := range a.Kept {
		s.log.Warn("script: calls stay on their version", "app", a.App, "version", a.From, "calls", n, "why", why)
	}
	s.happened(events.Event{Type: events.ScriptMoved, App: a.App, Version: a.To, Text: a.Text()})
}

// appUnit is the app unit that serves, and the version it is of.
type appUnit struct {
	unit, version string
	recovered     bool // from the brain before: the first word of its version is no news
}

// hangup ends one call for an operator.
func (s *shard) hangup(id, name string) error {
	c := s.calls[id]
	if c == nil || c.ended {
		return ErrNoCall
	}
	if !call.KnownCause(name) {
		return ErrNoCause
	}
	cause := call.CauseByName(name)
	cause.By = "operator"
	s.order(call.Hangup{Leg: id, Cause: cause})
	return nil
}
