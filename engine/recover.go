package engine

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/callwright/callwright/engine/call"
	"github.com/callwright/callwright/engine/events"
	"github.com/callwright/callwright/engine/flow"
	"github.com/callwright/callwright/engine/parcel"
	"github.com/callwright/callwright/media/control"
)

// Recover says what an engine waits for at its start, to go on with the calls of the
// brain before: a restarted brain and a new leader of a cluster do the same.
type Recover struct {
	// Workers are those that may keep parcels of it. Recovery begins when all have
	// offered theirs, or after Patience; none: there is nothing to recover.
	Workers  []string
	Patience time.Duration // 0: 3 s
}

const (
	gatherTime = 3 * time.Second
	maxHeld    = 100_000 // values that wait for the end of a recovery
	rouseEvery = 5 * time.Millisecond
	rouseBatch = 20
)

// gather is a recovery under way. Until it is done, nothing else is done but to take in
// workers: messages from the wire wait, and what had to be answered is.
type gather struct {
	began   time.Time
	missing map[string]bool // workers that have not offered yet
	offers  map[string][]offer
	held    []any
	dropped int
}

// offer is one worker's copy of a parcel.
type offer struct {
	worker string
	parcel *control.Parcel
}

// recovered is one parcel that has been opened.
type recovered struct {
	*parcel.Whole
	moment moment
}

type (
	gatherTimer struct{}
	rouseTimer  struct{}
)

// begin is the first thing on the shard's goroutine.
func (s *shard) begin(now time.Time) {
	s.now = now
	if s.config.Sealer == nil || len(s.config.Recover.Workers) == 0 {
		return
	}
	s.gather = &gather{began: now, missing: map[string]bool{}, offers: map[string][]offer{}}
	for _, w := range s.config.Recover.Workers {
		s.gather.missing[w] = true
	}
	s.arm(gatherTimer{}, cmp.Or(s.config.Recover.Patience, gatherTime))
}

// hold takes a value during a recovery; false: it is for now.
func (s *shard) hold(v any) bool {
	g := s.gather
	switch v := v.(type) {
	case gatherTimer:
		s.log.Warn("not all workers have offered what they keep; recovery goes on without them",
			"missing", slices.Sorted(maps.Keys(g.missing)))
		s.recover()
		return true
	case control.HubEvent:
		switch v.Kind {
		case control.Up, control.Beaten:
			return false
		case control.Down:
			if g.missing[v.Worker] {
				return false
			}
		case control.Offered:
			s.offered(v)
			return true
		}
	}
	if len(g.held) >= maxHeld {
		g.dropped++
		return true
	}
	g.held = append(g.held, v)
	return true
}

func (s *shard) offered(e control.HubEvent) {
	g := s.gather
	for _, p := range e.Offer.GetParcels() {
		g.offers[p.GetKey()] = append(g.offers[p.GetKey()], offer{e.Worker, p})
	}
	if e.Offer.GetLast() {
		delete(g.missing, e.Worker)
	}
	if len(g.missing) == 0 {
		s.recover()
	}
}

// unclaimed is told of parcels after the recovery: a worker that was late. Their calls
// have been given up, or taken from another copy.
func (s *shard) unclaimed(e control.HubEvent) {
	for _, p := range e.Offer.GetParcels() {
		s.out.Stow(e.Worker, &control.Stow{Key: p.GetKey()})
	}
}

// recover builds calls and conferences from what was offered, and then lets go what was
// held.
func (s *shard) recover() {
	g := s.gather
	s.gather = nil
	s.timers.disarm(gatherTimer{})
	started := time.Now()
	list := s.open(g.offers)
	calls := 0
	s.turn(s.now, question(func(s *shard) {
		calls = s.rebuild(list)
		s.claim(g.offers)
	}))
	if len(list) > 0 {
		gap := s.gapOf(list)
		s.log.Info("recovered", "calls", calls, "parcels", len(list), "gap", gap, "took", time.Since(started), "held", len(g.held), "dropped", g.dropped)
		s.happened(events.Event{Type: events.Recovered, Text: fmt.Sprintf("%d calls, %v after the brain before was last heard", calls, gap.Round(time.Millisecond))})
		s.turn(s.now, flow.FailedOver{Role: "brain", Gap: gap})
		s.arm(rouseTimer{}, rouseEvery)
	}
	for _, v := range g.held {
		s.turn(s.now, v)
	}
}

func (s *shard) gapOf(list []recovered) time.Duration {
	last := int64(0)
	for _, w := range list {
		last = max(last, w.moment.At)
	}
	return max(0, s.now.Sub(time.UnixMilli(last)))
}

// open opens the newest copy of each parcel that opens, on all cores.
func (s *shard) open(offers map[string][]offer) []recovered {
	keys := slices.Sorted(maps.Keys(offers))
	out := make([]recovered, len(keys))
	faults := make([]error, len(keys))
	inParallel(len(keys), func(i int) { out[i], faults[i] = s.newest(keys[i], offers[keys[i]]) })
	told := map[string]int{}
	for _, err := range faults {
		if err != nil {
			told[err.Error()]++
		}
	}
	for why, n := range told {
		s.log.Error("parcels that do not open are left out", "why", why, "parcels", n)
	}
	return slices.DeleteFunc(out, func(r recovered) bool { return r.Whole == nil })
}

// newest opens the copy of the highest epoch and version.
func (s *shard) newest(key string, copies []offer) (best recovered, fault error) {
	for _, c := range copies {
		p := c.parcel
		if p.GetEpoch() >= s.config.Epoch {
			fault = fmt.Errorf("a parcel of a brain that is not older than this one")
			continue
		}
		pieces := []parcel.Piece{{Version: p.GetVersion(), Sealed: p.GetSealed()}}
		for _, m := range p.GetMore() {
			pieces = append(pieces, parcel.Piece{Version: m.GetVersion(), Sealed: m.GetSealed()})
		}
		w, err := s.config.Sealer.Join(key, p.GetEpoch(), pieces)
		if err != nil {
			fault = err
		}
		if w != nil && (best.Whole == nil || w.Epoch > best.Epoch || w.Epoch == best.Epoch && w.Version > best.Version) {
			best.Whole = w
		}
	}
	if best.Whole != nil {
		json.Unmarshal(best.Parts[partNow], &best.moment) // without it nothing is known to be heard
	}
	return best, fault
}

// rebuild makes calls and conferences, and says how many calls.
func (s *shard) rebuild(list []recovered) (calls int) {
	s.flows.Thaw(s.now)
	for _, w := range list {
		if name, is := strings.CutPrefix(w.Key, roomKey); is {
			s.rebuildRoom(name, w)
		}
	}
	for _, w := range list {
		if id, is := strings.CutPrefix(w.Key, unitKey); is {
			calls += s.rebuildUnit(id, w)
		}
	}
	for _, a := range s.flows.Thawed() {
		s.fromFlow(a)
	}
	return calls
}

func (s *shard) rebuildRoom(name string, w recovered) {
	err := s.flows.ThawRoom(name, w.Parts)
	if b := w.Parts[partPlace]; err == nil && b != nil {
		err = s.fleet.RestoreRoom(name, b)
	}
	if err != nil {
		s.log.Error("a conference cannot be recovered", "conference", name, "why", err)
	}
}

// rebuildUnit takes up a unit's legs and its flow. Legs whose flow cannot go on are
// hung up: the peers hear of it.
func (s *shard) rebuildUnit(id string, w recovered) (calls int) {
	var legs []string
	for _, name := range slices.Sorted(maps.Keys(w.Parts)) {
		if leg, is := strings.CutPrefix(name, partLeg); is {
			if err := s.rebuildLeg(leg, w); err != nil {
				s.log.Error("a call's dialog cannot be recovered", "call", leg, "why", err)
				continue
			}
			legs = append(legs, leg)
		}
	}
	if w.Parts["unit"] == nil {
		s.keptOf(unitKey + id).legs = legs
		return 0 // only what was still owed to a peer
	}
	s.past[id] = w.moment.Heard
	err := s.flows.ThawUnit(id, w.Parts, w.Inputs)
	if err == nil {
		err = s.readmit(id, legs)
	}
	if err == nil {
		return len(legs)
	}
	s.log.Error("a run cannot be recovered: its calls end", "unit", id, "why", err)
	s.flows.Unthaw(id)
	cause := call.CauseByName("normal")
	cause.By, cause.Text = "engine", "could not be recovered"
	for _, leg := range legs {
		s.push(call.Hangup{Leg: leg, Cause: cause})
	}
	return 0
}

func (s *shard) rebuildLeg(leg string, w recovered) error {
	if b := w.Parts[partPlace+leg]; b != nil {
		if err := s.fleet.Restore(leg, b); err != nil {
			return err
		}
	}
	if b := w.Parts[partShard+leg]; b != nil {
		c := &placed{}
		if err := s.stows.scheme.Thaw(b, c); err != nil {
			return err
		}
		s.calls[leg] = c
	}
	armed, err := s.ua.Absorb(w.Parts[partLeg+leg])
	for _, t := range armed {
		s.armed++
		s.timers.arm(t.Timer, t.At, s.armed)
	}
	return err
}

// readmit finds the version that a recovered unit runs.
func (s *shard) readmit(id string, legs []string) error {
	app, version := s.flows.VersionOf(id)
	if err := s.config.Scripts.Readmit(app, version, len(legs)); err != nil {
		return err
	}
	if strings.HasPrefix(id, "app:") {
		s.apps[app] = appUnit{unit: id, version: version, recovered: true}
		if !s.config.Scripts.Hold(app, version) {
			return fmt.Errorf("version %s of %s is gone", version, app)
		}
	}
	return nil
}

// claim has the workers do and keep what this brain wants, and drop the rest.
func (s *shard) claim(offers map[string][]offer) {
	for _, w := range s.fleet.Workers() {
		s.fleet.Repeat(w.Name, s.out)
		s.fleet.Sweep(w.Name, s.out)
	}
	for key, copies := range offers {
		for _, c := range copies {
			s.out.Stow(c.worker, &control.Stow{Key: key})
		}
	}
	for _, name := range s.fleet.Orphans() {
		s.workerDown(name, "it did not come back with the brain")
	}
}

// hadBefore says whether a recovered unit had an event before its brain died.
func (s *shard) hadBefore(worker string, ev *control.Event) bool {
	if len(s.past) == 0 {
		return false
	}
	unit := flow.UnitOfEvent(ev)
	if id := s.flows.UnitOf(unit); id != "" {
		unit = id
	}
	return ev.GetSeq() <= s.past[unit][s.fleet.Instance(worker)]
}

// rouse makes instances of recovered units, a few at a time.
func (s *shard) rouse() {
	actions, left := s.flows.Rouse(rouseBatch)
	for _, a := range actions {
		s.fromFlow(a)
	}
	if left {
		s.arm(rouseTimer{}, rouseEvery)
	}
}
