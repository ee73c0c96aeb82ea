package engine

import (
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/callwright/callwright/engine/call"
	"github.com/callwright/callwright/engine/fleet"
	"github.com/callwright/callwright/engine/flow"
	"github.com/callwright/callwright/engine/registrar"
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

	replies map[string]chan flow.Reply  // who waits for an app's answer
	drains  map[string]*drained         // by SBC
	served  map[string]func(flow.Reply) // which requests from the wire wait for one

	registrar *registrar.Registrar

	todo    []any     // inputs for the cores that this turn has still to step
	out     fleet.Out // commands of this turn, by worker
	legs    []string  // that the SIP core has touched in this turn
	sends   []outside // of this batch, in order
	scripts []func()  // opens, activations, closes of this batch, in order

	stows  *stows                       // nil: nothing is kept
	gather *gather                      // what a brain before has left; nil: that is done
	past   map[string]map[string]uint64 // events that recovered units have had, by worker's instance

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

// outside is what others can see of a turn: it leaves once the turn is kept.
type outside struct {
	units []string // whose records it waits for
	do    func()
}

func newShard(c Config, in *inbox) *shard {
	random := rand.NewChaCha8(c.Secret)
	s := &shard{
		config: c, log: c.Log, inbox: in, random: random,
		timers: newTimers(), calls: map[string]*placed{}, apps: map[string]appUnit{}, replies: map[string]chan flow.Reply{}, served: map[string]func(flow.Reply){}, drains: map[string]*drained{},
		out: fleet.Out{}, over: make(chan struct{}),
	}
	s.fleet = fleet.New(seed(random))
	s.ua = call.NewUA(call.Config{
		Seed: seed(random), Contact: c.Contact, UserAgent: c.UserAgent, MaxLegs: c.MaxCalls + c.MaxCalls/10, Asks: asks(),
	})
	s.registrar = c.Registrar
	s.flows = flow.NewFlows(flow.Config{AppDir: c.Scripts.Dir, MayUse: c.Scripts.MayUse, MayEvaluate: c.Scripts.MayEvaluate, MayFetch: c.MayFetch, Untrusted: c.Scripts.Untrusted, Keep: c.Keep, Registrar: c.Registrar, Budgets: s.budgets})
	if c.Sealer != nil {
		s.stows = newStows(c.Sealer)
	}
	s.past = map[string]map[string]uint64{}
	return s
}

// turn walks one value through the cores and releases what came of it.
func (s *shard) turn(now time.Time, v any) {
	s.now = now
	s.fleet.At(now)
	s.count.turns++
	if s.gather != nil && s.hold(v) {
		return
	}
	s.legs = nil
	s.todo = append(s.todo[:0], v)
	for i := 0; i < len(s.todo); i++ {
		s.step(s.todo[i])
	}
	if s.stows != nil && s.gather == nil {
		s.changed()
	}
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
		case settleTimer, laterTimer, gatherTimer, rouseTimer, absentTimer:
			s.turn(now, t)
		}
	}
}

func (s *shard) step(v any) {
	switch v := v.(type) {
	case call.Input:
		actions := s.ua.Step(s.now, v)
		s.touched(actions)
		for _, a := range actions {
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
	case packed:
		s.packedUp(v)
	case settleTimer:
		s.settled()
	case laterTimer:
		s.stows.due = true
	case rouseTimer:
		s.rouse()
	case absentTimer:
		s.givenUp(v.worker)
	case leaving:
		s.hasLeft(v.sbc)
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

// release lets the actions of a batch of turns out: what workers are to keep, and
// behind it what they are to do; scripts; and what the outside can see once a worker
// has answered that it keeps what caused it, in one round trip for all.
func (s *shard) release() {
	if s.stows != nil && s.gather == nil {
		s.record()
		s.number()
		s.awaitAnswers()
	}
	for worker, t := range s.out {
		if err := s.config.Workers.Send(worker, t); err != nil && len(t.Commands) > 0 {
			// The hub tells Down on its own; the calls end there.
			s.log.Warn("commands not sent", "worker", worker, "commands", len(t.Commands), "error", err)
			s.count.unsent++
		}
		delete(s.out, worker)
	}
	for _, m := range s.sends {
		if s.stows == nil || m.units == nil {
			m.do()
			continue
		}
		s.behind(m.units, m.do)
	}
	if s.stows != nil {
		clear(s.stows.forgotten)
	}
	clear(s.sends)
	s.sends = s.sends[:0]
	for _, do := range s.scripts {
		do()
	}
	clear(s.scripts)
	s.scripts = s.scripts[:0]
	s.quiet()
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
