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

	heard   map[string]uint64
	gates   map[string]*gate
	hearing []hearing
	settle  []settling
	seed    maphash.Seed
	pack    chan func()
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

// settling is a parcel that is packed if nothing changes until then.
type settling struct {
	key     string
	version uint64
	at      time.Time
}

// packed is a parcel's whole, ready to be stowed in the place of its chain.
type packed struct {
	key     string
	version uint64
	sealed  []byte
}

// settleTimer wakes the shard for parcels that have settled.
type settleTimer struct{}

func newStows(sealer *parcel.Sealer) *stows {
	return &stows{
		sealer: sealer, scheme: parcel.NewScheme(), kept: map[string]*kept{}, soiled: map[string]bool{}, heard: map[string]uint64{},
		gates: map[string]*gate{}, seed: maphash.MakeSeed(), pack: make(chan func(), packQueue), fresh: newChanges(), later: newChanges(),
	}
}

// recordUnit stows what changed of a unit: its flow, its legs with what they owe, its
// places. One that has nothing left is forgotten.
func (s *shard) recordUnit(id string, whole bool) {
	key := unitKey + id
	k := s.keptOf(key)
	legs := s.flows.Legs(id)
	at, also := s.holders(legs, k)
	length, cuts := s.flows.Inputs(id)
	whole = whole || k.pieces == 0 || k.pieces >= maxPieces || k.at != at || k.also != also || length < k.inputs || cuts != k.cuts
	if k.cuts = cuts; whole {
		k.inputs = 0
	}
	parts, inputs, alive := s.flows.Freeze(id, k.inputs)
	if !alive {
		parts = map[string][]byte{}
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
	s.stow(key, k, at, also, parts, inputs, whole)
}

// freezeLeg adds a leg's parts; false: nobody is owed anything of it.
func (s *shard) freezeLeg(leg string, parts map[string][]byte) bool {
	owed := false
	if b := s.ua.Extract(leg); b != nil {
		parts[partLeg+leg], owed = b, true
	}
	if b := s.fleet.Freeze(leg); b != nil {
		parts[partPlace+leg] = b
	}
	if c := s.calls[leg]; c != nil {
		parts[partShard+leg] = s.stows.scheme.Freeze(nil, c)
	}
	return owed
}

func (s *shard) recordRoom(name string, whole bool) {
	key := roomKey + name
	k := s.keptOf(key)
	parts, alive := s.flows.FreezeRoom(name)
	if !alive {
		s.forget(key, k)
		return
	}
	at := s.fleet.Any()
	if b := s.fleet.FreezeRoom(name); b != nil {
		parts[partPlace] = b
		at = s.fleet.Room(name).Mixer
	}
	also := ""
	if p := s.fleet.Place(s.flows.FirstSeat(name)); p != nil {
		also = s.another(p.SBC, at)
	}
	s.stow(key, k, at, also, parts, nil, whole)
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

// stow ships a record: what differs from what the worker has, or all of it; inputs are
// those behind the ones that the worker has.
func (s *shard) stow(key string, k *kept, at, also string, parts map[string][]byte, inputs [][]byte, whole bool) {
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
	r := parcel.Record{Parts: map[string][]byte{}, Inputs: inputs}
	if whole = whole || k.pieces == 0 || k.pieces >= maxPieces; whole {
		clear(k.sums)
		k.pieces = 0
	}
	s.differences(k, parts, &r)
	k.inputs += len(inputs)
	if len(r.Parts)+len(r.Inputs) == 0 {
		return
	}
	r.Parts[partNow] = s.moment()
	k.version++
	k.pieces++
	sealed := s.stows.sealer.Seal(r.Text(), s.placeOf(key, k.version, whole))
	s.keep(key, k, sealed, !whole)
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

// differences puts into r the parts that are not as the worker has them.
func (s *shard) differences(k *kept, parts map[string][]byte, r *parcel.Record) {
	for name, text := range parts {
		sum := maphash.Bytes(s.stows.seed, text)
		if old, ok := k.sums[name]; !ok || old != sum {
			k.sums[name], r.Parts[name] = sum, text
		}
	}
	for name := range k.sums {
		if parts[name] == nil {
			delete(k.sums, name)
			r.Parts[name] = []byte("null")
		}
	}
}

func (s *shard) moment() []byte {
	b, err := json.Marshal(moment{s.now.UnixMilli(), s.stows.heard})
	if err != nil {
		panic("engine: a moment is plain data: " + err.Error())
	}
	return b
}

// forget has the workers drop a parcel.
func (s *shard) forget(key string, k *kept) {
	s.dropCopy(k.at, key, k)
	s.dropCopy(k.also, key, k)
	delete(s.stows.kept, key)
}

func (s *shard) dropCopy(worker, key string, k *kept) {
	if worker != "" && s.fleet.Instance(worker) != "" {
		s.out.Stow(worker, &control.Stow{Key: key, Version: k.version})
	}
}

// settleLater has a parcel packed once nothing has changed of it for a while.
func (s *shard) settleLater(key string, k *kept) {
	st := s.stows
	if len(st.settle) == 0 {
		s.arm(settleTimer{}, settleTime)
	}
	st.settle = append(st.settle, settling{key, k.version, s.now.Add(settleTime)})
}

// settled packs what has settled, on another goroutine.
func (s *shard) settled() {
	st := s.stows
	n := 0
	for ; n < len(st.settle) && !st.settle[n].at.After(s.now); n++ {
		e := st.settle[n]
		if k := st.kept[e.key]; k != nil && k.version == e.version {
			s.packLater(e.key, k)
		}
	}
	st.settle = st.settle[n:]
	if len(st.settle) > 0 {
		s.timers.arm(settleTimer{}, st.settle[0].at, s.armed)
	}
	s.tellHeard()
}

// packLater makes a whole of a parcel. When the packer is behind it stays a chain.
func (s *shard) packLater(key string, k *kept) {
	if name, is := strings.CutPrefix(key, unitKey); is && s.stows.later.units[name] {
		return // it has changed, and settles again once that is kept
	}
	parts, inputs, ok := s.wholeOf(key, k)
	if !ok {
		return
	}
	r := parcel.Record{Parts: parts, Inputs: inputs}
	r.Parts[partNow] = s.moment()
	version, at := k.version, s.placeOf(key, k.version+1, true)
	sealer, inbox := s.stows.sealer, s.inbox
	select {
	case s.stows.pack <- func() { inbox.put(packed{key, version, sealer.Pack(r.Text(), at)}) }:
	default:
	}
}

func (s *shard) wholeOf(key string, k *kept) (parts map[string][]byte, inputs [][]byte, ok bool) {
	if name, is := strings.CutPrefix(key, roomKey); is {
		if parts, ok = s.flows.FreezeRoom(name); ok {
			if b := s.fleet.FreezeRoom(name); b != nil {
				parts[partPlace] = b
			}
		}
		return parts, nil, ok
	}
	parts, inputs, ok = s.flows.Freeze(strings.TrimPrefix(key, unitKey), 0)
	if ok {
		for _, leg := range k.legs {
			s.freezeLeg(leg, parts)
		}
	}
	return parts, inputs, ok
}

// packedUp stows a packed whole, unless the parcel has changed meanwhile.
func (s *shard) packedUp(p packed) {
	k := s.stows.kept[p.key]
	if k == nil || k.version != p.version || k.at == "" {
		return
	}
	k.version++
	k.pieces = 1
	s.keep(p.key, k, p.sealed, false)
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

// packAll is the packer's goroutine: it ends when the queue is closed.
func (st *stows) packAll() {
	for do := range st.pack {
		do()
	}
}
