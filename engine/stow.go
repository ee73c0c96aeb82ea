package engine

import (
	"encoding/json"
	"hash/maphash"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/callwright/callwright/engine/parcel"
	"github.com/callwright/callwright/media/control"
)

// Keys of parcels, and the parts in them that are the shard's.
const (
	unitKey   = "unit "
	roomKey   = "room "
	partLeg   = "leg "   // of engine/call
	partPlace = "place " // of engine/fleet
	partShard = "shard "
	partNow   = "now"
)

const (
	settleTime = 500 * time.Millisecond // without a change, before a parcel is packed
	maxPieces  = 64                     // of a chain, before it is stowed whole again
	packQueue  = 256
)

// moment is a record's part "now".
type moment struct {
	At    int64             `json:"at"`    // Unix ms
	Heard map[string]uint64 `json:"heard"` // events of each worker's instance that were taken in
}

// stows is what the shard keeps with the workers, and what waits for their answers.
type stows struct {
	sealer *parcel.Sealer
	scheme *parcel.Scheme
	kept   map[string]*kept // by key
	soiled map[string]bool  // legs that this turn has touched

	fresh    changes // of this batch
	later    changes // that nobody waits for
	pressing bool    // fresh must be kept now
	due      bool    // and later too

	heard     map[string]uint64
	forgotten map[string]string // keys of this batch, and the worker that kept them
	gates     map[string]*gate
	hearing   []hearing
	settle    []settling
	seed      maphash.Seed
	pack      chan func()

	parts  parcel.Parts // of the record that is being made
	record parcel.Record
	text   []byte
}

// kept is one parcel as the workers have it.
type kept struct {
	version uint64
	at      string // worker that answers for it; "": none has it
	also    string // worker that has a copy too, which nothing waits for
	sums    map[string]uint64
	inputs  int
	cuts    uint32 // of the journal, when they were stowed
	legs    []string
	pieces  int
}

func newStows(sealer *parcel.Sealer) *stows {
	return &stows{
		sealer: sealer, scheme: parcel.NewScheme(), kept: map[string]*kept{}, soiled: map[string]bool{}, heard: map[string]uint64{},
		gates: map[string]*gate{}, forgotten: map[string]string{}, seed: maphash.MakeSeed(), pack: make(chan func(), packQueue), fresh: newChanges(), later: newChanges(),
	}
}

// recordUnit stows what changed of a unit: its flow, its legs with what they owe, its
// places. One that has nothing left is forgotten.
func (s *shard) recordUnit(id string, whole bool) {
	key := unitKey + id
	k := s.keptOf(key)
	legs := s.flows.Legs(id)
	at, also := s.holders(legs, k)
	if length, cuts, ok := s.flows.Inputs(id); ok {
		whole = whole || length < k.inputs || cuts != k.cuts
		k.cuts = cuts
	}
	whole = whole || k.pieces == 0 || k.pieces >= maxPieces || k.at != at || k.also != also
	if whole {
		k.inputs = 0
	}
	parts := &s.stows.parts
	parts.Reset()
	inputs, alive := s.flows.Freeze(parts, id, k.inputs)
	if !alive {
		if legs = k.legs; legs == nil {
			legs = []string{id}
		}
	}
	owed := false
	for _, leg := range legs {
		owed = s.freezeLeg(leg, parts) || owed
	}
	if !alive && !owed {
		s.forget(key, k)
		return
	}
	k.legs = legs
	if !alive {
		at, also = s.holders(legs, k)
	}
	s.stow(key, k, at, also, inputs, whole)
}

// freezeLeg adds a leg's parts; false: nobody is owed anything of it.
func (s *shard) freezeLeg(leg string, parts *parcel.Parts) (owed bool) {
	b, owed := s.ua.Extract(parts.Buffer(), leg)
	if owed {
		parts.Add(partLeg+leg, b)
	}
	if b, ok := s.fleet.Freeze(parts.Buffer(), leg); ok {
		parts.Add(partPlace+leg, b)
	}
	if c := s.calls[leg]; c != nil {
		parts.Add(partShard+leg, s.stows.scheme.Freeze(parts.Buffer(), c))
	}
	return owed
}

func (s *shard) recordRoom(name string, whole bool) {
	key := roomKey + name
	k := s.keptOf(key)
	parts := &s.stows.parts
	parts.Reset()
	if !s.flows.FreezeRoom(parts, name) {
		s.forget(key, k)
		return
	}
	at := s.fleet.Any()
	if s.freezeRoomPlace(name, parts) {
		at = s.fleet.Room(name).Mixer
	}
	also := ""
	if p := s.fleet.Place(s.flows.FirstSeat(name)); p != nil {
		also = s.another(p.SBC, at) // beside the unit that may be in it
	}
	s.stow(key, k, at, also, nil, whole)
}

func (s *shard) freezeRoomPlace(name string, parts *parcel.Parts) bool {
	b, ok := s.fleet.FreezeRoom(parts.Buffer(), name)
	if ok {
		parts.Add(partPlace, b)
	}
	return ok
}

func (s *shard) keptOf(key string) *kept {
	k := s.stows.kept[key]
	if k == nil {
		k = &kept{sums: map[string]uint64{}}
		s.stows.kept[key] = k
	}
	return k
}

// holders are the workers that keep a unit's parcel: the SBC of its first call, which
// answers for it, and its mixer. A unit without a call stays where it was, or is with any.
func (s *shard) holders(legs []string, k *kept) (at, also string) {
	for _, leg := range legs {
		p := s.fleet.Place(leg)
		switch {
		case p == nil:
		case s.fleet.Instance(p.SBC) != "":
			return p.SBC, s.another(p.Mixer, p.SBC)
		case s.fleet.Instance(p.Mixer) != "":
			return p.Mixer, ""
		}
	}
	if s.fleet.Instance(k.at) != "" {
		return k.at, s.another(k.also, k.at)
	}
	return s.fleet.Any(), ""
}

// another is a worker if it is up, and not the first.
func (s *shard) another(worker, first string) string {
	if worker == first || s.fleet.Instance(worker) == "" {
		return ""
	}
	return worker
}

// stow ships a record of the parts that were collected: what differs from what the worker
// has, or all of it; inputs are those behind the ones that the worker has.
func (s *shard) stow(key string, k *kept, at, also string, inputs [][]byte, whole bool) {
	if at == "" {
		return // nobody is there to keep it
	}
	if k.at != at {
		s.dropCopy(k.at, key, k)
		k.at, whole, k.inputs = at, true, 0
	}
	if k.also != also {
		s.dropCopy(k.also, key, k)
		k.also, whole, k.inputs = also, true, 0
	}
	if whole = whole || k.pieces == 0 || k.pieces >= maxPieces; whole {
		clear(k.sums)
		k.pieces = 0
	}
	r := &s.stows.record
	r.Parts, r.Inputs = s.differences(k, r.Parts[:0]), inputs
	k.inputs += len(inputs)
	if len(r.Parts)+len(r.Inputs) == 0 {
		return
	}
	k.version++
	k.pieces++
	s.stows.text = s.momentous(r).Text(s.stows.text[:0])
	s.keep(key, k, s.stows.sealer.Seal(s.stows.text, s.placeOf(key, k.version, whole)), !whole)
	s.gate(at).wanted = true
	s.settleLater(key, k)
}

// keep gives both workers a piece: the other one is there when the first dies together
// with the brain.
func (s *shard) keep(key string, k *kept, sealed []byte, behind bool) {
	for _, worker := range [2]string{k.at, k.also} {
		if worker != "" {
			s.out.Stow(worker, &control.Stow{Key: key, Version: k.version, Sealed: sealed, Append: behind})
		}
	}
}

func (s *shard) placeOf(key string, version uint64, whole bool) parcel.Place {
	return parcel.Place{Key: key, Epoch: s.config.Epoch, Version: version, Whole: whole}
}

// differences appends the parts that are not as the worker has them.
func (s *shard) differences(k *kept, list []parcel.Part) []parcel.Part {
	parts := s.stows.parts.List()
	for _, p := range parts {
		sum := maphash.Bytes(s.stows.seed, p.Text)
		if old, ok := k.sums[p.Name]; !ok || old != sum {
			k.sums[p.Name] = sum
			list = append(list, p)
		}
	}
	if len(k.sums) == len(parts) {
		return list
	}
	for name := range k.sums {
		if !slices.ContainsFunc(parts, func(p parcel.Part) bool { return p.Name == name }) {
			delete(k.sums, name)
			list = append(list, parcel.Part{Name: name, Text: []byte("null")})
		}
	}
	return list
}

// momentous adds to a record when it is.
func (s *shard) momentous(r *parcel.Record) *parcel.Record {
	b, err := json.Marshal(moment{s.now.UnixMilli(), s.stows.heard})
	if err != nil {
		panic("engine: a moment is plain data: " + err.Error())
	}
	r.Parts = append(r.Parts, parcel.Part{Name: partNow, Text: b})
	return r
}

// forget has the workers drop a parcel.
func (s *shard) forget(key string, k *kept) {
	if k.at != "" && s.fleet.Instance(k.at) != "" {
		s.gate(k.at).wanted = true // what ended it is seen outside behind that
		s.stows.forgotten[key] = k.at
	}
	s.dropCopy(k.at, key, k)
	s.dropCopy(k.also, key, k)
	delete(s.stows.kept, key)
}

func (s *shard) dropCopy(worker, key string, k *kept) {
	if worker != "" && s.fleet.Instance(worker) != "" {
		s.out.Stow(worker, &control.Stow{Key: key, Version: k.version})
	}
}

// stowAnew ships everything that a worker is to keep once more: some of it may have been
// lost with its connection.
func (s *shard) stowAnew(worker string) {
	for _, key := range slices.Sorted(maps.Keys(s.stows.kept)) {
		if k := s.stows.kept[key]; k.at == worker || k.also == worker {
			s.restow(key)
		}
	}
}

// leaveWorker finds other keepers for what a dead worker kept.
func (s *shard) leaveWorker(worker string) {
	for _, key := range slices.Sorted(maps.Keys(s.stows.kept)) {
		k := s.stows.kept[key]
		switch worker {
		case k.also:
			k.also = ""
		case k.at:
			k.at = ""
			s.restow(key)
		}
	}
}

func (s *shard) restow(key string) {
	if name, is := strings.CutPrefix(key, roomKey); is {
		s.recordRoom(name, true)
		return
	}
	s.recordUnit(strings.TrimPrefix(key, unitKey), true)
}
