package flow

import (
	"encoding/json"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/sandbox"
)

// Limits of who hears whom.
const (
	maxRuled   = 300 // members of a room in which functions say who hears whom
	maxEach    = 400 // questions put to a function at once
	maxPairs   = 100_000
	mostOfPair = 4
)

// pairID names a listener and a speaker by their calls.
type pairID struct{ listener, speaker string }

// matrixOf is the function of room.matrix().
type matrixOf struct {
	unit string
	fn   uint32
	op   uint32 // waits for the first answer; 0: it has come
}

// askedOf is a question about pairs that is under way: what their gains are, by the
// matrix, by hears of a listener, or by heardBy of a speaker.
type askedOf struct {
	room, kind string
	pairs      []pairID
}

// matrix is room.matrix(fn): how loud each hears each other.
type matrix struct {
	Fn json.RawMessage `json:"fn"`
}

func (v *matrix) begin(o *operation) {
	r := o.room()
	if r == nil {
		return
	}
	fn, ok := function(v.Fn)
	r.matrix = nil
	r.forget("matrix")
	if !ok {
		o.f.reviewed(r)
		o.complete(matrixResult{})
		return
	}
	if len(r.seats) > maxRuled {
		o.fail(busyError(fmt.Sprintf("%s: %d members; a function can say who hears whom among %d", o.name(), len(r.seats), maxRuled)))
		return
	}
	r.matrix = &matrixOf{unit: o.u.id, fn: fn, op: o.n}
	var all []pairID
	for _, l := range r.seats {
		for _, s := range r.seats {
			if l != s {
				all = append(all, pairID{l.ID, s.ID})
			}
		}
	}
	if len(all) == 0 {
		r.matrix.op = 0
		o.complete(matrixResult{})
		return
	}
	o.f.askPairs(r, o.u, fn, "matrix", all)
}

type matrixResult struct {
	Pairs int `json:"pairs"` // that differ
}

// step is told when the gains of all who are in are known.
func (v *matrix) step(o *operation, e event) {
	switch e := e.(type) {
	case matrixed:
		if e.err != nil {
			o.fail(e.err)
			return
		}
		o.complete(matrixResult{e.pairs})
	}
}

// matrixed tells the verb that its function has answered.
type matrixed struct {
	pairs int
	err   *sandbox.HostError
}

// over: the room has ended, and nobody is in it.
func (v *matrix) over(o *operation, r *room) {
	if r.matrix != nil && r.matrix.op == o.n {
		o.complete(matrixResult{})
	}
}

// askRules puts the questions that a new member raises.
func (f *Flows) askRules(s *seat) {
	r := s.room
	if len(r.seats) > maxRuled {
		return
	}
	var both, hears, heard []pairID
	for _, o := range r.seats {
		if o == s {
			continue
		}
		both = append(both, pairID{s.ID, o.ID}, pairID{o.ID, s.ID})
		hears, heard = append(hears, pairID{s.ID, o.ID}), append(heard, pairID{o.ID, s.ID})
		if o.rules.HearsFn != 0 {
			f.askPairs(r, o.c.u, o.rules.HearsFn, "hears", []pairID{{o.ID, s.ID}})
		}
		if o.rules.HeardFn != 0 {
			f.askPairs(r, o.c.u, o.rules.HeardFn, "heardBy", []pairID{{s.ID, o.ID}})
		}
	}
	if s.rules.HearsFn != 0 {
		f.askPairs(r, s.c.u, s.rules.HearsFn, "hears", hears)
	}
	if s.rules.HeardFn != 0 {
		f.askPairs(r, s.c.u, s.rules.HeardFn, "heardBy", heard)
	}
	if m := r.matrix; m != nil {
		f.askPairs(r, f.units[m.unit], m.fn, "matrix", both)
	}
}

// askPairs asks a function of a unit; one that is gone leaves things as they are.
func (f *Flows) askPairs(r *room, u *unit, fn uint32, kind string, pairs []pairID) {
	for len(pairs) > 0 && u != nil && !u.closed {
		n := min(len(pairs), maxEach)
		u.asks++
		if u.askedOf == nil {
			u.askedOf = map[uint32]askedOf{}
		}
		u.askedOf[u.asks] = askedOf{r.name, kind, pairs[:n]}
		f.deliver(u, sandbox.Input{Kind: sandbox.Called, Event: sandbox.AskEach, Callback: fn, Ask: u.asks,
			Value: encode(f.question(r, kind, pairs[:n]))})
		pairs = pairs[n:]
	}
}

// question is the members asked about, and for each call of the function which.
func (f *Flows) question(r *room, kind string, pairs []pairID) any {
	q := struct {
		Of   []seatFields `json:"of"`
		Rows [][]int      `json:"rows"`
	}{}
	at := map[string]int{}
	index := func(id string) int {
		n, ok := at[id]
		if !ok {
			n = len(q.Of)
			at[id] = n
			q.Of = append(q.Of, r.seatOf(id).view(f.now))
		}
		return n
	}
	for _, p := range pairs {
		switch kind {
		case "hears":
			q.Rows = append(q.Rows, []int{index(p.speaker)})
		case "heardBy":
			q.Rows = append(q.Rows, []int{index(p.listener)})
		default:
			q.Rows = append(q.Rows, []int{index(p.listener), index(p.speaker)})
		}
	}
	return q
}

func (r *room) seatOf(id string) *seat {
	for _, s := range r.seats {
		if s.ID == id {
			return s
		}
	}
	return nil
}

// answerPairs takes what a function gave; false: nobody had asked about pairs. What it
// threw changes nothing: who is in hears as before.
func (f *Flows) answerPairs(u *unit, a sandbox.Answer) bool {
	asked, ok := u.askedOf[a.Ask]
	if !ok {
		return false
	}
	delete(u.askedOf, a.Ask)
	r := f.rooms[asked.room]
	if r == nil {
		return true
	}
	var gains []json.RawMessage
	if a.Error == nil && json.Unmarshal(a.Value, &gains) == nil {
		for i, p := range asked.pairs {
			if i < len(gains) {
				f.pairSaid(u, r, asked.kind, p, gains[i])
			}
		}
		f.reviewed(r)
	} else if a.Error != nil {
		f.note(u, "error", fmt.Sprintf("conference %s: %s threw %s: %s; who hears whom stays as it was", r.name, asked.kind, a.Error.Name, a.Error.Message), u.await)
	}
	if m := r.matrix; m != nil && m.op != 0 && asked.kind == "matrix" && m.unit == u.id {
		n := m.op
		m.op = 0
		f.toOp(u.id, n, matrixed{len(r.sent.GetPairs()), a.Error})
	}
	return true
}

// pairSaid takes one answer: a number from 0 to 4, or yes or no.
func (f *Flows) pairSaid(u *unit, r *room, kind string, p pairID, raw json.RawMessage) {
	gain, yes := 1.0, true
	switch {
	case json.Unmarshal(raw, &yes) == nil && string(raw) != "null":
		if !yes {
			gain = 0
		}
	case json.Unmarshal(raw, &gain) != nil || string(raw) == "null" || gain < 0:
		f.note(u, "warn", fmt.Sprintf("conference %s: %s gave %.40s, which is no gain from 0 to %d; 1 it is", r.name, kind, raw, mostOfPair), u.await)
		gain = 1
	}
	if r.pairs == nil {
		r.pairs = map[pairID]float64{}
	}
	key := pairID{kind + ":" + p.listener, p.speaker}
	if gain = min(gain, mostOfPair); gain == 1 {
		delete(r.pairs, key)
	} else {
		r.pairs[key] = gain
	}
}

// forget drops what one kind of function has said.
func (r *room) forget(kind string) {
	for key := range r.pairs {
		if len(key.listener) > len(kind) && key.listener[:len(kind)+1] == kind+":" {
			delete(r.pairs, key)
		}
	}
}

// forgetPairs drops what was said of a member who has left.
func (f *Flows) forgetPairs(r *room, id string) {
	for key := range r.pairs {
		if key.speaker == id || slices.Contains([]string{"matrix:" + id, "hears:" + id, "heardBy:" + id}, key.listener) {
			delete(r.pairs, key)
		}
	}
}

// gain is how l hears s, by all that has a say in it.
func (r *room) gain(l, s *seat) float64 {
	if s.rules.Coach != "" && !slices.Contains(l.Tags, s.rules.Coach) ||
		l.rules.Hears != nil && !shares(l.rules.Hears, s.Tags) ||
		s.rules.HeardBy != nil && !shares(s.rules.HeardBy, l.Tags) {
		return 0
	}
	g := 1.0
	for _, kind := range []string{"matrix:", "hears:", "heardBy:"} {
		if x, ok := r.pairs[pairID{kind + l.ID, s.ID}]; ok {
			g *= x
		}
	}
	return min(g, mostOfPair)
}

func shares(a, b []string) bool {
	return slices.ContainsFunc(a, func(x string) bool { return slices.Contains(b, x) })
}

func (r *room) ruled() bool {
	return len(r.pairs) > 0 || slices.ContainsFunc(r.seats, func(s *seat) bool {
		return s.rules.Coach != "" || s.rules.Hears != nil || s.rules.HeardBy != nil
	})
}

// mixPairs lists what differs. Who is heard by few is set apart, so that the pairs are
// as few as can be.
func (f *Flows) mixPairs(r *room) (list []*control.Pair) {
	if !r.ruled() {
		for _, s := range r.seats {
			s.apart = false
		}
		return nil
	}
	for _, s := range r.seats {
		silent, loud := 0, 0
		for _, l := range r.seats {
			switch g := r.gain(l, s); {
			case l == s:
			case g == 0:
				silent++
			case g == 1:
				loud++
			}
		}
		s.apart = silent > loud
		base := 1.0
		if s.apart {
			base = 0
		}
		for _, l := range r.seats {
			if g := r.gain(l, s); l != s && g != base && len(list) < maxPairs {
				list = append(list, &control.Pair{Listener: l.ID, Speaker: s.ID, Gain: g})
			}
		}
	}
	return list
}

// reapart tells the mixer of members whose being apart has changed. The pairs went
// before: nobody hears for an instant what is not for it.
func (f *Flows) reapart(r *room) {
	for _, s := range r.seats {
		if s.apart != s.toldApart {
			f.seatAgain(s.c)
		}
	}
}

func sameRoom(a, b *control.Room) bool { return a != nil && proto.Equal(a, b) }
