package engine

import (
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/callwright/callwright/engine/call"
	"github.com/callwright/callwright/engine/fleet"
	"github.com/callwright/callwright/engine/flow"
	"github.com/callwright/callwright/engine/script"
	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/sandbox"
)

// shard is what one goroutine owns. Its turn is the only place where the cores
// meet; each core keeps its own data.
type shard struct {
	config Config
	log    *slog.Logger
	inbox  *inbox
	now    time.Time

	ua     *call.UA
	flows  *flow.Flows
	fleet  *fleet.Fleet
	timers *timers
	armed  uint64
	random *rand.ChaCha8

	calls map[string]*placed // calls whose script runs, by id
	apps  map[string]appUnit // by app

	replies map[string]chan flow.Reply // who waits for an app's answer

	todo    []any     // inputs for the cores that this turn has still to step
	out     fleet.Out // commands of this turn, by worker
	sends   []call.Send
	scripts []func() // opens, activations, closes of this turn, in order

	stopping bool
	over     chan struct{} // closed when stopping and no call is left
	count    tally
}

// placed is what the shard itself knows of a call: the rest is in the cores.
type placed struct {
	app, version string
	mediaUp      bool
	accepted     bool   // the flow has ordered its 200
	answered     bool   // and an event has told so
	room         string // the conference it is in
	lost         string // the worker whose death ends it
	ended        bool   // its leg has; its flow may still have something to do
	dialed       bool   // a flow has placed it
	finding      bool   // where it goes is not known yet
}

func newShard(c Config, in *inbox) *shard {
	random := rand.NewChaCha8(c.Secret)
	s := &shard{
		config: c, log: c.Log, inbox: in, random: random,
		timers: newTimers(), calls: map[string]*placed{}, apps: map[string]appUnit{}, replies: map[string]chan flow.Reply{},
		out: fleet.Out{}, over: make(chan struct{}),
	}
	s.fleet = fleet.New(seed(random))
	s.ua = call.NewUA(call.Config{
		Seed: seed(random), Contact: c.Contact, UserAgent: c.UserAgent, MaxLegs: c.MaxCalls + c.MaxCalls/10,
	})
	s.flows = flow.NewFlows(flow.Config{AppDir: c.Scripts.Dir, MayUse: c.Scripts.MayUse, MayEvaluate: c.Scripts.MayEvaluate, MayFetch: c.MayFetch, Untrusted: c.Scripts.Untrusted, Keep: c.Keep})
	return s
}

// turn walks one value through the cores and releases what came of it.
func (s *shard) turn(now time.Time, v any) {
	s.now = now
	s.count.turns++
	s.todo = append(s.todo[:0], v)
	for i := 0; i < len(s.todo); i++ {
		s.step(s.todo[i])
	}
	s.release()
}

// fire runs the timers that are due, each as a turn of its own.
func (s *shard) fire(now time.Time) {
	for {
		name, ok := s.timers.due(now)
		if !ok {
			return
		}
		switch t := name.(type) {
		case call.TimerID:
			s.turn(now, call.Fired{Timer: t})
		case flow.TimerID:
			s.turn(now, flow.Fired{Timer: t})
		}
	}
}

func (s *shard) step(v any) {
	switch v := v.(type) {
	case call.Input:
		for _, a := range s.ua.Step(s.now, v) {
			s.fromUA(a)
		}
	case flow.Input:
		for _, a := range s.flows.Step(s.now, v) {
			s.fromFlow(a)
		}
	case control.HubEvent:
		s.worker(v)
	case sandbox.Result:
		s.failed(v)
		s.push(flow.Did{Result: v})
	case script.Outcome:
		s.reloaded(v)
	case led:
		s.leads(v)
	case freeCall:
		s.free(v.call)
	case question:
		v(s)
	}
}

// push adds an input for the cores to this turn.
func (s *shard) push(v any) { s.todo = append(s.todo, v) }

func (s *shard) arm(name any, after time.Duration) {
	s.armed++
	s.timers.arm(name, s.now.Add(after), s.armed)
}

// release lets this turn's actions out: workers first, so that the media stands
// before the peer hears of it.
func (s *shard) release() {
	for worker, t := range s.out {
		if err := s.config.Workers.Send(worker, t); err != nil {
			// The hub tells Down on its own; the calls end there.
			s.log.Warn("commands not sent", "worker", worker, "commands", len(t.Commands), "error", err)
			s.count.unsent++
		}
		delete(s.out, worker)
	}
	for _, m := range s.sends {
		s.config.Wire.Send(m)
	}
	clear(s.sends)
	s.sends = s.sends[:0]
	for _, do := range s.scripts {
		do()
	}
	clear(s.scripts)
	s.scripts = s.scripts[:0]
}

// judge turns overload on when a value has waited half a second for its turn, and
// off when the wait is short again. 503 with Retry-After is the answer to new
// calls meanwhile (RFC 3261 §21.5.4); calls that are up are served.
func (s *shard) judge(waited time.Duration) {
	switch {
	case s.stopping:
		s.ua.SetOverload(5 * time.Second)
	case waited > 500*time.Millisecond || len(s.calls) >= s.config.MaxCalls:
		if s.count.overloaded == 0 {
			s.log.Warn("overloaded: new calls get 503", "waited", waited, "calls", len(s.calls))
		}
		s.count.overloaded++
		s.ua.SetOverload(2 * time.Second)
	case s.count.overloaded > 0 && waited < 50*time.Millisecond:
		s.log.Info("no longer overloaded")
		s.count.overloaded = 0
		s.ua.SetOverload(0)
	}
}

// seed draws another seed from one, so that each core has its own.
func seed(r *rand.ChaCha8) (seed [32]byte) {
	r.Read(seed[:])
	return seed
}
